import { driftError, LOGGER_DELAY, type StampedLine } from './stamp.js';

/** Whether a text is what `journalctl -o json` writes: an object a line. */
export function isJournalExport(text: string): boolean {
  const first = /^\s*(\{.*)/.exec(text)?.[1];
  return first !== undefined && /"__(REALTIME|MONOTONIC)_TIMESTAMP"/.test(first);
}

/** One object of a journal; null where it is none, or of another program than the kernel. */
export function readJournalLine(line: string): StampedLine | null {
  // Most lines are of other programs, and a journal may have millions.
  if (!line.includes('"kernel"')) return null;
  const entry = parsed(line);
  if (entry?._TRANSPORT !== 'kernel') return null;
  const message = textOf(entry.MESSAGE);
  return message === null ? null : { message, ...placed(entry), zoneKnown: true, form: 'epoch' };
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null; // the last line of a dump that was cut
  }
}

/** journald received the line when `__REALTIME_TIMESTAMP` says; the kernel wrote it earlier by what lies between the monotonic two. */
function placed(entry: Record<string, unknown>): Pick<StampedLine, 'time' | 'uncertaintyNs'> {
  const received = microseconds(entry.__REALTIME_TIMESTAMP);
  if (received === null) return { time: null, uncertaintyNs: 0 };
  const monotonic = microseconds(entry.__MONOTONIC_TIMESTAMP);
  const written = microseconds(entry._SOURCE_MONOTONIC_TIMESTAMP);
  if (monotonic !== null && written !== null && driftError(written) < LOGGER_DELAY) {
    return { time: received - (monotonic - written), uncertaintyNs: RESOLUTION + driftError(written) };
  }
  return { time: received, uncertaintyNs: LOGGER_DELAY };
}

/** The two clocks are not read at one instant. */
const RESOLUTION = 1_000_000;

/** @returns nanoseconds */
function microseconds(value: unknown): bigint | null {
  return typeof value === 'string' && /^\d{1,17}$/.test(value) ? BigInt(value) * 1000n : null;
}

/** What is no plain text is written as its octets. */
function textOf(message: unknown): string | null {
  if (typeof message === 'string') return message;
  return Array.isArray(message) ? new TextDecoder().decode(Uint8Array.from(message)) : null;
}

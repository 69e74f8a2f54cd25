/** One log of what several files of a node hold: rotated ones in their order, and what two of them hold only once. */
import type { KernelLog, MartianRecord } from '../../model/snapshot.js';
import { isZoneApart, type Nanoseconds } from '../../model/time.js';

/** As loggers name their files; the number or the date that rotation appends, and how it was compressed, behind it. */
const LOG_NAME =
  /^(?:var\/log\/)?(kernel\.log|kern\.log|messages|syslog|dmesg(?:\.txt|\.log)?|journal(?:\.txt|\.json|\.log)?)([.-]\d[\d-]*)?(?:\.(?:gz|xz|zst|bz2))?$/;

/** Whether a file of a bundle is a kernel log by its name. */
export function isKernelLogName(name: string): boolean {
  return LOG_NAME.test(name);
}

/** Files of one logger are told from another's, and stand in the order in which they were written. */
interface LogName {
  logger: string;
  /** The greater, the later. */
  order: number;
}

function nameOf(path: string): LogName {
  const [, logger = path, rotation] = LOG_NAME.exec(path) ?? [];
  if (rotation === undefined) return { logger, order: Number.POSITIVE_INFINITY };
  const number = Number(rotation.replace(/\D/g, ''));
  // logrotate numbers the newest 1; a date says itself what is later.
  return { logger, order: rotation.length > 6 ? number : -number };
}

/**
 * @param logs by the path of each within the bundle
 * @returns null where there is none
 */
export function joinKernelLogs(logs: ReadonlyMap<string, KernelLog>): KernelLog | null {
  const named = [...logs].map(([path, log]) => ({ ...nameOf(path), log }));
  const loggers = [...new Set(named.map(({ logger }) => logger))].map((logger) =>
    concatenated(
      named
        .filter((one) => one.logger === logger)
        .sort((a, b) => (a.order === b.order ? 0 : a.order < b.order ? -1 : 1))
        .map(({ log }) => log),
    ),
  );
  const [first, ...others] = loggers;
  return first ? others.reduce(united, first) : null;
}

function concatenated(logs: readonly KernelLog[]): KernelLog {
  const sum = (field: 'suppressed' | 'lines' | 'unplaced') =>
    logs.reduce((total, log) => total + log[field], 0);
  return {
    file: logs[0]!.file,
    files: logs.flatMap(({ files }) => files),
    martians: logs.flatMap(({ martians }) => martians),
    suppressed: sum('suppressed'),
    lines: sum('lines'),
    unplaced: sum('unplaced'),
  };
}

/** Two loggers' records of one kernel. */
function united(first: KernelLog, second: KernelLog): KernelLog {
  const files = [...first.files, ...second.files];
  const martians = unitedMartians(first.martians, second.martians);
  // Neither need go back as far as the other: the more that one of them tells is the least that it was.
  const suppressed = Math.max(first.suppressed, second.suppressed);
  const lines = first.lines + second.lines;
  return { file: first.file, files, martians, suppressed, lines, unplaced: first.unplaced + second.unplaced };
}

/**
 * Both lists are of the same events in the same order, each with gaps. Lines of the same words are paired from the
 * end on, which dumps of one moment have in common.
 */
function unitedMartians(first: readonly MartianRecord[], second: readonly MartianRecord[]): MartianRecord[] {
  const rest = new Map<string, MartianRecord[]>();
  for (const line of first) {
    const same = rest.get(wordsOf(line));
    if (same) same.push(line);
    else rest.set(wordsOf(line), [line]);
  }
  const replaced = new Map<MartianRecord, MartianRecord>();
  const added: MartianRecord[] = [];
  for (const line of second.toReversed()) {
    const waiting = rest.get(wordsOf(line)) ?? [];
    while (waiting.length > 0 && isAfter(waiting.at(-1)!, line)) waiting.pop();
    const tail = waiting.slice(-MOST_LOOKED_AT);
    const at = tail.findLastIndex((other) => mayBeOne(other, line));
    if (at < 0) {
      added.push(line);
    } else {
      replaced.set(tail[at]!, better(tail[at]!, line));
      // What stood behind the pair cannot be of a line that comes before it.
      waiting.splice(waiting.length - tail.length + at);
    }
  }
  return [...first.map((line) => replaced.get(line) ?? line), ...added.reverse()];
}

/** What the kernel wrote, as far as every logger keeps it. */
function wordsOf({ kind, source, destination, interface: name }: MartianRecord): string {
  return `${kind} ${source} ${destination} ${name}`;
}

/** Between lines of one event, beside what their stamps may be off for themselves. */
const SLACK = 100_000_000n;

/** Lines of the same words that one is compared with: the rate limit lets few be written in the time that stamps leave open. */
const MOST_LOOKED_AT = 1000;

function mayBeOne(a: MartianRecord, b: MartianRecord): boolean {
  if (a.linkSource !== null && b.linkSource !== null && a.linkSource !== b.linkSource) return false;
  if (a.time === null || b.time === null) return true;
  const apart = a.time - b.time;
  const window = windowOf(a, b);
  if (a.zoneKnown === b.zoneKnown) return apart <= window && -apart <= window;
  return isZoneApart(a.zoneKnown ? -apart : apart, window);
}

/** Whether two lines cannot be of one event, because the first came later. */
function isAfter(a: MartianRecord, b: MartianRecord): boolean {
  if (a.time === null || b.time === null || a.zoneKnown !== b.zoneKnown) return false;
  return a.time - b.time > windowOf(a, b);
}

function windowOf(a: MartianRecord, b: MartianRecord): Nanoseconds {
  return SLACK + BigInt(Math.ceil(a.timeUncertaintyNs + b.timeUncertaintyNs));
}

/** The line whose time is the surer; the other's link header where it has none. */
function better(a: MartianRecord, b: MartianRecord): MartianRecord {
  const rank = (line: MartianRecord) =>
    line.time === null ? Number.POSITIVE_INFINITY : line.timeUncertaintyNs + (line.zoneKnown ? 0 : 1e15);
  const [kept, other] = rank(b) < rank(a) ? [b, a] : [a, b];
  if (kept.etherType !== null) return kept;
  const { linkDestination, linkSource, etherType } = other;
  return { ...kept, linkDestination, linkSource, etherType };
}

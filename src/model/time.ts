/**
 * A point in time: nanoseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
 *
 * A bigint, because a double holds nanoseconds since 1970 only to some 256 ns. The packet path carries
 * `seconds` and `nanoseconds` as two numbers instead and makes one of these only for what is kept.
 */
export type Nanoseconds = bigint;

export const NANOSECONDS_PER_SECOND = 1_000_000_000n;
export const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** Joins whole seconds (may be negative) and the nanoseconds within that second (0 to 999 999 999). */
export function toNanoseconds(seconds: number, nanoseconds: number): Nanoseconds {
  return BigInt(seconds) * NANOSECONDS_PER_SECOND + BigInt(nanoseconds);
}

/** Nanoseconds of a decimal number of seconds with up to nine digits after its point. */
export function decimalNs(seconds: string, fraction: string): Nanoseconds {
  return BigInt(seconds) * NANOSECONDS_PER_SECOND + BigInt(fraction.padEnd(9, '0'));
}

/** Zones lie whole quarters of an hour from UTC, from 12 h behind to 14 h ahead. */
const QUARTER: Nanoseconds = 900n * NANOSECONDS_PER_SECOND;
const BEHIND = 48n * QUARTER;
const AHEAD = 56n * QUARTER;

/**
 * Whether a time in an unknown zone, taken as UTC, may be of the same moment as another.
 *
 * @param ahead how far it is ahead of the other
 * @param window how far the two may be apart for other reasons
 */
export function isZoneApart(ahead: Nanoseconds, window: Nanoseconds): boolean {
  if (ahead < -BEHIND - window || ahead > AHEAD + window) return false;
  const rest = ((ahead % QUARTER) + QUARTER) % QUARTER;
  return rest <= window || QUARTER - rest <= window;
}

/** The second that was formatted last: times come in order as a rule, and many share one. */
let second = { begin: 0n, end: NANOSECONDS_PER_SECOND, text: '1970-01-01T00:00:00.' };

/** An attempt's time is that of its first packet. */
let last = { time: 0n, text: '1970-01-01T00:00:00.000000000Z' };

/** RFC 3339 in UTC with nine fractional digits, as `2026-01-31T23:59:59.123456789Z`. */
export function formatTime(time: Nanoseconds): string {
  if (time === last.time) return last.text;
  if (time < second.begin || time >= second.end) second = secondOf(time);
  const fraction = `${String(Number(time - second.begin)).padStart(9, '0')}Z`;
  last = { time, text: second.text + fraction };
  return last.text;
}

function secondOf(time: Nanoseconds): typeof second {
  let seconds = time / NANOSECONDS_PER_SECOND;
  if (time % NANOSECONDS_PER_SECOND < 0n) seconds -= 1n;
  const begin = seconds * NANOSECONDS_PER_SECOND;
  const date = new Date(Number(seconds) * 1000);
  // Beyond the year 275760 a Date has no text; a capture that says so is damaged, yet must not end the run.
  const text = Number.isNaN(date.getTime()) ? `@${seconds}` : isoText(date);
  return { begin, end: begin + NANOSECONDS_PER_SECOND, text: `${text}.` };
}

/** `Date.toISOString`, up to the second, but for the local time zone, which it looks for first: that takes milliseconds. */
function isoText(date: Date): string {
  const year = date.getUTCFullYear();
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  const day = [date.getUTCMonth() + 1, date.getUTCDate()].map(ofTwoDigits).join('-');
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(ofTwoDigits).join(':');
  return `${sign}${String(Math.abs(year)).padStart(sign === '' ? 4 : 6, '0')}-${day}T${time}`;
}

function ofTwoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** RFC 3339 ends with the year 9999; a damaged time stamp beyond it is as good as none. */
const LAST_TIME = 253_402_300_800_000_000_000n;

/** A time as `formatTime` writes it; null where there is none that RFC 3339 has a text for. */
export function timeText(time: Nanoseconds | null): string | null {
  return time === null || time < 0n || time >= LAST_TIME ? null : formatTime(time);
}

const RFC3339 =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s?(Z|[+-]\d{2}(?::?\d{2})?)?$/;

/**
 * Reads an ISO 8601 / RFC 3339 time with up to nine fractional digits, `.` or `,` before them (util-linux
 * prints a comma), and `Z`, `+00:00`, `+0000` or no zone at all, which is taken as UTC.
 *
 * @returns null where the text is no such time.
 */
export function parseTime(text: string): Nanoseconds | null {
  const match = RFC3339.exec(text);
  if (!match) return null;
  const [, year, month, day, hour, minute, second, fraction = '', zone = 'Z'] = match;
  const millis = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  if (Number.isNaN(millis)) return null;
  const seconds = BigInt(millis / 1000) - BigInt(zoneOffsetSeconds(zone));
  return seconds * NANOSECONDS_PER_SECOND + BigInt(fraction.padEnd(9, '0'));
}

function zoneOffsetSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  return sign * (Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2, 4)) * 60);
}

import { decimalNs, type Nanoseconds, parseTime } from '../../model/time.js';

/** When a dump was made, as one of its lines says. */
export interface DateLine {
  time: Nanoseconds;
  /** The host's offset from UTC; null where it is not told. */
  zoneSeconds: number | null;
  /** False where `zone` has several meanings: then `time` takes it for UTC. */
  zoneIsSure: boolean;
  zone: string;
  resolutionNs: number;
  /** Indexes of the lines that it was read from. */
  lines: number[];
  /** Whether it is a listing with lines that tell of other things. */
  isListing: boolean;
}

const SECOND = 1_000_000_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const EPOCH = /^(\d{1,12})(?:[.,](\d{1,9}))?$/;
const ISO = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d(?::?\d\d)?)$/;
/** `date -R`: `Sat, 21 Nov 2026 20:47:40 +0000`. */
const MAIL = /^[A-Z][a-z]{2}, (\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d) (\S+)$/;
/** `Sat Nov 21 20:47:40 UTC 2026`, and in some locales `Sat Nov 21 08:47:40 PM UTC 2026`. */
const PLAIN = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d\d?) (\d\d:\d\d:\d\d)(?: ([AP]M))? (\S+) (\d{4})$/;
/** `Sat 21 Nov 2026 08:47:40 PM UTC`, of other locales. */
const DAY_FIRST = /^[A-Z][a-z]{2} (\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d:\d\d:\d\d)(?: ([AP]M))? (\S+)$/;
/** timedatectl's lines. */
const UNIVERSAL = /^Universal time: \S+ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC$/;
const TIME_ZONE = /^Time ?zone: .*\([^()]*, ([+-]\d{4})\)$/;

/** Hours from UTC of the names of zones that mean one thing only, as `date` prints them. CST, IST and EST do not. */
const ZONES: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  Z: 0,
  WET: 0,
  WEST: 1,
  BST: 1,
  CET: 1,
  CEST: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  JST: 9,
  KST: 9,
  EDT: -4,
  CDT: -5,
  MDT: -6,
  PDT: -7,
};

/** The date that some of the lines tell, in any of the forms that `date` and `timedatectl` print; null for none. */
export function readDate(lines: readonly string[]): DateLine | null {
  const universal = lines.findIndex((line) => UNIVERSAL.test(line));
  if (universal >= 0) return readTimedatectl(lines, universal);
  for (const [i, line] of lines.entries()) {
    const date = readLine(line);
    if (date) return { ...date, lines: [i], isListing: false };
  }
  return null;
}

/** The offset from UTC that a zone's name or number says, in seconds; null where it says none that is sure. */
export function zoneOffset(zone: string): number | null {
  const number = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(zone);
  if (number) {
    const size = Number(number[2]) * 3600 + Number(number[3] ?? '0') * 60;
    return number[1] === '-' ? -size : size;
  }
  const hours = ZONES[zone];
  return hours === undefined ? null : hours * 3600;
}

/** A civil time as if it were of UTC; null where it is none. */
export function civilTime(year: string, month: string, day: string, clockTime: string): Nanoseconds | null {
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  return parseTime(`${year}-${number}-${day.padStart(2, '0')}T${clockTime}`);
}

type Reading = Omit<DateLine, 'lines' | 'isListing'>;

function readLine(line: string): Reading | null {
  const epoch = EPOCH.exec(line);
  if (epoch) {
    const time = decimalNs(epoch[1]!, epoch[2] ?? '');
    return { time, zoneSeconds: null, zoneIsSure: true, zone: '', resolutionNs: epoch[2] ? 0 : SECOND };
  }
  const iso = ISO.exec(line);
  if (iso) {
    const time = parseTime(line);
    const zone = iso[2]!;
    if (time === null) return null;
    // `date --utc` tells nothing of the zone that the host's logs are in, nor does UTC by any other name.
    return { time, zoneSeconds: told(zone), zoneIsSure: true, zone, resolutionNs: iso[1] ? 0 : SECOND };
  }
  const mail = MAIL.exec(line);
  if (mail) return civilReading(mail[3]!, mail[2]!, mail[1]!, mail[4]!, undefined, mail[5]!);
  const plain = PLAIN.exec(line);
  if (plain) return civilReading(plain[6]!, plain[1]!, plain[2]!, plain[3]!, plain[4], plain[5]!);
  const first = DAY_FIRST.exec(line);
  return first && civilReading(first[3]!, first[2]!, first[1]!, first[4]!, first[5], first[6]!);
}

function civilReading(
  year: string,
  month: string,
  day: string,
  clockTime: string,
  half: string | undefined,
  zone: string,
): Reading | null {
  const civil = civilTime(year, month, day, half ? twentyFour(clockTime, half) : clockTime);
  if (civil === null) return null;
  const offset = zoneOffset(zone);
  const time = civil - BigInt(offset ?? 0) * BigInt(SECOND);
  return { time, zoneSeconds: told(zone), zoneIsSure: offset !== null, zone, resolutionNs: SECOND };
}

function twentyFour(clockTime: string, half: string): string {
  const hour = (Number(clockTime.slice(0, 2)) % 12) + (half === 'PM' ? 12 : 0);
  return String(hour).padStart(2, '0') + clockTime.slice(2);
}

/** Dumps print `date --utc` beside logs in local time: an offset of nothing does not tell the host's zone. */
function told(zone: string): number | null {
  return zoneOffset(zone) || null;
}

function readTimedatectl(lines: readonly string[], universal: number): DateLine | null {
  const time = parseTime(UNIVERSAL.exec(lines[universal]!)![1]!);
  if (time === null) return null;
  const zone = lines.map((line) => TIME_ZONE.exec(line)?.[1]).find((found) => found !== undefined) ?? null;
  return {
    time,
    zoneSeconds: zone === null ? null : zoneOffset(zone),
    zoneIsSure: true,
    zone: zone ?? '',
    resolutionNs: SECOND,
    lines: [universal],
    isListing: true,
  };
}

import type { Clock } from '../../model/snapshot.js';
import { NANOSECONDS_PER_SECOND, type Nanoseconds, parseTime } from '../../model/time.js';
import { decimalNs, fromBoot } from './clock.js';

/** A log line without its prefix, and when it was written. */
export interface StampedLine {
  message: string;
  /** Null where the stamp cannot be placed on the wall clock. */
  time: Nanoseconds | null;
  uncertaintyNs: number;
  form: 'boot' | 'iso' | 'ctime' | 'syslog' | 'none';
}

const MILLISECOND = 1_000_000;
const SECOND = 1000 * MILLISECOND;
/** /proc/uptime has centiseconds, and the two lines of clock.txt are not read at one instant. */
const UPTIME_ERROR = 10 * MILLISECOND;
/** printk's clock is not disciplined: 19 ppm from the wall clock were measured. */
const BOOT_CLOCK_PPM = 25;
/** syslogd and journald stamp a line when they read it, which takes longer under a burst. */
const LOGGER_DELAY = 250 * MILLISECOND;

const PRIORITY = /^(?:<\d+>|[a-z]+ *:[a-z]+ *: )/;
const BOOT = /^\[ *(\d+)\.(\d{1,9})\](?:\s*\[ *[TC]\d+\])? ?/;
const CTIME = /^\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) (\d{4})\](?:\s*\[ *[TC]\d+\])? ?/;
const ISO = /^(\d{4}-\d\d-\d\d[T ][\d:]{8}(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) /;
const SYSLOG = /^([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d)(?:\.\d+)? /;
/** What syslogd and journald put between stamp and message. */
const LOGGER = /^\S+ kernel: ?/;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads the prefix of one kernel log line, in any of the forms that dmesg, journalctl and syslogd write. */
export function readStamp(line: string, clock: Clock | null): StampedLine {
  const text = line.replace(PRIORITY, '');
  const boot = BOOT.exec(text);
  if (boot) return { ...placeBoot(boot, clock), message: text.slice(boot[0].length), form: 'boot' };
  const ctime = CTIME.exec(text);
  if (ctime) return readCtime(ctime, text, clock);
  const iso = ISO.exec(text);
  if (iso) return readIso(iso, text, clock);
  const syslog = SYSLOG.exec(text);
  if (syslog) return readSyslog(syslog, text, clock);
  return { message: text, time: null, uncertaintyNs: 0, form: 'none' };
}

interface Placed {
  time: Nanoseconds | null;
  uncertaintyNs: number;
}

function placeBoot(boot: RegExpExecArray, clock: Clock | null): Placed {
  const stamp = decimalNs(boot[1]!, boot[2]!);
  return { time: fromBoot(stamp, clock), uncertaintyNs: clock ? bootError(stamp) : 0 };
}

/** The clocks drift apart from boot on, so that the error grows with the stamp. */
function bootError(stampNs: bigint): number {
  return UPTIME_ERROR + Math.round((Number(stampNs) * BOOT_CLOCK_PPM) / 1e6);
}

/** `dmesg -T` and `--time-format=iso` reckon from boot as well, by the clock at the time of the call. */
function reckonedError(time: Nanoseconds, clock: Clock | null): number {
  if (!clock) return SECOND;
  const sinceBoot = time - (clock.wall - clock.uptimeNs);
  return bootError(sinceBoot > 0n ? sinceBoot : 0n);
}

function readCtime(match: RegExpExecArray, text: string, clock: Clock | null): StampedLine {
  const [prefix, month, day, clockTime, year] = match;
  const time = civil(Number(year), month!, day!, clockTime!);
  return {
    message: text.slice(prefix.length),
    time,
    uncertaintyNs: time === null ? 0 : SECOND + reckonedError(time, clock),
    form: 'ctime',
  };
}

function readIso(match: RegExpExecArray, text: string, clock: Clock | null): StampedLine {
  const time = parseTime(match[1]!);
  const rest = text.slice(match[0].length);
  const logger = LOGGER.exec(rest);
  if (!logger) {
    const message = rest.replace(/^\[ *[TC]\d+\] ?/, '');
    const uncertaintyNs = time === null ? 0 : reckonedError(time, clock);
    return { message, time, uncertaintyNs, form: 'iso' };
  }
  const message = rest.slice(logger[0].length);
  const resolution = /[.,]\d/.test(match[1]!) ? 0 : SECOND;
  const logged = { time, uncertaintyNs: LOGGER_DELAY + resolution };
  return { ...preferBoot(message, logged, clock, 5n), form: 'iso' };
}

function readSyslog(match: RegExpExecArray, text: string, clock: Clock | null): StampedLine {
  const [prefix, month, day, clockTime] = match;
  const message = text.slice(prefix.length).replace(LOGGER, '');
  const time = clock && nearestYear(clock.wall, month!, day!, clockTime!);
  const logged = { time, uncertaintyNs: time === null ? 0 : SECOND + LOGGER_DELAY };
  // The stamp is in the host's zone, which nothing tells: up to 14 h lie between it and UTC.
  return { ...preferBoot(message, logged, clock, 14n * 3600n + 5n), form: 'syslog' };
}

/**
 * Places a line by the `[ 1234.567890]` in its message where that is nearer. A log file goes back over several
 * boots: a stamp further than `slackSeconds` from what the logger wrote is of another one than clock.txt's.
 */
function preferBoot(
  message: string,
  logged: Placed,
  clock: Clock | null,
  slackSeconds: bigint,
): Placed & { message: string } {
  const boot = BOOT.exec(message);
  if (!boot) return { message, ...logged };
  const bare = message.slice(boot[0].length);
  const placed = placeBoot(boot, clock);
  if (placed.time === null || logged.time === null) return { message: bare, ...logged };
  const apart = placed.time > logged.time ? placed.time - logged.time : logged.time - placed.time;
  const slack = slackSeconds * NANOSECONDS_PER_SECOND + BigInt(placed.uncertaintyNs);
  const nearer = slackSeconds > 3600n || placed.uncertaintyNs < logged.uncertaintyNs;
  return { message: bare, ...(apart <= slack && nearer ? placed : logged) };
}

/** A date without its year is of the last twelve months before the snapshot; a day's slack is for the zone. */
function nearestYear(now: Nanoseconds, month: string, day: string, clockTime: string): Nanoseconds | null {
  const year = new Date(Number(now / 1_000_000n)).getUTCFullYear();
  const latest = now + 86_400n * NANOSECONDS_PER_SECOND;
  for (const candidate of [year + 1, year]) {
    const time = civil(candidate, month, day, clockTime);
    if (time !== null && time <= latest) return time;
  }
  return civil(year - 1, month, day, clockTime);
}

function civil(year: number, month: string, day: string, clockTime: string): Nanoseconds | null {
  const number = String(MONTHS.indexOf(month) + 1).padStart(2, '0');
  return parseTime(`${year}-${number}-${day.padStart(2, '0')}T${clockTime}`);
}

import type { Clock } from '../../model/snapshot.js';
import { decimalNs, NANOSECONDS_PER_SECOND, type Nanoseconds, parseTime } from '../../model/time.js';
import { bootErrorOf, bootTime, fromBoot } from './clock.js';
import { civilTime, zoneOffset } from './date.js';

/** A line of the kernel's without its prefix, and when it was written. */
export interface StampedLine {
  message: string;
  /** Null where the stamp cannot be placed on the wall clock. */
  time: Nanoseconds | null;
  uncertaintyNs: number;
  /** False where `time` takes a stamp in the host's zone for UTC. */
  zoneKnown: boolean;
  form: 'boot' | 'iso' | 'ctime' | 'syslog' | 'epoch' | 'none';
}

/** What stamps are placed on the wall clock by. */
export interface StampContext {
  clock: Clock | null;
  /** When the dump was made or its captures ended, at the latest: a year is told by it. Null where nothing tells. */
  latest: Nanoseconds | null;
}

const MILLISECOND = 1_000_000;
const SECOND = 1000 * MILLISECOND;
/** printk's clock is not disciplined: 19 ppm from the wall clock were measured. */
const BOOT_CLOCK_PPM = 25;
/** syslogd and journald stamp a line when they read it, which takes longer under a burst. */
export const LOGGER_DELAY = 250 * MILLISECOND;

const PRIORITY = /^(?:<\d+>(?!\d )|[a-z]+ *:[a-z]+ *: )/;
const BOOT = /^\[ *(\d+)\.(\d{1,9})\](?:\s*\[ *[TC]\d+\])? ?/;
const CTIME = /^\[[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) (\d{4})\](?:\s*\[ *[TC]\d+\])? ?/;
/** logread of OpenWrt's logd. */
const LOGREAD = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d) (\d{4}) /;
const ISO = /^(\d{4}-\d\d-\d\d[T ][\d:]{8}([.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?) /;
/** journalctl -o short-full. */
const FULL = /^[A-Z][a-z]{2} (\d{4}-\d\d-\d\d) ([\d:]{8})(\.\d{1,9})? (\S+) /;
/** journalctl -o short-unix. */
const EPOCH = /^(\d{9,12})\.(\d{1,9}) /;
const SYSLOG = /^([A-Z][a-z]{2}) +(\d+) (\d\d:\d\d:\d\d)(\.\d{1,9})? /;
/** RFC 5424: priority, version, time, host, program, process, message id, structured data. */
const RFC5424 = /^<\d+>1 (\S+) (\S+) (\S+) \S+ \S+ (?:-|(?:\[[^\]]*\])+) ?\ufeff?/;
/** What syslogd and journald put between stamp and message of the kernel's lines: busybox adds facility and level. */
const LOGGER = /^(?:\S+ )?(?:[a-z]+\.[a-z]+ )?kernel: ?/;

/** Host and program, as loggers write them; but for the second line of a martian's record. */
const OTHER_PROGRAM = /^(?!ll header: )\S+ [\w./@-]+(?:\[\d+\])?: /;

/**
 * Reads the prefix of one log line, in any of the forms that dmesg, journalctl and syslogd write.
 *
 * @returns null where the line says that a program wrote it which is not the kernel
 */
export function readStamp(line: string, { clock, latest }: StampContext): StampedLine | null {
  const rfc5424 = RFC5424.exec(line);
  if (rfc5424) {
    if (rfc5424[3] !== 'kernel') return null;
    return loggedLine(line.slice(rfc5424[0].length), absolute(rfc5424[1]!), clock, 'iso');
  }
  const text = line.replace(PRIORITY, '');
  const boot = BOOT.exec(text);
  if (boot) {
    // journalctl -o short-monotonic names host and program as well.
    const message = text.slice(boot[0].length).replace(/^\S+ kernel: /, '');
    return { ...placeBoot(boot, clock), message, form: 'boot' };
  }
  const ctime = CTIME.exec(text);
  if (ctime) {
    const civil = civilTime(ctime[4]!, ctime[1]!, ctime[2]!, ctime[3]!);
    const placed = inHostZone(civil, 0, clock);
    const uncertaintyNs = civil === null ? 0 : SECOND + reckonedError(civil, clock);
    return { ...placed, uncertaintyNs, message: text.slice(ctime[0].length), form: 'ctime' };
  }
  const iso = ISO.exec(text);
  if (iso) return readIso(iso, text, clock);
  const logged = readLogged(text, clock, latest);
  if (!logged) return { message: text, time: null, uncertaintyNs: 0, zoneKnown: true, form: 'none' };
  const kernel = LOGGER.exec(logged.rest);
  return kernel && loggedLine(logged.rest.slice(kernel[0].length), logged.placed, clock, logged.form);
}

interface Placed {
  time: Nanoseconds | null;
  uncertaintyNs: number;
  zoneKnown: boolean;
}

interface LoggedStamp {
  placed: Placed;
  /** What comes behind the stamp. */
  rest: string;
  form: StampedLine['form'];
}

/** The stamps that only loggers write, which name the program behind them. */
function readLogged(text: string, clock: Clock | null, latest: Nanoseconds | null): LoggedStamp | null {
  const syslog = SYSLOG.exec(text);
  if (syslog) {
    const [prefix, month, day, clockTime, fraction] = syslog;
    const now = clock?.wall ?? latest;
    const civil = now === null ? null : nearestYear(now, month!, day!, clockTime!, fraction);
    const placed = inHostZone(civil, fraction ? 0 : SECOND, clock);
    return { placed, rest: text.slice(prefix.length), form: 'syslog' };
  }
  const full = FULL.exec(text);
  if (full) {
    const [prefix, date, clockTime, fraction = '', zone] = full;
    const civil = parseTime(`${date}T${clockTime}${fraction}`);
    const resolution = fraction ? 0 : SECOND;
    const offset = zoneOffset(zone!);
    const placed =
      offset === null
        ? inHostZone(civil, resolution, clock)
        : logged(civil === null ? null : shifted(civil, offset), resolution);
    return { placed, rest: text.slice(prefix.length), form: offset === null ? 'syslog' : 'iso' };
  }
  const logread = LOGREAD.exec(text);
  if (logread) {
    const [prefix, month, day, clockTime, year] = logread;
    const placed = inHostZone(civilTime(year!, month!, day!, clockTime!), SECOND, clock);
    return { placed, rest: text.slice(prefix.length), form: 'ctime' };
  }
  const epoch = EPOCH.exec(text);
  if (!epoch) return null;
  const time = decimalNs(epoch[1]!, epoch[2]!);
  return { placed: logged(time, 0), rest: text.slice(epoch[0].length), form: 'epoch' };
}

function readIso(match: RegExpExecArray, text: string, clock: Clock | null): StampedLine | null {
  const rest = text.slice(match[0].length);
  const kernel = LOGGER.exec(rest);
  if (kernel) return loggedLine(rest.slice(kernel[0].length), absolute(match[1]!), clock, 'iso');
  // Only dmesg has a comma before the fraction, and names no program.
  if (!match[2]?.startsWith(',') && OTHER_PROGRAM.test(rest)) return null;
  const time = parseTime(match[1]!);
  const message = rest.replace(/^\[ *[TC]\d+\] ?/, '');
  const uncertaintyNs = time === null ? 0 : reckonedError(time, clock);
  return { message, time, uncertaintyNs, zoneKnown: true, form: 'iso' };
}

/** A logger's stamp that tells its zone. */
function absolute(stamp: string): Placed {
  return logged(parseTime(stamp), /[.,]\d/.test(stamp) ? 0 : SECOND);
}

function logged(time: Nanoseconds | null, resolutionNs: number): Placed {
  return { time, uncertaintyNs: time === null ? 0 : LOGGER_DELAY + resolutionNs, zoneKnown: true };
}

/** A logger's stamp in the host's zone: taken as UTC where the clock does not tell it. */
function inHostZone(civil: Nanoseconds | null, resolutionNs: number, clock: Clock | null): Placed {
  const offset = clock?.zoneSeconds;
  const placed = logged(civil === null ? null : shifted(civil, offset ?? 0), resolutionNs);
  return { ...placed, zoneKnown: offset !== undefined };
}

function shifted(civil: Nanoseconds, offsetSeconds: number): Nanoseconds {
  return civil - BigInt(offsetSeconds) * NANOSECONDS_PER_SECOND;
}

function placeBoot(boot: RegExpExecArray, clock: Clock | null): Placed {
  const stamp = decimalNs(boot[1]!, boot[2]!);
  const time = fromBoot(stamp, clock);
  return {
    time,
    uncertaintyNs: time === null ? 0 : bootErrorOf(clock!) + driftError(stamp),
    zoneKnown: true,
  };
}

/** The clocks drift apart from boot on, so that the error grows with the stamp. */
export function driftError(sinceBootNs: bigint): number {
  return Math.round((Number(sinceBootNs) * BOOT_CLOCK_PPM) / 1e6);
}

/** `dmesg -T` and `--time-format=iso` reckon from boot as well, by the clock at the time of the call. */
function reckonedError(time: Nanoseconds, clock: Clock | null): number {
  const boot = bootTime(clock);
  if (!clock || boot === null) return SECOND;
  return bootErrorOf(clock) + driftError(time > boot ? time - boot : 0n);
}

/**
 * Places a line by the `[ 1234.567890]` in its message where that is nearer. A log file goes back over several
 * boots: a stamp too far from what the logger wrote is of another one than clock.txt's.
 */
function loggedLine(
  message: string,
  stamp: Placed,
  clock: Clock | null,
  form: StampedLine['form'],
): StampedLine {
  const boot = BOOT.exec(message);
  if (!boot) return { message, ...stamp, form };
  const bare = message.slice(boot[0].length);
  const placed = placeBoot(boot, clock);
  if (placed.time === null || stamp.time === null) return { message: bare, ...stamp, form };
  const apart = placed.time > stamp.time ? placed.time - stamp.time : stamp.time - placed.time;
  // Up to 14 h lie between a zone that nothing tells and UTC.
  const slackSeconds = stamp.zoneKnown ? 5n : 14n * 3600n + 5n;
  const slack = slackSeconds * NANOSECONDS_PER_SECOND + BigInt(placed.uncertaintyNs);
  const nearer = !stamp.zoneKnown || placed.uncertaintyNs < stamp.uncertaintyNs;
  return { message: bare, ...(apart <= slack && nearer ? placed : stamp), form };
}

/** A date without its year is of the last twelve months before the dump; a day's slack is for the zone. */
function nearestYear(
  now: Nanoseconds,
  month: string,
  day: string,
  clockTime: string,
  fraction = '',
): Nanoseconds | null {
  const year = new Date(Number(now / 1_000_000n)).getUTCFullYear();
  const latest = now + 86_400n * NANOSECONDS_PER_SECOND;
  for (const candidate of [year + 1, year]) {
    const time = civilTime(String(candidate), month, day, clockTime + fraction);
    if (time !== null && time <= latest) return time;
  }
  return civilTime(String(year - 1), month, day, clockTime + fraction);
}

import { InputError } from '../../model/errors.js';
import type { Clock } from '../../model/snapshot.js';
import { decimalNs, NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../model/time.js';
import { readDate } from './date.js';

const MILLISECOND = 1_000_000;
const SECOND = 1000 * MILLISECOND;
/** /proc/uptime has centiseconds, and the two lines of clock.txt are not read at one instant. */
const READ_APART = 10 * MILLISECOND;

/** `/proc/uptime`: seconds since boot, and idle. */
const PROC_UPTIME = /^(\d{1,12})\.(\d{1,9})\s+\d+\.\d+$/;
/** The same of a bundle's second line, where nothing but the first number matters. */
const BARE_UPTIME = /^(\d{1,12})(?:\.(\d{1,9}))?(?:\s|$)/;
/** uptime(1): `20:47:40 up 3 days,  4:05,  2 users, …`, `up 12 min`. */
const UP = /^\d\d?:\d\d(?::\d\d)?(?: ?[AP]M)?\s+up\s+(?:(\d+) days?,\s+)?(?:(\d+):(\d\d)|(\d+) min)/;

/**
 * Reads clock.txt: what `date` prints in any of its usual forms (`+%s.%N`, `-R`, `-I`, plain) or `timedatectl`, and
 * the content of /proc/uptime or what `uptime` prints, a line each.
 *
 * @param warn told of what it lacks
 * @throws InputError where no line tells the time, or the second is not what it should be
 */
export function readClock(text: string, file: string, warn: (message: string) => void = () => {}): Clock {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const date = readDate(lines);
  if (!date) {
    throw new InputError(file, null, `line 1: not what \`date +%s.%N\` prints: ${lines[0] ?? ''}`);
  }
  const rest = lines.filter((_, i) => !date.lines.includes(i));
  const uptime = readUptime(rest, date.lines.length === 1 && lines.length === 2);
  if (!uptime && rest.length > 0 && !date.isListing) {
    throw new InputError(file, null, 'line 2: not the content of /proc/uptime');
  }
  if (!uptime) warn(`${file}: no uptime, so stamps in seconds since boot have no place in time`);
  if (!date.zoneIsSure) {
    warn(
      `${file}: what the zone ${date.zone} is cannot be told, the date is taken as UTC; record \`date +%s\``,
    );
  }
  const known = date.zoneSeconds === null ? {} : { zoneSeconds: date.zoneSeconds };
  if (!uptime || !date.zoneIsSure) return { wall: date.time, uptimeNs: null, ...known };
  const bootErrorNs = READ_APART + date.resolutionNs + uptime.resolutionNs;
  const error = bootErrorNs === READ_APART ? {} : { bootErrorNs };
  return { wall: date.time, uptimeNs: uptime.ns, ...error, ...known };
}

/** @param mayBeBare whether a number by itself is an uptime, as the second of two lines */
function readUptime(
  lines: readonly string[],
  mayBeBare: boolean,
): { ns: bigint; resolutionNs: number } | null {
  for (const line of lines) {
    const proc = PROC_UPTIME.exec(line) ?? (mayBeBare ? BARE_UPTIME.exec(line) : null);
    if (proc) return { ns: decimalNs(proc[1]!, proc[2] ?? ''), resolutionNs: 0 };
    const up = UP.exec(line);
    if (up) {
      const [, days = '0', hours = '0', minutes, short = '0'] = up;
      const total = (Number(days) * 24 + Number(hours)) * 60 + Number(minutes ?? short);
      return { ns: BigInt(total) * 60n * NANOSECONDS_PER_SECOND, resolutionNs: 60 * SECOND };
    }
  }
  return null;
}

/** When the clock says that the node was booted; null where it does not. */
export function bootTime(clock: Clock | null): Nanoseconds | null {
  return clock === null || clock.uptimeNs === null ? null : clock.wall - clock.uptimeNs;
}

/** How far a stamp of seconds since boot may be off for the clock's own sake, ns. */
export function bootErrorOf(clock: Clock): number {
  return clock.bootErrorNs ?? READ_APART;
}

/** A stamp in nanoseconds since boot on the wall clock; null without a clock that tells it. */
export function fromBoot(stampNs: bigint, clock: Clock | null): Nanoseconds | null {
  const boot = bootTime(clock);
  return boot === null ? null : boot + stampNs;
}

import type { Clock, KernelLog, MartianRecord } from '../../model/snapshot.js';
import type { Nanoseconds } from '../../model/time.js';
import { isJournalExport, readJournalLine } from './journal.js';
import { eachLine } from './lines.js';
import { HeaderMatcher, readLinkHeader, readMartian } from './martian.js';
import { readStamp, type StampedLine } from './stamp.js';

/** `___ratelimit()` names its caller; martians go through net_ratelimit() alone. */
const SUPPRESSED = /\bnet_ratelimit: (\d+) callbacks suppressed/;
/** journalctl says between lines where a boot begins and what it lacks. */
const JOURNAL_NOTE = /^-- .* --$/;

/**
 * Reads a kernel log, line by line in whichever form each is; what other programs wrote into the same file is passed
 * over. Never throws: any text is a log.
 *
 * @param latest by which stamps without a year are placed for want of a clock
 */
export function readKernelLog(
  text: string,
  file: string,
  warn: (message: string) => void,
  clock: Clock | null,
  latest: Nanoseconds | null = null,
): KernelLog {
  const martians: MartianRecord[] = [];
  const headers = new HeaderMatcher();
  const assumed = new Set<string>();
  const readLine = isJournalExport(text) ? readJournalLine : readStamp;
  let suppressed = 0;
  let lines = 0;
  let unplaced = 0;
  let number = 0;
  for (const line of eachLine(text)) {
    number++;
    if (line.trim() === '' || JOURNAL_NOTE.test(line)) continue;
    const stamped = readLine(line, { clock, latest });
    if (!stamped) continue;
    lines++;
    const assumption = assumptionOf(stamped, clock, latest);
    if (assumption) assumed.add(assumption);
    if (stamped.time === null) unplaced++;
    suppressed += Number(SUPPRESSED.exec(stamped.message)?.[1] ?? 0);
    const martian = readMartian(stamped, file, number, line);
    if (martian) {
      martians.push(martian);
      headers.martian(martian);
    } else {
      const octets = readLinkHeader(stamped.message);
      if (octets) headers.header(octets);
    }
  }
  headers.flush();
  for (const message of assumed) warn(`${file}: ${message}`);
  return { file, files: [file], martians, suppressed, lines, unplaced };
}

/** What was taken for granted to place a line in time; null where nothing was. */
function assumptionOf(
  { form, zoneKnown }: StampedLine,
  clock: Clock | null,
  latest: Nanoseconds | null,
): string | null {
  if (form === 'boot') {
    if (!clock) return 'stamps in seconds since boot, and no clock.txt to place them by';
    return clock.uptimeNs === null
      ? 'stamps in seconds since boot, and clock.txt tells no uptime to place them by'
      : null;
  }
  const zone = clock?.zoneSeconds === undefined ? null : offsetText(clock.zoneSeconds);
  if (form === 'ctime') {
    // Placed by its boot stamp.
    if (zoneKnown && !zone) return null;
    return zone
      ? `stamps in the host's zone, taken as ${zone}, which clock.txt tells for its own time`
      : "stamps in the host's zone, taken as UTC; `dmesg --time-format=iso` tells the zone";
  }
  if (form !== 'syslog') return null;
  if (!clock && latest === null) return 'stamps without year and zone, and no clock.txt to place them by';
  const year = clock ? "clock.txt's" : "that of the captures' end, for want of a clock.txt";
  const from = zone
    ? `taken as ${zone}, which clock.txt tells for its own time`
    : zoneKnown
      ? null
      : 'taken as UTC';
  return `stamps without year and zone: the year is ${year}, the zone is ${from ?? 'told by their boot stamps'}`;
}

/** `+0100`. */
function offsetText(seconds: number): string {
  const minutes = Math.abs(seconds) / 60;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${seconds < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

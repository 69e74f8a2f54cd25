import type { Clock, KernelLog, MartianRecord } from '../../model/snapshot.js';
import { HeaderMatcher, readLinkHeader, readMartian } from './martian.js';
import { readStamp, type StampedLine } from './stamp.js';

/** `___ratelimit()` names its caller; martians go through net_ratelimit() alone. */
const SUPPRESSED = /\bnet_ratelimit: (\d+) callbacks suppressed/;

/** Reads a kernel log, line by line in whichever form each is. Never throws: any text is a log. */
export function readKernelLog(
  text: string,
  file: string,
  warn: (message: string) => void,
  clock: Clock | null,
): KernelLog {
  const martians: MartianRecord[] = [];
  const headers = new HeaderMatcher();
  const forms = new Set<StampedLine['form']>();
  let suppressed = 0;
  let lines = 0;
  let unplaced = 0;
  let number = 0;
  for (const line of eachLine(text)) {
    number++;
    if (line.trim() === '') continue;
    lines++;
    const stamped = readStamp(line, clock);
    forms.add(stamped.form);
    if (stamped.time === null) unplaced++;
    suppressed += Number(SUPPRESSED.exec(stamped.message)?.[1] ?? 0);
    const martian = readMartian(stamped, number, line);
    if (martian) {
      martians.push(martian);
      headers.martian(martian);
    } else {
      const octets = readLinkHeader(stamped.message);
      if (octets) headers.header(octets);
    }
  }
  headers.flush();
  for (const message of assumptions(forms, clock)) warn(`${file}: ${message}`);
  return { file, martians, suppressed, lines, unplaced };
}

function* eachLine(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    yield text.slice(start, text.charCodeAt(end - 1) === 13 && end > start ? end - 1 : end);
    start = end + 1;
  }
}

function assumptions(forms: ReadonlySet<StampedLine['form']>, clock: Clock | null): string[] {
  const messages: string[] = [];
  if (forms.has('boot') && !clock) {
    messages.push('stamps in seconds since boot, and no clock.txt to place them by');
  }
  if (forms.has('ctime')) {
    messages.push("stamps in the host's zone, taken as UTC; `dmesg --time-format=iso` tells the zone");
  }
  if (forms.has('syslog')) {
    messages.push(
      clock
        ? "stamps without year and zone: the year is clock.txt's, the zone is taken as UTC"
        : 'stamps without year and zone, and no clock.txt to place them by',
    );
  }
  return messages;
}

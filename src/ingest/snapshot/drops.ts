import type { Clock, DropLog, DropRecord } from '../../model/snapshot.js';
import { decimalNs } from '../../model/time.js';
import { fromBoot } from './clock.js';

// The stamp is the last `SECONDS.MICROSECONDS:` before the event's name: a task's name may hold anything.
const EVENT = /\s(\d+)\.(\d{1,9}): (?:skb:)?kfree_skb:\s+(.*)$/;
const LOST = /LOST (\d+) EVENTS/;

/**
 * Reads the text of the event `skb:kfree_skb`, as tracefs, `trace-cmd report` and `perf script` print it; other events
 * and comments are passed over.
 */
export function readDrops(
  text: string,
  file: string,
  warn: (message: string) => void,
  clock: Clock | null,
): DropLog {
  const records: DropRecord[] = [];
  let lost = 0;
  for (const [i, line] of text.split('\n').entries()) {
    if (line.startsWith('#')) continue;
    const missed = LOST.exec(line);
    if (missed) lost += Number(missed[1]);
    const event = EVENT.exec(line);
    if (event) records.push(readEvent(event, i + 1, line, clock));
  }
  if (lost > 0) warn(`${file}: the kernel lost ${lost} events; a drop without its event is no proof`);
  if (records.length > 0 && !clock) warn(`${file}: no clock.txt, so the events have no place in time`);
  return { file, records };
}

function readEvent(event: RegExpExecArray, line: number, text: string, clock: Clock | null): DropRecord {
  const fields = event[3]!;
  const location = /\blocation=([^\s+]+)/.exec(fields)?.[1] ?? null;
  const protocol = /\bprotocol=(\d+)/.exec(fields)?.[1];
  return {
    // Before 5.17 the event told no reason.
    reason: /\breason: (\S+)/.exec(fields)?.[1] ?? 'NOT_SPECIFIED',
    // Before 5.19 the function is a bare address.
    location: location !== null && /^(0x)?[0-9a-f]{8,16}$/.test(location) ? null : location,
    protocol: protocol === undefined ? null : Number(protocol),
    time: fromBoot(decimalNs(event[1]!, event[2]!), clock),
    line,
    text: text.trim(),
  };
}

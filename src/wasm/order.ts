/**
 * Whether packets lie in the order of their times. Where they do not, as in what dumpcap writes of several interfaces or
 * where captures were put one behind the other, copies of a connection's packets may come long after it was over: none
 * is let go then.
 */

const NANOSECONDS_PER_SECOND: i64 = 1_000_000_000;

/** Of `tcpdump -i any`, packets of several processors were seen to be out of order by microseconds, ns. */
const TOLERANCE: i64 = 100_000;

/** The latest so far, as `timeOf` has it. */
let latest: u64 = 0;
let disordered: bool = false;

/** @param time of the packet that comes next, as `timeOf` has it */
export function noteOrder(time: u64): void {
  if (time >= latest) latest = time;
  else if (isBefore(time, latest)) disordered = true;
}

/** Packets are not in order, as was found elsewhere. */
export function noteDisorder(): void {
  disordered = true;
}

export function isDisordered(): bool {
  return disordered;
}

/** Whether a time is so much before another that it is no matter of processors. */
export function isBefore(time: u64, other: u64): bool {
  if (time >= other) return false;
  const seconds = <i64>(other >>> 32) - <i64>(time >>> 32);
  const nanoseconds = <i64>(other & 0xffffffff) - <i64>(time & 0xffffffff);
  return seconds * NANOSECONDS_PER_SECOND + nanoseconds > TOLERANCE;
}

import { nearestOf } from './log-shift.js';

/** A packet that was lost, and whose it is; its time in ns since some moment. */
export interface OwnedPacket<Owner> {
  owner: Owner;
  time: number;
}

/** Which lines, by index, are about an owner's packets: those of each time, which a flood's many owners have in common. */
export interface Shares {
  /** For certain. */
  own: (readonly number[])[];
  /** About one of several packets at one time, which may be another's. */
  shared: (readonly number[])[];
}

const MILLISECOND = 1_000_000;

/** Packets that lie closer are not told apart by a line's time. */
const GAP = 50 * MILLISECOND;

/** The farthest that a line may lie from what caused it, once the clocks' difference is known. */
const REACH = 150 * MILLISECOND;

/**
 * Which lines are whose packets': the kernel writes one a dropped packet, and leaves some out where there are many.
 *
 * @param packets all that may have caused such lines, in order of their times
 * @param lines times by the packets' clock, in ns since the same moment
 * @returns for each owner of a packet
 */
export function shareLines<Owner>(
  packets: readonly OwnedPacket<Owner>[],
  lines: readonly number[],
): Map<Owner, Shares> {
  const shares = new Map<Owner, Shares>();
  for (const { owner } of packets) {
    if (!shares.has(owner)) shares.set(owner, { own: [], shared: [] });
  }
  const times = packets.map(({ time }) => time);
  const groupOf: number[] = [];
  for (const [i, time] of times.entries()) {
    groupOf.push(i === 0 ? 0 : groupOf[i - 1]! + (time - times[i - 1]! > GAP ? 1 : 0));
  }
  const linesOf = new Map<number, number[]>();
  for (const [line, time] of lines.entries()) {
    const nearest = nearestOf(times, time);
    if (nearest === null || Math.abs(times[nearest]! - time) > REACH) continue;
    const group = groupOf[nearest]!;
    const known = linesOf.get(group);
    if (known) known.push(line);
    else linesOf.set(group, [line]);
  }
  for (let begin = 0; begin < packets.length; ) {
    let end = begin + 1;
    while (end < packets.length && groupOf[end] === groupOf[begin]) end++;
    const found = linesOf.get(groupOf[begin]!) ?? [];
    if (found.length > 0) {
      const owners = new Set(packets.slice(begin, end).map(({ owner }) => owner));
      const kind = found.length >= end - begin || owners.size === 1 ? 'own' : 'shared';
      for (const owner of owners) shares.get(owner)![kind].push(found);
    }
    begin = end;
  }
  return shares;
}

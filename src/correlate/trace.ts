import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import type { Aligned } from './causal-order.js';
import { groupCopies } from './group-copies.js';

/** One packet (a SYN or SYN-ACK, a datagram, an echo, or one retransmission of it) at every place that saw it. */
export interface PacketTrace {
  role: Role;
  /** Counts the sender's transmissions from 1. */
  try: number;
  /** Of those that it passed, in causal order; never empty. */
  sightings: Sighting[];
  /** With those that only overheard it, in causal order; absent where none did. */
  seen?: Sighting[];
  /** Nobody whom it passed saw it: `sightings` are of those that overheard it. Absent elsewhere. */
  overheard?: true;
}

/**
 * Groups the sightings of an attempt's SYNs (or SYN-ACKs, or datagrams of one side) by the packet that they saw.
 *
 * A retransmission has another TCP timestamp and another IP identification; the copies of one packet have the
 * same. Where there is no identification (a SYN-ACK's is 0), the n-th of one time stamp at a capture point is taken for
 * the n-th sent. Datagrams without one (IPv6 has none): `group-copies.ts`.
 *
 * @param sightings of one role, of all legs
 * @returns one list a packet, in no order
 */
export function groupByPacket(sightings: readonly Sighting[], aligned: Aligned): Sighting[][] {
  if (sightings.length <= 1) return sightings.map((sighting) => [sighting]);
  // A few sightings of a few packets as a rule: they are compared, which no text needs to be made for.
  const packets: Sighting[][] = [];
  /** Of each packet, which one of its time stamp it is. */
  const nth: number[] = [];
  const unidentified: Sighting[][] = [];
  for (let i = 0; i < sightings.length; i++) {
    const sighting = sightings[i]!;
    const { identification, payload } = sighting;
    if (payload !== null && identification === null) {
      const same = unidentified.find((copies) => isAlike(copies[0]!, sighting));
      if (same) same.push(sighting);
      else unidentified.push([sighting]);
      continue;
    }
    // A time stamp alone is the same for two that were sent within its tick, a millisecond as a rule.
    const n = identification === null ? countHere(sightings, i) : 0;
    const copies = packets.find((known, at) => nth[at] === n && isAlike(known[0]!, sighting));
    if (copies) copies.push(sighting);
    else nth[packets.push([sighting]) - 1] = n;
  }
  if (unidentified.length === 0) return packets;
  return [...packets, ...unidentified.flatMap((same) => groupCopies(same, aligned))];
}

/** Whether nothing in two packets tells them apart. */
function isAlike(a: Sighting, b: Sighting): boolean {
  return (
    a.timestampValue === b.timestampValue &&
    a.identification === b.identification &&
    a.payload?.length === b.payload?.length &&
    a.payload?.digest === b.payload?.digest
  );
}

/** Linux sends a SYN and a SYN-ACK again after a second; no node holds a packet back for so long as this. */
const SENT_AGAIN: Nanoseconds = 100_000_000n;

/**
 * How many like a sighting were seen where it was, up to it. Where the interface is not known, as in a capture of `any`
 * alone, what follows at once may be a copy on the next one: a bridge and its port have the same hop limit.
 */
function countHere(sightings: readonly Sighting[], at: number): number {
  const one = sightings[at]!;
  const isNamed = one.point.interface !== null;
  let count = 1;
  let last: Sighting | null = null;
  for (let i = 0; i <= at; i++) {
    const same = sightings[i]!;
    if (!isAlike(same, one) || !isAtOnePlace(same, one)) continue;
    if (last && (isNamed || isSentAfter(same, last))) count++;
    last = same;
  }
  return count;
}

function isSentAfter({ time }: Sighting, last: Sighting): boolean {
  return time !== null && last.time !== null && time - last.time >= SENT_AGAIN;
}

function isAtOnePlace(a: Sighting, b: Sighting): boolean {
  return (
    a.point.node === b.point.node &&
    a.point.netns === b.point.netns &&
    a.point.interface === b.point.interface &&
    a.direction === b.direction &&
    a.encapsulations.length === b.encapsulations.length &&
    a.source.address === b.source.address &&
    a.destination.address === b.destination.address &&
    a.ttl === b.ttl
  );
}

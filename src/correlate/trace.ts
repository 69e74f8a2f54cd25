import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Aligned } from './causal-order.js';
import { groupCopies } from './group-copies.js';

/** One packet (a SYN or SYN-ACK, a datagram, an echo, or one retransmission of it) at every place that saw it. */
export interface PacketTrace {
  role: Role;
  /** Counts the sender's transmissions from 1. */
  try: number;
  /** In causal order; never empty. */
  sightings: Sighting[];
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
  const alike = new Map<string, Sighting[]>();
  const packets = new Map<string, Sighting[]>();
  const seenAt = new Map<string, number>();
  for (const sighting of sightings) {
    const { point, encapsulations, direction, source, destination } = sighting;
    const { payload } = sighting;
    let identity = `${sighting.timestampValue}/${sighting.identification}/${payload?.length}/${payload?.digest}`;
    if (payload !== null && sighting.identification === null) {
      const same = alike.get(identity);
      if (same) same.push(sighting);
      else alike.set(identity, [sighting]);
      continue;
    }
    if (sighting.identification === null) {
      // A time stamp alone is the same for two that were sent within its tick, a millisecond as a rule.
      const place = `${identity} ${point.file} ${point.interface} ${direction} ${encapsulations.length} ${source.address} ${destination.address} ${sighting.ttl}`;
      const n = (seenAt.get(place) ?? 0) + 1;
      seenAt.set(place, n);
      identity += `#${n}`;
    }
    const copies = packets.get(identity);
    if (copies) copies.push(sighting);
    else packets.set(identity, [sighting]);
  }
  return [...packets.values(), ...[...alike.values()].flatMap((same) => groupCopies(same, aligned))];
}

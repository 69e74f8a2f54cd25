import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';

/** One packet (a SYN or SYN-ACK, or one retransmission of it) at every place that saw it. */
export interface PacketTrace {
  role: Role;
  /** Counts the sender's transmissions from 1. */
  try: number;
  /** In causal order; never empty. */
  sightings: Sighting[];
}

/**
 * Groups the sightings of an attempt's SYNs (or SYN-ACKs) by the packet that they saw.
 *
 * A retransmission has another TCP timestamp and another IP identification; the copies of one packet have the
 * same. Where there is no identification (a SYN-ACK's is 0), the n-th of one time stamp at a capture point is
 * taken for the n-th sent.
 *
 * @param sightings of one role, of all legs
 * @returns one list a packet, in no order
 */
export function groupByPacket(sightings: readonly Sighting[]): Sighting[][] {
  const packets = new Map<string, Sighting[]>();
  const seenAt = new Map<string, number>();
  for (const sighting of sightings) {
    const { point, encapsulations, direction, source, destination } = sighting;
    let identity = `${sighting.timestampValue}/${sighting.identification}`;
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
  return [...packets.values()];
}

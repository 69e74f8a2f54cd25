import type { Attempt } from '../../correlate/attempt.js';
import type { PacketTrace } from '../../correlate/trace.js';
import type { PacketQuestion } from '../../kernel/netfilter/passage.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { packetQuestion } from '../packet-question.js';
import { placeAfter } from '../place.js';

/** Where a packet that was captured comes to a node whose settings are known, and from where it can be followed. */
export interface Start {
  station: Station;
  /** Null where the node itself sent it. */
  interface: string | null;
  packet: PacketQuestion & { source: string };
  /** The sighting that tells of it. */
  sighting: Sighting;
  /** Its number among the trace's sightings. */
  index: number;
}

/** The places of a packet's way that are known well enough, the first on its way first. */
export function startsOf(attempt: Attempt, trace: PacketTrace, context: DiagnosisContext): Start[] {
  return trace.sightings.flatMap((sighting, index) => {
    const at = entryOf(sighting, trace, context);
    return at ? [{ ...at, packet: packetQuestion(attempt, sighting, trace.role), sighting, index }] : [];
  });
}

function entryOf(
  sighting: Sighting,
  trace: PacketTrace,
  context: DiagnosisContext,
): Pick<Start, 'station' | 'interface'> | null {
  const { point, direction, source, encapsulations } = sighting;
  const here = context.network.station(point.node, point.netns);
  // One that was seen before has the node's address by its NAT.
  const isFirst = sighting === trace.sightings[0] && direction === 'out' && encapsulations.length === 0;
  if (here && isFirst && here.model.hasAddress(source.address)) return { station: here, interface: null };
  if (here && direction !== 'out' && isBridged(sighting, trace, here)) return null;
  const place = placeAfter(sighting, context);
  const station = place && context.network.station(place.node.name, place.node.netns);
  return station && place.interface !== null ? { station, interface: place.interface } : null;
}

/** Whether the node passed the frame on without routing it: it was for another MAC, or left with the same hop limit. */
function isBridged({ point, etherDestination, ttl }: Sighting, trace: PacketTrace, here: Station): boolean {
  if (etherDestination !== null && here.snapshot.links !== null) {
    if (here.model.interfacesWithMac(etherDestination).length === 0) return true;
  }
  return trace.sightings.some(
    (s) =>
      s.direction === 'out' &&
      s.ttl === ttl &&
      s.encapsulations.length === 0 &&
      isSameStation(s.point, point),
  );
}

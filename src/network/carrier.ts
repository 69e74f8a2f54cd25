import type { PacketQuestion, Passage } from '../kernel/netfilter/passage.js';
import type { Hop } from '../kernel/verdict.js';
import { decisive } from './decisive.js';
import type { JourneyEnd } from './journey.js';
import { onOneLink } from './link.js';
import type { Arrival } from './next.js';
import type { Station } from './station.js';

type Dropped = Extract<JourneyEnd, { kind: 'dropped' }>;

/**
 * What becomes of the outer packet that carries one through a VXLAN tunnel between two stations: it passes their
 * filters and routes as any other does, and is lost with what it carries.
 *
 * @returns `end` where it is dropped for certain, null where it arrives or cannot be told
 */
export function carry(
  from: Station,
  hop: Hop,
  to: Arrival,
  mark: number,
): { end: Dropped | null; unknown: string[]; doubts: string[] } {
  const packet = outerPacket(from, hop, to, mark);
  if (!packet) return { end: null, unknown: [], doubts: [] };
  const sent = from.path.send(packet);
  const told = (station: Station, lines: readonly string[]) =>
    lines.map((line) => `${station.label}: ${line}`);
  const unknown = sent.flatMap((passage) => told(from, passage.unknown));
  const doubts = sent.flatMap((passage) => told(from, decisive(passage)));
  const lost = allDropped(sent);
  if (lost) return { end: { ...lost, station: from, interface: null }, unknown, doubts };
  const dev = sent.find((passage) => !passage.drop)?.hops[0]?.dev;
  // The device refuses what it would have to carry within itself (vxlan_xmit_one(), "circular route to").
  if (dev === hop.dev) return { end: circular(from, hop.dev), unknown, doubts };
  const name = dev === undefined ? null : underlay(to.station, packet.destination, from, dev);
  if (name === null) return { end: null, unknown, doubts };
  const received = to.station.path.receive({ ...packet, mark: 0 }, name);
  unknown.push(...received.flatMap((passage) => told(to.station, passage.unknown)));
  doubts.push(...received.flatMap((passage) => told(to.station, decisive(passage))));
  const refused = allDropped(received);
  return { end: refused && { ...refused, station: to.station, interface: name }, unknown, doubts };
}

/** By which the outer packet leaves, and to whom; null where that is not known, or where it does not leave. */
export function carrierHop(
  from: Station,
  hop: Hop,
  to: Pick<Arrival, 'station' | 'interface'>,
): { hop: Hop; address: string } | null {
  const packet = outerPacket(from, hop, to, 0);
  const sent = packet === null ? [] : from.path.send(packet);
  const outer = sent.find((passage) => !passage.drop)?.hops[0];
  if (!packet || !outer || outer.dev === hop.dev) return null;
  return { hop: outer, address: outer.via ?? packet.destination };
}

/** Null where it is no VXLAN tunnel between two known ends. */
function outerPacket(
  from: Station,
  hop: Hop,
  to: Pick<Arrival, 'station' | 'interface'>,
  mark: number,
): (PacketQuestion & { source: string }) | null {
  const near = from.model.link(hop.dev)?.vxlan;
  const far = to.station.model.link(to.interface)?.vxlan;
  if (!near?.local || !far?.local) return null;
  return {
    source: near.local,
    destination: far.local,
    protocol: 'udp',
    sourcePort: carrierPort(from),
    destinationPort: near.port,
    // The tunnel keeps the mark of what it carries, for the routing of the outer packet.
    mark,
  };
}

function circular(station: Station, device: string): Dropped {
  const drop = { by: 'tunnel' as const, device };
  return { kind: 'dropped', station, interface: null, drop, carrier: true };
}

/** From the range of ports, by a hash of what it carries (udp_flow_src_port()): one from its middle stands for all. */
function carrierPort({ snapshot }: Station): number {
  const range = snapshot.sysctl?.get('net.ipv4.ip_local_port_range') ?? '32768 60999';
  const [low = 32768, high = 60999] = range.split(/\s+/).map(Number);
  return Math.floor((low + high) / 2);
}

/** The interface that the outer packet comes in by: the one with its address, if that is on the sender's link. */
function underlay(station: Station, address: string, from: Station, device: string): string | null {
  const own = station.model.localAddresses.find((a) => a.address === address);
  if (!own) return null;
  return onOneLink(from, device, station, own.interface) ? own.interface : null;
}

function allDropped(passages: readonly Passage[]) {
  const [first] = passages;
  if (!first?.drop || passages.some((passage) => !passage.drop)) return null;
  return { kind: 'dropped' as const, drop: first.drop, carrier: true };
}

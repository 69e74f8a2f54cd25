import type { PacketQuestion } from '../../kernel/netfilter/passage.js';
import type { Endpoint, Role } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { Journey } from '../../network/journey.js';
import { TUNNELS } from '../../network/link.js';
import type { Station } from '../../network/station.js';
import type { NodeView } from '../context.js';
import { inputInterface } from '../place.js';

/** A place on a predicted way where a capture would show the packet. */
export interface Stop {
  station: Station;
  /** As routing sees it: a bridge, not its port. */
  interface: string;
  direction: 'in' | 'out';
  source: Endpoint;
  destination: Endpoint;
  /** Which of the journey's legs it belongs to. */
  leg: number;
}

/**
 * The places that a packet passes by a journey, in order. Where it is dropped, the last is before that.
 *
 * @param asked the packet as the journey began
 */
export function stopsOf(journey: Journey, asked: PacketQuestion & { source: string }): Stop[] {
  const stops: Stop[] = [];
  let source: Endpoint = { address: asked.source, port: asked.sourcePort ?? null };
  let destination: Endpoint = { address: asked.destination, port: asked.destinationPort ?? null };
  const { end } = journey;
  for (const [leg, { station, interface: name, passage, hop }] of journey.legs.entries()) {
    // A leg of the tunnel packet's own: what it carries is seen nowhere.
    if (end.kind === 'dropped' && end.carrier && passage.drop === end.drop) break;
    if (name !== null) stops.push({ station, interface: name, direction: 'in', source, destination, leg });
    const { packet } = passage;
    source = { address: packet.source.text, port: packet.sourcePort };
    destination = { address: packet.destination.text, port: packet.destinationPort };
    if (hop) stops.push({ station, interface: hop.dev, direction: 'out', source, destination, leg });
  }
  return stops;
}

/** The end that the client addressed: its port is the same for all connections of a service. */
export function serverOf(
  { source, destination }: Pick<Stop, 'source' | 'destination'>,
  role: Role,
): Endpoint {
  return role === 'request' ? destination : source;
}

/**
 * Whether a capture saw the packet at the stop. The client's port is not compared: the sightings are of one attempt,
 * and a journey stands for all that differ in that port alone.
 */
export function isAt(stop: Stop, sighting: Sighting, role: Role, node: NodeView): boolean {
  const { point, direction, source, destination } = sighting;
  if (point.node !== stop.station.node || point.netns !== stop.station.netns) return false;
  if (direction !== null && direction !== stop.direction) return false;
  if (source.address !== stop.source.address || destination.address !== stop.destination.address)
    return false;
  if (serverOf(sighting, role).port !== serverOf(stop, role).port) return false;
  return isOn(stop, sighting, node);
}

function isOn({ station, interface: name }: Stop, sighting: Sighting, node: NodeView): boolean {
  const link = station.model.link(name);
  const tunnel = sighting.encapsulations.at(-1);
  if (tunnel) {
    if (!link?.kind || !TUNNELS.has(link.kind)) return false;
    return tunnel.kind !== 'vxlan' || (link.kind === 'vxlan' && link.vxlan?.id === tunnel.id);
  }
  const seen = inputInterface(sighting, node);
  if (seen === null || seen === name) return true;
  // What is made on a device (a VLAN, a macvlan) shows its packets there as well.
  return link?.lower != null && (link.lower === seen || link.lower === sighting.point.interface);
}

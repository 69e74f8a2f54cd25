/** A way through the network in words. */

import type { FilterPacket } from '../kernel/netfilter/packet.js';
import { endpointLabel } from '../model/endpoint.js';
import { type Journey, type Leg, legsOnce } from './journey.js';
import type { LostAck } from './lost-ack.js';
import type { RoundTrip } from './round-trip.js';

/** `10.0.0.5:40001 > 10.244.2.10:8080` */
export function packetLabel({ source, sourcePort, destination, destinationPort }: FilterPacket): string {
  const from = endpointLabel({ address: source.text, port: sourcePort });
  return `${from} > ${endpointLabel({ address: destination.text, port: destinationPort })}`;
}

/** `by eth0 into node1, by flannel.1 into node2, by cni0 to 10.244.2.10:8080`: the stations, and how it ends. */
export function wayText(journey: Journey): string {
  const stations = legsOnce(journey).map(({ station, interface: name }) =>
    name === null ? `from ${station.label}` : `by ${name} into ${station.label}`,
  );
  return [...stations, endText(journey)].join(', ');
}

/** How it ends, as the last part of `wayText`. */
function endText({ end, packet }: Journey): string {
  const target = endpointLabel({ address: packet.destination.text, port: packet.destinationPort });
  switch (end.kind) {
    case 'delivered':
      return `to ${target} on ${end.station.label}`;
    case 'left': {
      const { dev, via } = end.hop;
      return `by ${dev}${via === null ? '' : ` via ${via}`} to ${target}`;
    }
    case 'dropped':
      return `and is dropped${end.carrier ? ' within its tunnel packet' : ''} by ${end.station.label}`;
    case 'queued':
      return `to a program on ${end.station.label} that decides on it`;
    case 'loop':
      return 'and goes in circles';
  }
}

/** What a fix makes of one connection: `a request from … goes by … ; its reply goes …`; of a reply alone, its way. */
export function roundTripText({ request, reply, lostAck }: RoundTrip): string {
  const asked = packetLabel(firstPacket(request.legs[0]!));
  const there = `${asked} goes ${wayText(request)}`;
  if (!reply) return there;
  if (reply === request) return `the reply ${there}`;
  const from = endpointLabel({ address: reply.packet.source.text, port: reply.packet.sourcePort });
  const ack = lostAck ? `; the ${lostAck.by}'s ACK goes ${ackText(lostAck)}` : '';
  return `${there}; the reply goes ${wayText(reply)} as ${from}${ack}`;
}

/** The way of an ACK that does not arrive, or arrives as another's. */
export function ackText({ journey, renamedBy }: LostAck): string {
  const way = wayText(journey);
  return renamedBy === null ? way : `${way}, as ${packetLabel(journey.packet)} from ${renamedBy.label} on`;
}

/** As it met the station, before anything was translated. */
function firstPacket({ passage }: Leg): FilterPacket {
  const { connection, packet } = passage;
  return connection ? { ...packet, ...connection.original } : packet;
}

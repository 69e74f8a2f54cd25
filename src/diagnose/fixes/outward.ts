/** What a node and its pods ask of somebody beyond the routers: a rule for their replies may take that along. */
import { podOf } from '../../network/entry.js';
import { follow, type Journey } from '../../network/journey.js';
import type { Network } from '../../network/network.js';
import { answerTo } from '../../network/round-trip.js';
import type { Station } from '../../network/station.js';
import type { Guard } from './guards.js';

/** Any that a server out there may have. */
const PORTS = { sourcePort: 40001, destinationPort: 443 } as const;

interface Place {
  station: Station;
  interface: string | null;
}

/**
 * A connection from an address of a node's, or of one of its pods, to one outside.
 *
 * @param network as it is: routers lead back by the same way whatever is changed on a node, unless that translates
 */
export function outwardGuard(network: Network, from: string, to: string): Guard {
  const usual = requestsFrom(network, from, to).flatMap(exitOf);
  return {
    works: (now) => {
      const requests = requestsFrom(now, from, to);
      return requests.length > 0 && requests.every((request) => isAnswered(now, request, from, usual));
    },
  };
}

function requestsFrom(network: Network, from: string, to: string): Journey[] {
  const start = placeOf(network, from);
  const packet = { source: from, destination: to, protocol: 'tcp', ...PORTS, tcp: 'syn' as const };
  return start ? follow(network, start, packet) : [];
}

function placeOf(network: Network, address: string): Place | null {
  const station = network.stations.find(({ model }) => model.hasAddress(address));
  return station ? { station, interface: null } : podOf(network, address);
}

function exitOf({ end }: Journey): Place[] {
  return end.kind === 'left' ? [{ station: end.station, interface: end.hop.dev }] : [];
}

function isAnswered(network: Network, request: Journey, from: string, usual: readonly Place[]): boolean {
  const [exit] = exitOf(request);
  const { station: asker, interface: by } = request.legs[0]!;
  if (!exit) return false;
  const doors = request.packet.source.text === from ? usual : [exit];
  const replies = doors.flatMap(({ station: { node, netns }, interface: name }) => {
    const station = network.station(node, netns)!;
    const answer = { ...answerTo(request), tcp: 'syn-ack' as const };
    return follow(network, { station, interface: name }, answer, request.connections);
  });
  return (
    replies.length > 0 &&
    replies.every(({ end, packet }) => {
      if (packet.destination.text !== from || end.kind === 'loop' || end.station !== asker) return false;
      return by === null ? end.kind === 'delivered' : end.kind === 'left' && end.hop.dev === by;
    })
  );
}

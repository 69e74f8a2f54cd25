/**
 * What comes after the handshake's SYN and SYN-ACK: a rule on the state of connections, or on flags, may drop an ACK
 * though both of them pass.
 */
import { sameTuple } from '../kernel/netfilter/conntrack.js';
import type { Connection } from '../kernel/netfilter/packet.js';
import type { PacketQuestion } from '../kernel/netfilter/passage.js';
import { type Connections, follow, type Journey } from './journey.js';
import type { Network } from './network.js';
import type { Station } from './station.js';

/** An ACK that does not arrive, or not as one of its connection. */
export interface LostAck {
  /** Who sends it: the client, to end the handshake, or the server, when it has had a request. */
  by: 'client' | 'server';
  /** Ends with a drop, or gets where it gets under other addresses than the handshake had. */
  journey: Journey;
  /**
   * It would pass, had the reply come by the station that drops it: without one, conntrack takes it for INVALID
   * (tcp_conntracks[] of net/netfilter/nf_conntrack_proto_tcp.c).
   */
  wantsReply: boolean;
  /**
   * Who gives it other addresses than the packet of the handshake that went the same way: to who saw no SYN it begins a
   * connection (nf_conntrack_tcp_loose), to be translated as a new one. Null where it is dropped, or goes another way.
   */
  renamedBy: Station | null;
}

/** A SYN or SYN-ACK, and the way that it went. */
interface Opening {
  journey: Journey;
  question: PacketQuestion;
}

/**
 * Follows the ACKs of a connection whose SYN-ACK arrives, by the ways of these.
 *
 * @returns null where they arrive, and where that cannot be told
 */
export function lostAck(network: Network, request: Opening, reply: Opening): LostAck | null {
  const doubts = [...request.journey.doubts, ...reply.journey.doubts];
  if (request.question.tcp !== 'syn' || doubts.length > 0) return null;
  const sent = (connections: Connections) => acksAlong(network, request, connections);
  const known = reply.journey.connections;
  const acks = sent(known);
  const lost = lostOf(acks, request.journey);
  if (lost) {
    const dropper = lost.legs.at(-1)!.station;
    const isDropped = ({ end }: Journey) => end.kind === 'dropped' && end.station === dropper;
    return {
      by: 'client',
      journey: lost,
      wantsReply: isDropped(lost) && !sent(asAnswered(known, dropper)).some(isDropped),
      renamedBy: renamerOf(lost, request.journey),
    };
  }
  const answers = acks.flatMap(({ connections }) => acksAlong(network, reply, connections));
  const journey = lostOf(answers, reply.journey);
  return (
    journey && { by: 'server', journey, wantsReply: false, renamedBy: renamerOf(journey, reply.journey) }
  );
}

/**
 * Packets of one connection go one way, whatever others there are; unless a rule on its state or its mark has routed the
 * first alone.
 */
function acksAlong(network: Network, { journey, question }: Opening, connections: Connections): Journey[] {
  const { station, interface: name } = journey.legs[0]!;
  const ways = follow(network, { station, interface: name }, { ...question, tcp: 'ack' }, connections);
  const same = ways.filter(({ legs }) =>
    legs.every((leg, i) => {
      const before = journey.legs[i];
      const isThere = before?.station === leg.station && before.interface === leg.interface;
      return isThere && (leg.hop === null || before.hop?.dev === leg.hop.dev);
    }),
  );
  return same.length > 0 ? same : ways;
}

/** Null where it may arrive, and be known there. */
function lostOf(ways: readonly Journey[], opening: Journey): Journey | null {
  const isLost = ways.every(
    (way) => way.doubts.length === 0 && (way.end.kind === 'dropped' || isStrange(way, opening)),
  );
  return isLost ? (ways[0] ?? null) : null;
}

/** Whether it gets where it gets with other addresses or ports than the packet of the handshake. */
function isStrange({ end, packet }: Journey, opening: Journey): boolean {
  return (end.kind === 'left' || end.kind === 'delivered') && !sameTuple(packet, opening.packet);
}

/** The first to send it on otherwise than it did the packet of the handshake. */
function renamerOf(ack: Journey, opening: Journey): Station | null {
  if (!isStrange(ack, opening)) return null;
  const renaming = ack.legs.find((leg, i) => {
    const before = opening.legs[i];
    return before?.station === leg.station && !sameTuple(leg.passage.packet, before.passage.packet);
  });
  return renaming?.station ?? null;
}

function asAnswered(connections: Connections, { label }: Station): Connections {
  const known = connections.get(label) ?? [];
  const established = known.map((one): Connection => ({ ...one, state: 'established' }));
  return new Map(connections).set(label, established);
}

/**
 * A packet's way from node to node, with no packet at all: each node's own rules, routes and settings say what it
 * does with it, and the next node is found by whose address or MAC it is sent to.
 */
import type { Connection, FilterPacket } from '../kernel/netfilter/packet.js';
import type { PacketQuestion, Passage, PassageDrop } from '../kernel/netfilter/passage.js';
import type { Hop } from '../kernel/verdict.js';
import { carry } from './carrier.js';
import { decisive } from './decisive.js';
import type { Network } from './network.js';
import { arrivalOf } from './next.js';
import type { Station } from './station.js';

/** One node on the way. */
export interface Leg {
  station: Station;
  /** That the packet came in by; null where the node itself sends it. */
  interface: string | null;
  passage: Passage;
  /** The one of the passage's next hops that is followed here; null where it does not leave. */
  hop: Hop | null;
}

/** `tunnel`: a tunnel device whose outer packet would be routed into itself. */
export type Drop = PassageDrop | { by: 'tunnel'; device: string };

export type JourneyEnd =
  /** To a process of the station's. */
  | { kind: 'delivered'; station: Station }
  /** To somebody whom no snapshot tells of: a router, a client, or a pod. */
  | { kind: 'left'; station: Station; hop: Hop }
  | {
      kind: 'dropped';
      station: Station;
      interface: string | null;
      drop: Drop;
      /** Within the tunnel packet that carries it. */
      carrier: boolean;
    }
  /** To a program of the station's that decides on it. */
  | { kind: 'queued'; station: Station }
  | { kind: 'loop'; station: Station };

export type Connections = ReadonlyMap<string, readonly Connection[]>;

export interface Journey {
  /** Never empty. */
  legs: Leg[];
  end: JourneyEnd;
  /** As it is in the end. */
  packet: FilterPacket;
  /** What each station tracks after it, by the station's label. */
  connections: Connections;
  /** How likely this way is, from 0 to 1. */
  chance: number;
  /** What had to be assumed, with the node's name. */
  unknown: string[];
  /** Those of `unknown` without which it may go another way; not those about a rule that could only drop as well. */
  doubts: string[];
}

/** More nodes than any way through a cluster has: what passes this many goes in circles. */
const MOST_LEGS = 16;

/**
 * Every way that a packet may go, from where it comes in (or is sent, where the interface is null).
 *
 * @param connections what stations track already, as the request's journey left it
 */
export function follow(
  network: Network,
  start: { station: Station; interface: string | null },
  packet: PacketQuestion,
  connections: Connections = new Map(),
): Journey[] {
  return step(network, start, packet, { legs: [], connections, chance: 1, unknown: [], doubts: [] });
}

type Sofar = Pick<Journey, 'legs' | 'connections' | 'chance' | 'unknown' | 'doubts'>;

function step(
  network: Network,
  at: { station: Station; interface: string | null },
  packet: PacketQuestion,
  sofar: Sofar,
): Journey[] {
  const { station, interface: name } = at;
  const known = sofar.connections.get(station.label) ?? [];
  const passages =
    name === null
      ? station.path.send(packet, {}, known)
      : station.path.receive({ ...packet, source: packet.source! }, name, known);
  return passages.flatMap((passage) => {
    const next = remember(sofar, station, passage);
    const chance = sofar.chance * passage.chance;
    const hops = passage.hops.length === 0 ? [null] : passage.hops;
    return hops.flatMap((hop) => {
      const legs = [...sofar.legs, { station, interface: name, passage, hop }];
      const here: Sofar = { ...next, legs, chance: chance / hops.length };
      const end = endOf(at, passage);
      if (end) return [{ ...here, end, packet: passage.packet }];
      return onward(network, station, hop!, passage.packet, here);
    });
  });
}

function endOf(
  { station, interface: name }: { station: Station; interface: string | null },
  passage: Passage,
): JourneyEnd | null {
  if (passage.drop) {
    return { kind: 'dropped', station, interface: name, drop: passage.drop, carrier: false };
  }
  if (passage.result === 'queued') return { kind: 'queued', station };
  if (passage.result === 'local' || passage.result === 'broadcast') return { kind: 'delivered', station };
  return null;
}

function onward(network: Network, from: Station, hop: Hop, packet: FilterPacket, here: Sofar): Journey[] {
  const [source, destination] = [packet.source.text, packet.destination.text];
  const arrival = arrivalOf(network, from, hop, { source, destination });
  if (!arrival) return [{ ...here, end: { kind: 'left', station: from, hop }, packet }];
  if (here.legs.length >= MOST_LEGS) return [{ ...here, end: { kind: 'loop', station: from }, packet }];
  const carried = carry(from, hop, arrival, packet.mark);
  const also = [...arrival.unknown, ...carried.unknown];
  const unknown = [...here.unknown, ...also];
  const doubts = [...here.doubts, ...arrival.unknown, ...carried.doubts];
  if (carried.end) return [{ ...here, unknown, doubts, end: carried.end, packet }];
  return step(network, arrival, questionOf(packet), { ...here, unknown, doubts });
}

/** The packet as the next node meets it: marks do not leave a network namespace (skb_scrub_packet()). */
export function questionOf(packet: FilterPacket): PacketQuestion & { source: string } {
  const { protocol, sourcePort, destinationPort, tcp, icmp, tos } = packet;
  return {
    source: packet.source.text,
    destination: packet.destination.text,
    protocol,
    sourcePort,
    destinationPort,
    tcp,
    icmp,
    tos,
  };
}

function remember(sofar: Sofar, station: Station, passage: Passage): Sofar {
  const { connection } = passage;
  const named = (lines: readonly string[]) => lines.map((line) => `${station.label}: ${line}`);
  const told = named([...station.blindSpots, ...passage.unknown]);
  const unknown = [...new Set([...sofar.unknown, ...told])];
  const doubts = [...new Set([...sofar.doubts, ...named([...station.blindSpots, ...decisive(passage)])])];
  if (!connection) return { ...sofar, unknown, doubts };
  const connections = new Map(sofar.connections);
  const others = (connections.get(station.label) ?? []).filter((c) => !isSame(c, connection));
  connections.set(station.label, [...others, connection]);
  return { ...sofar, connections, unknown, doubts };
}

function isSame(a: Connection, b: Connection): boolean {
  const key = ({ original: t, protocol }: Connection) =>
    [protocol, t.source.text, t.sourcePort, t.destination.text, t.destinationPort].join(' ');
  return key(a) === key(b);
}

/** The legs of a journey; of one that goes in circles, up to where it is a second time. */
export function legsOnce({ legs, end }: Journey): Leg[] {
  if (end.kind !== 'loop') return legs;
  const isSame = (a: Leg, b: Leg) => a.station === b.station && a.interface === b.interface;
  const again = legs.findIndex((leg, i) => legs.slice(0, i).some((before) => isSame(before, leg)));
  return again < 0 ? legs : legs.slice(0, again + 1);
}

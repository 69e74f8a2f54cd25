import type { PacketQuestion } from '../kernel/netfilter/passage.js';
import type { Endpoint } from '../model/analysis.js';
import type { Entry } from './entry.js';
import { follow, type Journey, type Leg, questionOf } from './journey.js';
import { outerInterfaces } from './link.js';
import type { Network } from './network.js';

/** A connection's first request and its reply, as the nodes' settings have them go. */
export interface RoundTrip {
  entry: Entry;
  client: Endpoint;
  /** As the client addresses it. */
  server: Endpoint;
  /** Whom the request is for, once it is translated; null where nothing leads it to a backend. */
  backend: Endpoint | null;
  request: Journey;
  /** Null where the request does not arrive, and where nothing tells by which way the backend answers. */
  reply: Journey | null;
  fate: Fate;
}

export type Fate =
  | { kind: 'answered' }
  /** The client gets the reply, which left another way than the request came. */
  | { kind: 'answered-elsewhere' }
  /** What becomes of it after this is not in any snapshot. */
  | { kind: 'unknown'; why: string }
  /** Dropped by a node. */
  | { kind: 'lost'; role: 'request' | 'reply' }
  /** The reply reaches the client's side with another address than the client asked. */
  | { kind: 'untranslated' }
  /** No node's rules lead the request to a backend. */
  | { kind: 'undelivered' };

/** Everything that may become of a connection that comes in at `entry`, one round trip for each backend and path. */
export function roundTrips(
  network: Network,
  entry: Entry,
  packet: PacketQuestion & { source: string },
): RoundTrip[] {
  const client = { address: packet.source, port: packet.sourcePort ?? null };
  const server = { address: packet.destination, port: packet.destinationPort ?? null };
  return follow(network, entry, packet).flatMap((request): RoundTrip[] => {
    const start = answerFrom(network, request, packet);
    const common = { entry, client, server, backend: backendOf(request, server), request };
    if ('fate' in start) return [{ ...common, reply: null, fate: start.fate }];
    const question: PacketQuestion = { ...answerTo(request), tcp: packet.tcp ? 'syn-ack' : null };
    return follow(network, start, question, request.connections).map((reply) => ({
      ...common,
      reply: { ...reply, chance: reply.chance * request.chance },
      fate: fateOf(entry, request, reply, packet),
    }));
  });
}

/** As the request is addressed in the end: by translation, or as the client addressed it. */
function backendOf({ end, packet }: Journey, server: Endpoint): Endpoint | null {
  const backend = { address: packet.destination.text, port: packet.destinationPort };
  const isOwn = end.kind === 'delivered';
  return isOwn || backend.address !== server.address ? backend : null;
}

function answerTo({ packet }: Journey): PacketQuestion & { source: string } {
  const { source, destination, sourcePort, destinationPort, ...rest } = questionOf(packet);
  return {
    ...rest,
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
  };
}

/** Where the reply starts; or what became of the request, if it starts nowhere. */
function answerFrom(
  network: Network,
  request: Journey,
  asked: PacketQuestion,
): { station: Leg['station']; interface: string | null } | { fate: Fate } {
  const { end, packet } = request;
  switch (end.kind) {
    case 'delivered': {
      const holder = end.station.model.localAddresses.find((a) => a.address === packet.destination.text);
      // IPVS takes it before any process does, and what it makes of it is in no snapshot file.
      if (holder?.interface === 'kube-ipvs0') {
        const why = `IPVS of ${end.station.label} chooses a backend for ${packet.destination.text}, which is not modelled`;
        return { fate: { kind: 'unknown', why } };
      }
      return { station: end.station, interface: null };
    }
    case 'dropped':
      return { fate: { kind: 'lost', role: 'request' } };
    case 'loop':
      return { fate: { kind: 'undelivered' } };
    case 'queued':
      return { fate: { kind: 'unknown', why: `a program on ${end.station.label} decides on it` } };
    case 'left': {
      if (packet.destination.text === asked.destination) return { fate: { kind: 'undelivered' } };
      return answerFromOutside(network, end, packet.source.text, packet.destination.text);
    }
  }
}

/** A pod answers by the device that leads to it; another host by ways of its own, unless it was asked by the node. */
function answerFromOutside(
  network: Network,
  { station, hop }: Extract<Journey['end'], { kind: 'left' }>,
  source: string,
  backend: string,
): { station: Leg['station']; interface: string | null } | { fate: Fate } {
  if (hop.via === null && !outerInterfaces(station).includes(hop.dev)) return { station, interface: hop.dev };
  const own = station.model.localAddresses.find((a) => a.address === source);
  if (own) return { station, interface: own.interface };
  const owner = network.stations.find((s) => s.model.hasAddress(backend));
  const which = hop.via === null ? `on ${station.label}'s link` : `beyond ${hop.via}`;
  const why = owner
    ? `${backend} is ${owner.label}'s, yet ${station.label} sends it ${which}`
    : `${backend} is ${which}, and no snapshot tells how it answers`;
  return { fate: { kind: 'unknown', why } };
}

function fateOf(entry: Entry, request: Journey, reply: Journey, asked: PacketQuestion): Fate {
  const { end, packet } = reply;
  const toClient = packet.destination.text === asked.source;
  switch (end.kind) {
    case 'dropped':
      return { kind: 'lost', role: 'reply' };
    case 'queued':
      return { kind: 'unknown', why: `a program on ${end.station.label} decides on the reply` };
    case 'loop':
      return { kind: 'unknown', why: `the reply goes in circles between the nodes` };
    case 'delivered': {
      const home = entry.interface === null && end.station === request.legs[0]!.station;
      if (!home)
        return {
          kind: 'unknown',
          why: `the reply ends at ${end.station.label}, which has ${packet.destination.text}`,
        };
      break;
    }
    case 'left':
      if (!toClient) return { kind: 'unknown', why: `the reply leaves for ${packet.destination.text}` };
      break;
  }
  const translated =
    packet.source.text === asked.destination && packet.sourcePort === (asked.destinationPort ?? null);
  if (!translated) return { kind: 'untranslated' };
  return { kind: cameBack(entry, reply, asked.source!) ? 'answered' : 'answered-elsewhere' };
}

/** Whether the reply leaves by the interface, and to the next hop, that the request came from. */
function cameBack(entry: Entry, { end }: Journey, client: string): boolean {
  if (end.kind === 'delivered') return true;
  if (end.kind !== 'left' || end.station !== entry.station || end.hop.dev !== entry.interface) return false;
  return entry.sender === null || (end.hop.via ?? client) === entry.sender;
}

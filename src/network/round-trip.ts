import { ipvsDoubt } from '../kernel/ipvs.js';
import type { PacketQuestion } from '../kernel/netfilter/passage.js';
import type { Endpoint } from '../model/analysis.js';
import type { Entry } from './entry.js';
import { type Connections, follow, type Journey, questionOf } from './journey.js';
import { outerInterfaces, TUNNELS } from './link.js';
import { type LostAck, lostAck } from './lost-ack.js';
import { wayText } from './narrate.js';
import type { Network } from './network.js';
import { isOneNeighbour, unreachedOwner } from './next.js';
import type { Station } from './station.js';

/** A connection's first request, its reply and the ACKs after it, as the nodes' settings have them go. */
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
  /** As far as the reply. */
  fate: Fate;
  /** Of TCP, the ACK after it that a node drops; null where all arrive, and where nothing tells. */
  lostAck: LostAck | null;
}

export type Fate =
  | { kind: 'answered' }
  /**
   * The client gets the reply, which left another way than the request came; `router`: by the same router all the same,
   * which a snapshot tells of; `parting`: the node that sent it the other way, where that is not the last that both pass.
   */
  | { kind: 'answered-elsewhere'; router?: string; parting?: Station }
  /** What becomes of it after this is not in any snapshot. */
  | { kind: 'unknown'; why: string }
  /** Dropped by a node. */
  | { kind: 'lost'; role: 'request' | 'reply' }
  /** The reply reaches the client's side with another address than the client asked. */
  | { kind: 'untranslated' }
  /** No node's rules lead the request to a backend, or nodes send it round in circles. */
  | { kind: 'undelivered'; why: string };

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
    if ('fate' in start) return [{ ...common, reply: null, fate: start.fate, lostAck: null }];
    const question: PacketQuestion = { ...answerTo(request), tcp: packet.tcp ? 'syn-ack' : null };
    const known = withAsker(network, entry, packet, request.connections);
    return follow(network, start, question, known).map((reply) => {
      const fate = fateOf(network, entry, request, reply, packet);
      return {
        ...common,
        reply: { ...reply, chance: reply.chance * request.chance },
        fate,
        lostAck: arrives(fate)
          ? lostAck(network, { journey: request, question: packet }, { journey: reply, question })
          : null,
      };
    });
  });
}

/** Who has the client's address sent the request, wherever the walk begins: its firewall takes the reply for an answer. */
function withAsker(
  { stations }: Network,
  { interface: name }: Entry,
  packet: PacketQuestion & { source: string },
  known: Connections,
): Connections {
  const [home, ...others] = name === null ? [] : stations.filter((s) => s.model.hasAddress(packet.source));
  if (!home || others.length > 0 || known.has(home.label)) return known;
  const connection = home.path.send(packet)[0]?.connection;
  return connection ? new Map(known).set(home.label, [connection]) : known;
}

/** Whether the client gets the reply. */
function arrives({ kind }: Fate): boolean {
  return kind === 'answered' || kind === 'answered-elsewhere';
}

/** Whether the connection is made, and goes on: the client gets the reply, and each end the other's ACK. */
export function isMade({ fate, lostAck: lost }: RoundTrip): boolean {
  return arrives(fate) && lost === null;
}

/** As the request is addressed in the end: by translation, or as the client addressed it. */
function backendOf({ end, packet }: Journey, server: Endpoint): Endpoint | null {
  const backend = { address: packet.destination.text, port: packet.destinationPort };
  const isOwn = end.kind === 'delivered' || (end.kind === 'left' && leadsInward(end));
  return isOwn || backend.address !== server.address ? backend : null;
}

/** The reply to what a request has become at its end. */
export function answerTo({ packet }: Journey): PacketQuestion & { source: string } {
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
  asked: PacketQuestion & { source: string },
): { station: Station; interface: string | null } | { fate: Fate } {
  const { end, packet } = request;
  const untranslated = packet.destination.text === asked.destination;
  const rulesUnknown = request.legs[0]!.passage.unknown.find((line) =>
    /iptables-save|ip6tables-save|nft\.json/.test(line),
  );
  if (untranslated && rulesUnknown && (end.kind === 'delivered' || end.kind === 'left')) {
    return { fate: unknown(`whether it is translated is not known: ${rulesUnknown}`) };
  }
  switch (end.kind) {
    case 'delivered':
      break;
    case 'dropped':
      return { fate: whereCertain({ kind: 'lost', role: 'request' }, request) };
    case 'loop':
      return {
        fate: whereCertain(
          { kind: 'undelivered', why: `requests go in circles: ${circleText(request)}` },
          request,
        ),
      };
    case 'queued':
      return { fate: unknown(`a program on ${end.station.label} decides on it`) };
    case 'left': {
      // What is asked for by its own address, a pod as a rule, needs no rule to lead there.
      if (untranslated && !leadsInward(end)) {
        const why = `no rule on the way leads them to a backend: ${wayText(request)}`;
        return { fate: whereCertain({ kind: 'undelivered', why }, request) };
      }
      break;
    }
  }
  return answerStart(network, request, asked.source)!;
}

/**
 * Where the reply to a request starts that arrives; why that is not known, where it is not; null where the request
 * does not arrive.
 *
 * @param client that the request is from
 */
export function answerStart(
  network: Network,
  request: Journey,
  client: string,
): { station: Station; interface: string | null } | { fate: Fate } | null {
  const { end, packet } = request;
  if (end.kind === 'delivered') return answerFromStation(end.station, packet);
  if (end.kind === 'left') return answerFromOutside(network, end, request, client);
  return null;
}

function answerFromStation(
  station: Station,
  { destination, destinationPort: port, protocol, mark }: Journey['packet'],
): { station: Station; interface: null } | { fate: Fate } {
  const backend = destination.text;
  const { snapshot } = station;
  // IPVS takes it before any process does, and whom it chooses is in no snapshot file.
  if (ipvsDoubt(snapshot, { address: backend, protocol, port, mark }) !== null) {
    return {
      fate: unknown(`IPVS of ${station.label} chooses a backend for ${backend}, which is not modelled`),
    };
  }
  return { station, interface: null };
}

/** Whether it ends right behind a device of the node's that leads to no other node: a pod is there. */
function leadsInward({
  station,
  hop,
}: Pick<Extract<Journey['end'], { kind: 'left' }>, 'station' | 'hop'>): boolean {
  const isTunnel = TUNNELS.has(station.model.link(hop.dev)?.kind ?? '');
  return hop.via === null && !isTunnel && !outerInterfaces(station).includes(hop.dev);
}

/** A pod answers by the device that leads to it; another host by ways that no snapshot tells. */
function answerFromOutside(
  network: Network,
  { station, hop }: Extract<Journey['end'], { kind: 'left' }>,
  { legs, packet }: Journey,
  client: string,
): { station: Station; interface: string } | { fate: Fate } {
  const backend = packet.destination.text;
  if (leadsInward({ station, hop })) {
    const isBridge = station.model.link(hop.dev)?.kind === 'bridge';
    if (isBridge && backend === client && legs.at(-1)!.interface === hop.dev) {
      return {
        fate: unknown(
          `whether ${hop.dev} of ${station.label} sends a pod its own packets back (hairpin) is not known`,
        ),
      };
    }
    return { station, interface: hop.dev };
  }
  const owner = network.stations.find((s) => s.model.hasAddress(backend));
  const which = hop.via === null ? `behind ${hop.dev}` : `beyond ${hop.via}`;
  return {
    fate: unknown(
      owner
        ? `${backend} is ${owner.label}'s, yet ${station.label} sends it ${which}`
        : `${backend} is ${which}, and no snapshot tells what its node does`,
    ),
  };
}

function fateOf(
  network: Network,
  entry: Entry,
  request: Journey,
  reply: Journey,
  asked: PacketQuestion & { source: string },
): Fate {
  const { end, packet } = reply;
  switch (end.kind) {
    case 'dropped':
      return whereCertain({ kind: 'lost', role: 'reply' }, request, reply);
    case 'queued':
      return unknown(`a program on ${end.station.label} decides on the reply`);
    case 'loop':
      return unknown(`the reply goes in circles: ${circleText(reply)}`);
    case 'delivered':
      // A client that has a snapshot itself gets it wherever its node takes it in.
      if (
        entry.interface === null
          ? end.station !== request.legs[0]!.station
          : packet.destination.text !== asked.source
      ) {
        return unknown(`the reply ends at ${end.station.label}, which has ${packet.destination.text}`);
      }
      break;
    case 'left': {
      if (packet.destination.text !== asked.source) {
        return unknown(`the reply leaves for ${packet.destination.text}`);
      }
      const owner = unreachedOwner(network, end.station, end.hop, packet.destination.text);
      if (owner) {
        const whom = end.hop.via ?? packet.destination.text;
        return unknown(
          `the reply leaves by ${end.hop.dev} of ${end.station.label} for ${whom}, and ${owner.label}, which has that, is on another link`,
        );
      }
      if (entry.isPod && end.hop.via !== null) {
        const away = `by ${end.hop.dev} of ${end.station.label} for ${end.hop.via}`;
        return unknown(`the reply leaves ${away}, though ${asked.source} is a pod of ${entry.station.label}`);
      }
      break;
    }
  }
  const translated =
    packet.source.text === asked.destination && packet.sourcePort === (asked.destinationPort ?? null);
  if (!translated) return whereCertain({ kind: 'untranslated' }, request, reply);
  if (cameBack(entry, reply, asked.source)) return { kind: 'answered' };
  const router = sameRouter(entry, reply)?.label;
  const fate: Fate = { kind: 'answered-elsewhere', ...(router !== undefined && { router }) };
  return whereCertain(fate, request, reply);
}

/** What rests on something that is not known is no more than a possibility. */
function whereCertain(fate: Fate, ...journeys: readonly Journey[]): Fate {
  const doubt = journeys.flatMap((journey) => journey.doubts)[0];
  if (doubt === undefined) return fate;
  const what = {
    lost: `the ${fate.kind === 'lost' ? fate.role : 'packet'} may be dropped`,
    untranslated: 'the reply may not be translated back',
    'answered-elsewhere': 'the reply may leave another way',
    undelivered: 'the request may reach no backend',
    answered: 'the reply may come back',
    unknown: 'it may be',
  }[fate.kind];
  return unknown(`${what}, which cannot be told for certain: ${doubt}`);
}

/** The nodes of one turn. */
function circleText({ legs }: Journey): string {
  const places = legs.map(
    ({ station, interface: name }) => `${station.label}${name === null ? '' : ` (${name})`}`,
  );
  const last = places.at(-1)!;
  const before = places.lastIndexOf(last, -2);
  return places.slice(Math.max(0, before)).join(', ');
}

function unknown(why: string): Fate {
  return { kind: 'unknown', why };
}

/**
 * Whether the reply leaves by the interface, and to the next hop, that the request came from. What a router with a
 * snapshot makes of it then is its own affair, for it had the request.
 */
function cameBack(entry: Entry, { end, legs }: Journey, client: string): boolean {
  if (end.kind === 'delivered' && entry.interface === null) return true;
  const at = legs.findLastIndex((leg) => leg.station === entry.station);
  const hop = legs[at]?.hop;
  if (!hop || hop.dev !== entry.interface) return false;
  const next = legs[at + 1]?.station;
  const isSender = entry.sender !== null && next?.model.hasAddress(entry.sender) === true;
  if (isSender) return true;
  if (end.kind !== 'delivered' && (end.kind !== 'left' || end.station !== entry.station)) return false;
  return entry.sender === null || isOneNeighbour(entry.station, hop.dev, entry.sender, hop.via ?? client);
}

/** The router that the request came from, where the reply comes to it as well, by another of its links. */
function sameRouter({ station, sender }: Entry, { legs }: Journey): Station | null {
  if (sender === null) return null;
  const at = legs.findLastIndex((leg) => leg.station === station);
  // Who does not pass it on is the client.
  const passing = legs.slice(at + 1).filter(({ hop }) => hop !== null);
  return passing.find((leg) => leg.station.model.hasAddress(sender))?.station ?? null;
}

import type { Address } from '../prefix.js';
import { hasPorts } from '../protocols.js';
import type { Connection, FilterPacket, Tuple } from './packet.js';

/** ICMP and ICMPv6 queries that a connection may begin with, and their answers (RFC 792, RFC 4443, RFC 4620). */
const QUERIES: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  icmp: { 8: 0, 13: 14, 15: 16, 17: 18 },
  'ipv6-icmp': { 128: 129, 139: 140 },
};
/** Neighbour discovery and multicast listeners: nf_conntrack_icmpv6 leaves them untracked. */
const UNTRACKED6 = new Set([130, 131, 132, 133, 134, 135, 136, 137, 143]);

export interface TrackingSettings {
  /** nf_conntrack_tcp_loose: whether an ACK with no SYN before it is taken as a connection. */
  tcpLoose: boolean;
}

/** The tuple turned round, as an answer to it has it. */
export function invert(tuple: Tuple): Tuple {
  return {
    source: tuple.destination,
    destination: tuple.source,
    sourcePort: tuple.destinationPort,
    destinationPort: tuple.sourcePort,
  };
}

/**
 * nf_conntrack_in(): finds the packet's connection, or makes one. What is found is copied, never changed. A packet
 * that is left without one is invalid, unless it is untracked.
 *
 * @returns whether the connection is new
 */
export function track(
  packet: FilterPacket,
  connections: readonly Connection[],
  settings: TrackingSettings,
): boolean {
  if (packet.untracked || packet.connection) return false;
  if (packet.icmp && packet.protocol === 'ipv6-icmp' && UNTRACKED6.has(packet.icmp.type)) {
    packet.untracked = true;
    return false;
  }
  const found = find(packet, connections);
  if (!found) {
    packet.connection = begin(packet, settings);
    return packet.connection !== null;
  }
  const { connection, direction } = found;
  if (direction === 'original' && isUnexpected(packet, connection)) return false;
  packet.direction = direction;
  // IPS_SEEN_REPLY: the first packet of the other direction establishes it.
  packet.connection = { ...connection, state: direction === 'reply' ? 'established' : connection.state };
  return false;
}

function find(
  packet: FilterPacket,
  connections: readonly Connection[],
): { connection: Connection; direction: 'original' | 'reply' } | null {
  for (const connection of connections) {
    if (connection.family !== packet.family || connection.protocol !== packet.protocol) continue;
    if (sameTuple(packet, connection.original) && !isAnswer(packet))
      return { connection, direction: 'original' };
    if (sameTuple(packet, connection.reply) && !isQuery(packet)) return { connection, direction: 'reply' };
  }
  return null;
}

/** An ICMP query can only be of the original direction, an answer only of the other. */
function isQuery({ protocol, icmp }: FilterPacket): boolean {
  return icmp !== null && QUERIES[protocol]?.[icmp.type] !== undefined;
}

function isAnswer({ protocol, icmp }: FilterPacket): boolean {
  return icmp !== null && Object.values(QUERIES[protocol] ?? {}).includes(icmp.type);
}

/**
 * tcp_conntracks[][] of nf_conntrack_proto_tcp.c, its row of SYN_SENT: as long as no answer was seen, an ACK of the
 * client's is invalid, for its answer must have gone round this node.
 */
function isUnexpected(packet: FilterPacket, connection: Connection): boolean {
  if (packet.protocol !== 'tcp') return false;
  if (packet.tcp === 'syn-ack') return true;
  return packet.tcp === 'ack' && connection.state === 'new' && connection.pickedUp !== true;
}

/** init_conntrack(); null where a connection cannot begin with such a packet. */
function begin(packet: FilterPacket, settings: TrackingSettings): Connection | null {
  if (packet.icmp && !isQuery(packet)) return null;
  const midway = packet.protocol === 'tcp' && packet.tcp === 'ack';
  if (packet.protocol === 'tcp' && packet.tcp === 'syn-ack') return null;
  if (midway && !settings.tcpLoose) return null;
  const { family, protocol, source, destination, sourcePort, destinationPort } = packet;
  const original = { source, destination, sourcePort, destinationPort };
  packet.direction = 'original';
  return {
    family,
    protocol,
    original,
    reply: invert(original),
    state: 'new',
    mark: 0,
    zone: 0,
    destinationNat: false,
    sourceNat: false,
    ...(midway ? { pickedUp: true } : {}),
  };
}

/**
 * nf_nat_setup_info(): gives a new connection its translation; addresses and ports that are null stay.
 *
 * @param half which end of the packet is rewritten
 */
export function bind(
  connection: Connection,
  half: 'destination' | 'source',
  address: Address | null,
  port: number | null,
): void {
  const now = invert(connection.reply);
  const newPort = hasPorts(connection.protocol) ? port : null;
  const changed: Tuple =
    half === 'destination'
      ? { ...now, destination: address ?? now.destination, destinationPort: newPort ?? now.destinationPort }
      : { ...now, source: address ?? now.source, sourcePort: newPort ?? now.sourcePort };
  if (sameTuple(now, changed)) return;
  connection.reply = invert(changed);
  if (half === 'destination') connection.destinationNat = true;
  else connection.sourceNat = true;
}

export function sameTuple(a: Tuple, b: Tuple): boolean {
  return (
    a.source.text === b.source.text &&
    a.destination.text === b.destination.text &&
    a.sourcePort === b.sourcePort &&
    a.destinationPort === b.destinationPort
  );
}

/**
 * nf_nat_packet(): rewrites one end of the packet as its connection says. In the direction of replies it is the
 * translation of the other end that is undone.
 *
 * @returns what changed, as `192.168.1.100:80 becomes 10.244.1.10:8080`; null where nothing did
 */
export function translate(packet: FilterPacket, half: 'destination' | 'source'): string | null {
  const { connection, direction } = packet;
  if (!connection) return null;
  const isDestinationNat = (half === 'destination') === (direction === 'original');
  if (!(isDestinationNat ? connection.destinationNat : connection.sourceNat)) return null;
  const target = invert(direction === 'original' ? connection.reply : connection.original);
  const before = endText(packet, half);
  if (half === 'destination') {
    packet.destination = target.destination;
    packet.destinationPort = target.destinationPort;
  } else {
    packet.source = target.source;
    packet.sourcePort = target.sourcePort;
  }
  const after = endText(packet, half);
  return before === after ? null : `${before} becomes ${after}`;
}

/** nf_nat_used_tuple(): whether a known connection has the tuple already that answers to this one would have. */
export function isTaken(connection: Connection, connections: readonly Connection[]): boolean {
  return connections.some(
    (other) =>
      other.family === connection.family &&
      other.protocol === connection.protocol &&
      (sameTuple(other.original, connection.reply) || sameTuple(other.reply, connection.reply)),
  );
}

/** `10.0.0.1:80`, `[fd00::1]:80`, or the address alone. */
export function endText(tuple: Tuple, half: 'destination' | 'source'): string {
  const address = half === 'destination' ? tuple.destination : tuple.source;
  const port = half === 'destination' ? tuple.destinationPort : tuple.sourcePort;
  if (port === null) return address.text;
  return address.family === 4 ? `${address.text}:${port}` : `[${address.text}]:${port}`;
}

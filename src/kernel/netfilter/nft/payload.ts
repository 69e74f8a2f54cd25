/** Selectors on what stands in the packet's headers. */

import { PROTOCOLS, protocolNumber } from '../../protocols.js';
import type { FilterPacket } from '../packet.js';
import { type Expression, selector, UNKNOWN, unknownSelector, type Value } from './expression.js';
import { integer, type JsonObject, text } from './json.js';
import * as types from './types.js';

/**
 * nft leaves a rule's `meta l4proto tcp` away where `tcp dport` implies it, so a header's selector is a match on the
 * header as well.
 */
interface Header {
  has: (packet: FilterPacket) => boolean;
  fields: Readonly<Record<string, Expression>>;
}

type Read = (packet: FilterPacket) => Value | null;

const isFamily = (family: 4 | 6) => (packet: FilterPacket) => packet.family === family;
const isProtocol =
  (...names: string[]) =>
  (packet: FilterPacket) =>
    names.includes(packet.protocol);

/** The packet's protocol as the number in its header; UNKNOWN for a name that is not known. */
export function protocolOf(packet: FilterPacket): Value {
  return protocolNumber(packet.protocol) ?? UNKNOWN;
}

const orUnknown = (value: number | null): Value => value ?? UNKNOWN;
const LENGTH_UNKNOWN = { unsure: 'the length of the packet is not known' };
const PORT_UNKNOWN = { unsure: 'the ports of the packet are not known' };

const port = (key: 'sourcePort' | 'destinationPort') =>
  selector(types.PORT, (packet) => orUnknown(packet[key]), PORT_UNKNOWN);
const PORTS = { sport: port('sourcePort'), dport: port('destinationPort') };

/** Handshake packets have these flags alone. */
const TCP_FLAGS = { syn: 0x02, 'syn-ack': 0x12, ack: 0x10 };

const icmpFields = (type: types.DataType, code: types.DataType) => ({
  type: selector(type, (packet) => orUnknown(packet.icmp?.type ?? null), {
    unsure: 'the ICMP type is not known',
  }),
  code: selector(code, (packet) => orUnknown(packet.icmp?.code ?? null), {
    unsure: 'the ICMP code is not known',
  }),
});

const HEADERS: Readonly<Record<string, Header>> = {
  ip: {
    has: isFamily(4),
    fields: {
      saddr: selector(types.IPV4_ADDRESS, (packet) => types.addressAtom(packet.source)),
      daddr: selector(types.IPV4_ADDRESS, (packet) => types.addressAtom(packet.destination)),
      protocol: selector(types.PROTOCOL, protocolOf, { unsure: 'the protocol has no known number' }),
      ttl: selector(types.numbers('integer', 8), (packet) => packet.ttl),
      length: selector(types.numbers('integer', 16), (packet) => orUnknown(packet.length), LENGTH_UNKNOWN),
      dscp: selector(types.DSCP, (packet) => packet.tos >> 2),
      ecn: selector(types.ECN, (packet) => packet.tos & 3),
      version: selector(types.numbers('nibble', 4), () => 4),
      hdrlength: selector(types.numbers('nibble', 4), () => 5),
      // Fragments are put together before rules see them, wherever there is connection tracking; DF is not known.
      'frag-off': selector(types.numbers('integer', 16), () => 0, { knownBits: 0x3fff }),
    },
  },
  ip6: {
    has: isFamily(6),
    fields: {
      saddr: selector(types.IPV6_ADDRESS, (packet) => types.addressAtom(packet.source)),
      daddr: selector(types.IPV6_ADDRESS, (packet) => types.addressAtom(packet.destination)),
      nexthdr: selector(types.PROTOCOL, protocolOf, { unsure: 'the protocol has no known number' }),
      hoplimit: selector(types.numbers('integer', 8), (packet) => packet.ttl),
      length: selector(
        types.numbers('integer', 16),
        (packet) => orUnknown(packet.length === null ? null : packet.length - 40),
        LENGTH_UNKNOWN,
      ),
      dscp: selector(types.DSCP, (packet) => packet.tos >> 2),
      ecn: selector(types.ECN, (packet) => packet.tos & 3),
      version: selector(types.numbers('nibble', 4), () => 6),
    },
  },
  tcp: {
    has: isProtocol('tcp'),
    fields: {
      ...PORTS,
      flags: selector(types.TCP_FLAGS, (packet) => (packet.tcp ? TCP_FLAGS[packet.tcp] : UNKNOWN), {
        unsure: 'the TCP flags are not known',
      }),
    },
  },
  udp: { has: isProtocol('udp'), fields: PORTS },
  udplite: { has: isProtocol('udplite', '136'), fields: PORTS },
  sctp: { has: isProtocol('sctp', '132'), fields: PORTS },
  dccp: { has: isProtocol('dccp', '33'), fields: PORTS },
  // The first octets after the IP header, whatever they are.
  th: { has: () => true, fields: PORTS },
  icmp: {
    has: (packet) => packet.family === 4 && isProtocol('icmp', '1')(packet),
    fields: icmpFields(types.ICMP_TYPE, types.ICMP_CODE),
  },
  icmpv6: {
    has: (packet) => packet.family === 6 && isProtocol('ipv6-icmp', 'icmpv6', '58')(packet),
    fields: icmpFields(types.ICMPV6_TYPE, types.ICMPV6_CODE),
  },
  ether: {
    // What the node sends has no link header yet (`meta iiftype ether` fails).
    has: (packet) => packet.iif !== null,
    fields: {
      saddr: selector(types.ETHER_ADDRESS, macSource, { unsure: "the sender's MAC is not known" }),
      type: selector(types.ETHER_TYPE, etherType),
    },
  },
  arp: { has: () => false, fields: {} },
  // A tagged packet is the VLAN's device's.
  vlan: { has: () => false, fields: {} },
};

function macSource(packet: FilterPacket): Value {
  return packet.macSource === null ? UNKNOWN : (types.ETHER_ADDRESS.parse(packet.macSource) ?? UNKNOWN);
}

export function etherType(packet: FilterPacket): number {
  return packet.family === 4 ? 0x0800 : 0x86dd;
}

/** `{"payload": {"protocol": "tcp", "field": "dport"}}`, or by place: `{"base": "nh", "offset": 96, "len": 32}`. */
export function compilePayload(body: JsonObject): Expression {
  const protocol = text(body.protocol);
  const field = text(body.field);
  // `vxlan ip saddr`: of the packet within.
  if (protocol === null || field === null || body.tunnel !== undefined) return compileRaw(body);
  const header = Object.hasOwn(HEADERS, protocol) ? HEADERS[protocol]! : null;
  const why = `"${protocol} ${field}" is not modelled`;
  if (!header) {
    const number = PROTOCOLS[protocol];
    return number === undefined
      ? unknownSelector(why)
      : unknownSelector(why, (packet) => protocolOf(packet) === number);
  }
  if (!Object.hasOwn(header.fields, field)) return unknownSelector(why, header.has);
  const found = header.fields[field]!;
  return {
    ...found,
    read: (packet, node, draw) => (header.has(packet) ? found.read(packet, node, draw) : null),
  };
}

/** Octets of the IPv4 header that nft prints by place where it has lost their names. */
const RAW: Readonly<Record<string, Read>> = {
  'nh 8 8': (packet) => packet.tos,
  'nh 64 8': (packet) => packet.ttl,
  'nh 72 8': protocolOf,
  'nh 96 32': (packet) => types.addressAtom(packet.source),
  'nh 128 32': (packet) => types.addressAtom(packet.destination),
};

function compileRaw(body: JsonObject): Expression {
  const base = text(body.base) ?? '?';
  const offset = integer(body.offset) ?? '?';
  const len = integer(body.len);
  const read = RAW[`${base} ${offset} ${len}`];
  if (!read || len === null) return unknownSelector(`"@${base},${offset},${len ?? '?'}" is not modelled`);
  const unsure = 'the octets are not known of this packet';
  return selector(types.numbers('integer', len), (packet) => (packet.family === 4 ? read(packet) : UNKNOWN), {
    unsure,
  });
}

import { type Packet, type Tunnel, TunnelKind } from '../../../src/decode/packet.js';
import { formatAddress, formatMac } from '../../../src/model/address.js';

/** Field names of tshark, each with its values in one frame. */
export type FieldValues = Map<string, string[]>;

interface Field {
  name: string;
  /** Outer headers have it too, yet a tunnel's entry does not keep it. */
  innermost?: true;
  /** Quoted headers have it too, yet tshark does not give it there. */
  unquoted?: true;
  /** Its values in this decoder's packet, without those of the one that it quotes. */
  values: (packet: Packet) => (string | number)[];
  normalise?: (values: string[]) => string[];
}

const hex = (values: string[]) => values.map((value) => String(Number(value)));
const lowOctet = (values: string[]) => values.map((value) => String(Number(value) & 0xff));
const boolean = (values: string[]) => values.map((value) => (value === '1' || value === 'True' ? '1' : '0'));
/** tshark gives an identifier in both byte orders. */
const everyOther = (values: string[]) =>
  values.filter((_, i) => i % 2 === 0).map((value) => String(Number(value)));

const tunnelsOf = (packet: Packet) => packet.tunnels.slice(0, packet.tunnelDepth);
const some = (value: number) => (value < 0 ? [] : [value]);
const isTcp = (packet: Packet) => packet.tcpFlags >= 0;

function ids(kind: TunnelKind) {
  return (packet: Packet) =>
    tunnelsOf(packet)
      .filter((tunnel) => tunnel.kind === kind)
      .map((tunnel) => tunnel.id);
}

function addresses(
  version: 4 | 6,
  ofTunnel: (tunnel: Tunnel) => number,
  ofPacket: (packet: Packet) => number,
) {
  return (packet: Packet) => {
    const offsets = tunnelsOf(packet)
      .filter((tunnel) => tunnel.ipVersion === version)
      .map(ofTunnel);
    if (packet.ipVersion === version) offsets.push(ofPacket(packet));
    return offsets.map((offset) => formatAddress(packet.bytes, offset, version));
  };
}

function hopLimits(version: 4 | 6) {
  return (packet: Packet) => {
    const limits = tunnelsOf(packet)
      .filter((tunnel) => tunnel.ipVersion === version)
      .map((tunnel) => tunnel.ttl);
    return packet.ipVersion === version ? [...limits, packet.ttl] : limits;
  };
}

function macs(ofTunnel: (tunnel: Tunnel) => number, ofPacket: (packet: Packet) => number) {
  return (packet: Packet) => {
    const offsets = [...tunnelsOf(packet).map(ofTunnel), ofPacket(packet)].filter((offset) => offset >= 0);
    return [...new Set(offsets)].map((offset) => formatMac(packet.bytes, offset));
  };
}

function ports(protocol: number, ofTunnel: (tunnel: Tunnel) => number, ofPacket: (packet: Packet) => number) {
  return (packet: Packet) => {
    const values = tunnelsOf(packet).map(ofTunnel);
    const outer = protocol === 17 ? values.filter((port) => port >= 0) : [];
    return packet.protocol === protocol ? [...outer, ...some(ofPacket(packet))] : outer;
  };
}

/** The fields that are compared. Those of 4.0 and later are named as there. */
export const FIELDS: readonly Field[] = [
  {
    name: 'eth.src',
    values: macs(
      (tunnel) => tunnel.etherSource,
      (packet) => packet.etherSource,
    ),
  },
  {
    name: 'eth.dst',
    values: macs(
      (tunnel) => tunnel.etherDestination,
      (packet) => packet.etherDestination,
    ),
  },
  { name: 'sll.pkttype', values: (packet) => some(packet.packetType) },
  { name: 'sll.hatype', values: (packet) => some(packet.hardwareType) },
  { name: 'sll.ifindex', values: (packet) => (packet.ifindex > 0 ? [packet.ifindex] : []) },
  {
    name: 'sll.src.eth',
    values: (packet) => (packet.linkAddressLength === 6 ? [formatMac(packet.bytes, packet.linkAddress)] : []),
  },
  { name: 'vxlan.vni', values: ids(TunnelKind.vxlan) },
  { name: 'geneve.vni', values: ids(TunnelKind.geneve), normalise: hex },
  {
    name: 'gre.key',
    values: (packet) => ids(TunnelKind.gre)(packet).filter((id) => id !== 0),
    normalise: hex,
  },
  { name: 'pppoe.session_id', values: ids(TunnelKind.pppoe), normalise: hex },
  {
    name: 'ip.src',
    values: addresses(
      4,
      (tunnel) => tunnel.source,
      (packet) => packet.sourceAddress,
    ),
  },
  {
    name: 'ip.dst',
    values: addresses(
      4,
      (tunnel) => tunnel.destination,
      (packet) => packet.destinationAddress,
    ),
  },
  {
    name: 'ipv6.src',
    values: addresses(
      6,
      (tunnel) => tunnel.source,
      (packet) => packet.sourceAddress,
    ),
  },
  {
    name: 'ipv6.dst',
    values: addresses(
      6,
      (tunnel) => tunnel.destination,
      (packet) => packet.destinationAddress,
    ),
  },
  { name: 'ip.ttl', values: hopLimits(4) },
  { name: 'ipv6.hlim', values: hopLimits(6) },
  {
    name: 'udp.srcport',
    values: ports(
      17,
      (tunnel) => tunnel.sourcePort,
      (packet) => packet.sourcePort,
    ),
  },
  {
    name: 'udp.dstport',
    values: ports(
      17,
      (tunnel) => tunnel.destinationPort,
      (packet) => packet.destinationPort,
    ),
  },
  {
    name: 'tcp.srcport',
    values: ports(
      6,
      (tunnel) => tunnel.sourcePort,
      (packet) => packet.sourcePort,
    ),
  },
  {
    name: 'tcp.dstport',
    values: ports(
      6,
      (tunnel) => tunnel.destinationPort,
      (packet) => packet.destinationPort,
    ),
  },
  {
    name: 'vlan.id',
    innermost: true,
    values: (packet) => vlans(packet).slice(hasServiceTag(packet) ? 1 : 0),
  },
  {
    name: 'ieee8021ad.id',
    innermost: true,
    values: (packet) => vlans(packet).slice(0, hasServiceTag(packet) ? 1 : 0),
  },
  {
    name: 'ip.id',
    innermost: true,
    values: (packet) => (packet.ipVersion === 4 ? [packet.identification] : []),
    normalise: hex,
  },
  {
    name: 'ip.flags.df',
    innermost: true,
    values: (packet) => (packet.ipVersion === 4 ? [Number(packet.dontFragment)] : []),
    normalise: boolean,
  },
  {
    name: 'ip.flags.mf',
    innermost: true,
    values: (packet) => (packet.ipVersion === 4 ? [Number(packet.moreFragments)] : []),
    normalise: boolean,
  },
  {
    name: 'ip.frag_offset',
    innermost: true,
    values: (packet) => (packet.ipVersion === 4 ? [packet.fragmentOffset >> 3] : []),
  },
  {
    name: 'ipv6.fraghdr.ident',
    values: (packet) => (packet.ipVersion === 6 ? some(packet.identification) : []),
    normalise: hex,
  },
  {
    name: 'ipv6.fraghdr.offset',
    values: (packet) =>
      packet.ipVersion === 6 && packet.identification >= 0 ? [packet.fragmentOffset >> 3] : [],
  },
  {
    name: 'udp.length',
    innermost: true,
    values: (packet) =>
      packet.protocol === 17 && packet.payloadOffset >= 0 ? [packet.payloadLength + 8] : [],
  },
  {
    name: 'tcp.len',
    unquoted: true,
    values: (packet) => (isTcp(packet) && packet.payloadOffset >= 0 ? [packet.payloadLength] : []),
  },
  { name: 'tcp.seq', values: (packet) => (isTcp(packet) ? [packet.sequenceNumber] : []) },
  { name: 'tcp.ack', values: (packet) => (isTcp(packet) ? [packet.acknowledgmentNumber] : []) },
  { name: 'tcp.flags', values: (packet) => some(packet.tcpFlags), normalise: lowOctet },
  { name: 'tcp.window_size_value', values: (packet) => (isTcp(packet) ? [packet.window] : []) },
  { name: 'tcp.options.mss_val', values: (packet) => some(packet.maximumSegmentSize || -1) },
  { name: 'tcp.options.wscale.shift', values: (packet) => some(packet.windowScale) },
  {
    name: 'tcp.options.sack_perm',
    values: (packet) => (packet.sackPermitted ? [1] : []),
    normalise: (values) => values.map(() => '1'),
  },
  { name: 'tcp.options.timestamp.tsval', values: (packet) => some(packet.timestampValue) },
  { name: 'tcp.options.timestamp.tsecr', values: (packet) => some(packet.timestampEchoReply) },
  { name: 'icmp.type', values: (packet) => (packet.protocol === 1 ? some(packet.icmpType) : []) },
  { name: 'icmp.code', values: (packet) => (packet.protocol === 1 ? some(packet.icmpCode) : []) },
  {
    name: 'icmp.ident',
    values: (packet) => (packet.protocol === 1 ? some(packet.icmpIdentifier) : []),
    normalise: everyOther,
  },
  { name: 'icmp.seq', values: (packet) => (packet.protocol === 1 ? some(packet.icmpSequence) : []) },
  { name: 'icmpv6.type', values: (packet) => (packet.protocol === 58 ? some(packet.icmpType) : []) },
  { name: 'icmpv6.code', values: (packet) => (packet.protocol === 58 ? some(packet.icmpCode) : []) },
  {
    name: 'icmpv6.echo.identifier',
    values: (packet) => (packet.protocol === 58 ? some(packet.icmpIdentifier) : []),
    normalise: hex,
  },
  {
    name: 'icmpv6.echo.sequence_number',
    values: (packet) => (packet.protocol === 58 ? some(packet.icmpSequence) : []),
  },
  { name: 'icmpv6.nd.ns.target_address', values: (packet) => neighborTarget(packet, 135) },
  { name: 'icmpv6.nd.na.target_address', values: (packet) => neighborTarget(packet, 136) },
  { name: 'icmpv6.nd.na.flag.r', values: (packet) => neighborFlag(packet, 4), normalise: boolean },
  { name: 'icmpv6.nd.na.flag.s', values: (packet) => neighborFlag(packet, 2), normalise: boolean },
  { name: 'icmpv6.nd.na.flag.o', values: (packet) => neighborFlag(packet, 1), normalise: boolean },
  {
    name: 'icmpv6.opt.linkaddr',
    values: (packet) => (packet.ndpLinkAddress < 0 ? [] : [formatMac(packet.bytes, packet.ndpLinkAddress)]),
  },
  { name: 'arp.opcode', values: (packet) => some(packet.arpOperation) },
  { name: 'arp.src.hw_mac', values: (packet) => arpMac(packet, packet.arpSenderHardware) },
  { name: 'arp.src.proto_ipv4', values: (packet) => arpAddress(packet, packet.arpSenderProtocol) },
  { name: 'arp.dst.hw_mac', values: (packet) => arpMac(packet, packet.arpTargetHardware) },
  { name: 'arp.dst.proto_ipv4', values: (packet) => arpAddress(packet, packet.arpTargetProtocol) },
];

function vlans(packet: Packet): number[] {
  return [...some(packet.vlan), ...some(packet.innerVlan)];
}

/** tshark gives the outer tag of 802.1ad in a field of its own. */
function hasServiceTag(packet: Packet): boolean {
  return packet.etherSource >= 0 && packet.view.getUint16(packet.etherSource + 6) === 0x88a8;
}

function neighborTarget(packet: Packet, type: number): string[] {
  return packet.ndpTarget >= 0 && packet.icmpType === type
    ? [formatAddress(packet.bytes, packet.ndpTarget, 6)]
    : [];
}

function neighborFlag(packet: Packet, flag: number): number[] {
  return packet.ndpTarget >= 0 && packet.icmpType === 136 ? [packet.ndpFlags & flag ? 1 : 0] : [];
}

function arpMac(packet: Packet, offset: number): string[] {
  return offset < 0 ? [] : [formatMac(packet.bytes, offset)];
}

function arpAddress(packet: Packet, offset: number): string[] {
  return offset < 0 ? [] : [formatAddress(packet.bytes, offset, 4)];
}

/** The values of a field in a packet, then those in the packet that it quotes. */
export function valuesOf(field: Field, packet: Packet): string[] {
  const mine = field.values(packet).map(String);
  return packet.quoted && !field.unquoted ? [...mine, ...valuesOf(field, packet.quoted)] : mine;
}

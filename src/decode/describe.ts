import { type Family, formatAddress, formatMac } from '../model/address.js';
import { Outcome, type Packet, type Tunnel, TunnelKind } from './packet.js';

/** A decoded packet as plain values, under the names of `Packet`; what is absent is left out. */
export interface PacketDescription {
  outcome: keyof typeof Outcome;
  etherSource?: string;
  etherDestination?: string;
  etherType?: number;
  vlan?: number;
  innerVlan?: number;
  packetType?: number;
  ifindex?: number;
  hardwareType?: number;
  /** Octets as a MAC is written, whatever kind of address they are. */
  linkAddress?: string;
  /** Outermost first. */
  tunnels?: TunnelDescription[];
  ipVersion?: Family;
  source?: string;
  destination?: string;
  identification?: number;
  ttl?: number;
  fragmentOffset?: number;
  moreFragments?: boolean;
  dontFragment?: boolean;
  protocol?: number;
  ipPayloadLength?: number;
  sourcePort?: number;
  destinationPort?: number;
  payloadLength?: number;
  sequenceNumber?: number;
  acknowledgmentNumber?: number;
  /** In the order of the header's bits from the lowest: `FIN`, `SYN`, `RST`, `PSH`, `ACK`, `URG`, `ECE`, `CWR`. */
  tcpFlags?: string[];
  window?: number;
  maximumSegmentSize?: number;
  windowScale?: number;
  sackPermitted?: boolean;
  timestampValue?: number;
  timestampEchoReply?: number;
  icmpType?: number;
  icmpCode?: number;
  icmpIdentifier?: number;
  icmpSequence?: number;
  arp?: {
    operation: number;
    senderHardware: string;
    senderProtocol: string;
    targetHardware: string;
    targetProtocol: string;
  };
  ndp?: { target: string; flags: string[]; linkAddress: string | null };
  quoted?: PacketDescription;
}

export interface TunnelDescription {
  kind: keyof typeof TunnelKind;
  id: number;
  source?: string;
  destination?: string;
  sourcePort?: number;
  destinationPort?: number;
  ttl?: number;
  etherSource?: string;
  etherDestination?: string;
}

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'];
const NDP_FLAGS = ['override', 'solicited', 'router'];

/** The fields of a packet as text and numbers that outlive it, for people and for tests. */
export function describePacket(packet: Packet): PacketDescription {
  return {
    outcome: nameOf(Outcome, packet.outcome),
    ...describeLink(packet),
    ...(packet.tunnelDepth > 0 && {
      tunnels: packet.tunnels.slice(0, packet.tunnelDepth).map((tunnel) => describeTunnel(packet, tunnel)),
    }),
    ...describeIP(packet),
    ...describePorts(packet),
    ...describeTcp(packet),
    ...describeIcmp(packet),
    ...describeArp(packet),
    ...(packet.quoted && { quoted: describePacket(packet.quoted) }),
  };
}

function describeLink(packet: Packet): Partial<PacketDescription> {
  const { bytes } = packet;
  return {
    ...describeEther(packet, packet.etherSource, packet.etherDestination),
    ...known('etherType', packet.etherType),
    ...known('vlan', packet.vlan),
    ...known('innerVlan', packet.innerVlan),
    ...(packet.packetType >= 0 && {
      packetType: packet.packetType,
      ifindex: packet.ifindex,
      hardwareType: packet.hardwareType,
    }),
    ...(packet.linkAddress >= 0 && {
      linkAddress: formatMac(bytes, packet.linkAddress, packet.linkAddressLength),
    }),
  };
}

function describeEther(packet: Packet, source: number, destination: number) {
  if (source < 0) return {};
  return {
    etherSource: formatMac(packet.bytes, source),
    etherDestination: formatMac(packet.bytes, destination),
  };
}

function describeAddresses(packet: Packet, version: 0 | 4 | 6, source: number, destination: number) {
  if (version === 0) return {};
  return {
    source: formatAddress(packet.bytes, source, version),
    destination: formatAddress(packet.bytes, destination, version),
  };
}

function describeTunnel(packet: Packet, tunnel: Tunnel): TunnelDescription {
  return {
    kind: nameOf(TunnelKind, tunnel.kind),
    id: tunnel.id,
    ...describeAddresses(packet, tunnel.ipVersion, tunnel.source, tunnel.destination),
    ...known('sourcePort', tunnel.sourcePort),
    ...known('destinationPort', tunnel.destinationPort),
    ...(tunnel.ipVersion !== 0 && { ttl: tunnel.ttl }),
    ...describeEther(packet, tunnel.etherSource, tunnel.etherDestination),
  };
}

function describeIP(packet: Packet): Partial<PacketDescription> {
  const { ipVersion } = packet;
  if (ipVersion === 0) return {};
  return {
    ipVersion,
    ...describeAddresses(packet, ipVersion, packet.sourceAddress, packet.destinationAddress),
    ...known('identification', packet.identification),
    ttl: packet.ttl,
    ...((packet.fragmentOffset > 0 || packet.moreFragments) && {
      fragmentOffset: packet.fragmentOffset,
      moreFragments: packet.moreFragments,
    }),
    ...(ipVersion === 4 && { dontFragment: packet.dontFragment }),
    ...(packet.protocol >= 0 && { protocol: packet.protocol, ipPayloadLength: packet.ipPayloadLength }),
  };
}

function describePorts(packet: Packet): Partial<PacketDescription> {
  return {
    ...known('sourcePort', packet.sourcePort),
    ...known('destinationPort', packet.destinationPort),
    ...(packet.payloadOffset >= 0 && { payloadLength: packet.payloadLength }),
  };
}

function describeTcp(packet: Packet): Partial<PacketDescription> {
  // Of a cut header only a sequence number that is not 0 can be told from none.
  if (packet.tcpFlags < 0) return packet.sequenceNumber ? { sequenceNumber: packet.sequenceNumber } : {};
  return {
    sequenceNumber: packet.sequenceNumber,
    acknowledgmentNumber: packet.acknowledgmentNumber,
    tcpFlags: flagNames(TCP_FLAGS, packet.tcpFlags),
    window: packet.window,
    ...(packet.maximumSegmentSize > 0 && { maximumSegmentSize: packet.maximumSegmentSize }),
    ...known('windowScale', packet.windowScale),
    ...(packet.sackPermitted && { sackPermitted: true }),
    ...known('timestampValue', packet.timestampValue),
    ...known('timestampEchoReply', packet.timestampEchoReply),
  };
}

function describeIcmp(packet: Packet): Partial<PacketDescription> {
  const { bytes, ndpTarget, ndpLinkAddress } = packet;
  return {
    ...known('icmpType', packet.icmpType),
    ...known('icmpCode', packet.icmpCode),
    ...known('icmpIdentifier', packet.icmpIdentifier),
    ...known('icmpSequence', packet.icmpSequence),
    ...(ndpTarget >= 0 && {
      ndp: {
        target: formatAddress(bytes, ndpTarget, 6),
        flags: flagNames(NDP_FLAGS, packet.ndpFlags),
        linkAddress: ndpLinkAddress < 0 ? null : formatMac(bytes, ndpLinkAddress),
      },
    }),
  };
}

function describeArp(packet: Packet): Partial<PacketDescription> {
  if (packet.arpOperation < 0) return {};
  const { bytes } = packet;
  return {
    arp: {
      operation: packet.arpOperation,
      senderHardware: formatMac(bytes, packet.arpSenderHardware),
      senderProtocol: formatAddress(bytes, packet.arpSenderProtocol, 4),
      targetHardware: formatMac(bytes, packet.arpTargetHardware),
      targetProtocol: formatAddress(bytes, packet.arpTargetProtocol, 4),
    },
  };
}

function known<K extends string>(name: K, value: number): { [P in K]?: number } {
  return value < 0 ? {} : ({ [name]: value } as { [P in K]?: number });
}

function flagNames(names: readonly string[], bits: number): string[] {
  return names.filter((_, i) => (bits >> i) & 1);
}

function nameOf<T extends Record<string, number>>(names: T, value: number): keyof T {
  return Object.keys(names).find((name) => names[name] === value)!;
}

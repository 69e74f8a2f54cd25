import type { PacketDescription, TunnelDescription } from './describe.js';

/** A decoded packet for a person: a line a header, the outermost first. */
export function headerLines(packet: PacketDescription): string[] {
  const lines = [
    ...cookedLine(packet),
    ...(packet.tunnels ?? []).flatMap(tunnelLines),
    ...innerLines(packet),
  ];
  if (packet.outcome === 'snapped') lines.push('(the rest was not captured)');
  if (packet.outcome === 'malformed') lines.push('(malformed from here on)');
  return lines;
}

function innerLines(packet: PacketDescription): string[] {
  return [
    ...etherLine(packet),
    ...arpLine(packet),
    ...ipLine(packet),
    ...transportLine(packet),
    ...ndpLine(packet),
    ...(packet.quoted ? innerLines(packet.quoted).map((line) => `quotes ${line}`) : []),
  ];
}

/** Of Linux' cooked captures, by `sll_pkttype`. */
const PACKET_TYPES = ['to us', 'broadcast', 'multicast', 'to another host', 'sent by us'];

function cookedLine({ packetType, ifindex, linkAddress, tunnels, vlan }: PacketDescription): string[] {
  if (packetType === undefined) return [];
  return [
    joined([
      'Linux cooked',
      PACKET_TYPES[packetType] ?? `packet type ${packetType}`,
      ifindex ? `ifindex ${ifindex}` : null,
      linkAddress === undefined ? null : `sender ${linkAddress}`,
      vlan === undefined || tunnels ? null : `VLAN ${vlan}`,
    ]),
  ];
}

function etherLine({
  etherSource,
  etherDestination,
  etherType,
  vlan,
  innerVlan,
}: PacketDescription): string[] {
  if (etherSource === undefined) return [];
  return [
    joined([
      `Ethernet ${etherSource} > ${etherDestination}`,
      vlan === undefined ? null : `VLAN ${vlan}`,
      innerVlan === undefined ? null : `VLAN ${innerVlan}`,
      etherType === undefined ? null : `type 0x${etherType.toString(16).padStart(4, '0')}`,
    ]),
  ];
}

function tunnelLines(tunnel: TunnelDescription): string[] {
  const { kind, id, source, destination, sourcePort, destinationPort, ttl } = tunnel;
  const version = source?.includes(':') ? 'IPv6' : 'IPv4';
  const ports =
    destinationPort === undefined
      ? []
      : [`UDP ${sourcePort === undefined ? '?' : sourcePort} > ${destinationPort}`];
  return [
    ...etherLine({ outcome: 'complete', ...tunnel }),
    ...(source === undefined ? [] : [joined([`${version} ${source} > ${destination}`, `TTL ${ttl}`])]),
    ...ports,
    ...(kind === 'ipip' ? [] : [`${TUNNEL_NAMES[kind]} ${id}`]),
  ];
}

const TUNNEL_NAMES: Record<Exclude<TunnelDescription['kind'], 'ipip'>, string> = {
  vxlan: 'VXLAN, VNI',
  geneve: 'Geneve, VNI',
  gre: 'GRE, key',
  mpls: 'MPLS, label',
  pppoe: 'PPPoE, session',
};

function ipLine(packet: PacketDescription): string[] {
  const { ipVersion, source, destination, ttl, identification, dontFragment } = packet;
  if (ipVersion === undefined) return [];
  const fragment =
    packet.fragmentOffset === undefined
      ? null
      : `fragment at ${packet.fragmentOffset}${packet.moreFragments ? ', more follow' : ''}`;
  return [
    joined([
      `IPv${ipVersion} ${source} > ${destination}`,
      `${ipVersion === 4 ? 'TTL' : 'hop limit'} ${ttl}`,
      identification === undefined ? null : `id ${identification}`,
      dontFragment ? 'DF' : null,
      fragment,
      KNOWN_PROTOCOLS.has(packet.protocol ?? -1) ? null : `protocol ${packet.protocol}`,
    ]),
  ];
}

/** ICMP, TCP, UDP and ICMPv6 have a line of their own. */
const KNOWN_PROTOCOLS: ReadonlySet<number> = new Set([1, 6, 17, 58]);

function transportLine(packet: PacketDescription): string[] {
  const { sourcePort, destinationPort, payloadLength = 0, icmpType } = packet;
  if (icmpType !== undefined) return [icmpLine(packet)];
  if (sourcePort === undefined) return [];
  const ports = `${packet.protocol === 6 ? 'TCP' : packet.protocol === 17 ? 'UDP' : 'ports'} ${sourcePort} > ${destinationPort}`;
  if (packet.tcpFlags === undefined) return [joined([ports, octets(payloadLength)])];
  return [
    joined([
      ports,
      packet.tcpFlags.join(' ') || 'no flags',
      `seq ${packet.sequenceNumber}`,
      packet.tcpFlags.includes('ACK') ? `ack ${packet.acknowledgmentNumber}` : null,
      `win ${packet.window}`,
      packet.maximumSegmentSize ? `MSS ${packet.maximumSegmentSize}` : null,
      packet.windowScale === undefined ? null : `scale ${packet.windowScale}`,
      packet.sackPermitted ? 'SACK permitted' : null,
      packet.timestampValue === undefined
        ? null
        : `timestamp ${packet.timestampValue}, echo ${packet.timestampEchoReply ?? 0}`,
      payloadLength > 0 ? octets(payloadLength) : null,
    ]),
  ];
}

function icmpLine({
  ipVersion,
  icmpType,
  icmpCode,
  icmpIdentifier,
  icmpSequence,
}: PacketDescription): string {
  return joined([
    `${ipVersion === 6 ? 'ICMPv6' : 'ICMP'} type ${icmpType}`,
    icmpCode === undefined ? null : `code ${icmpCode}`,
    icmpIdentifier === undefined ? null : `id ${icmpIdentifier}`,
    icmpSequence === undefined ? null : `seq ${icmpSequence}`,
  ]);
}

function arpLine({ arp }: PacketDescription): string[] {
  if (!arp) return [];
  const { operation, senderHardware, senderProtocol, targetHardware, targetProtocol } = arp;
  const name = operation === 1 ? 'request' : operation === 2 ? 'reply' : `operation ${operation}`;
  return [
    `ARP ${name}, sender ${senderProtocol} ${senderHardware}, target ${targetProtocol} ${targetHardware}`,
  ];
}

function ndpLine({ ndp }: PacketDescription): string[] {
  if (!ndp) return [];
  const { target, flags, linkAddress } = ndp;
  return [
    joined([
      `NDP target ${target}`,
      linkAddress === null ? null : `link-layer address ${linkAddress}`,
      flags.length > 0 ? flags.join(' ') : null,
    ]),
  ];
}

function octets(count: number): string {
  return `${count} octets of data`;
}

function joined(parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null).join(', ');
}

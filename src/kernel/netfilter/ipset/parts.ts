import { type Address, prefixKey } from '../../prefix.js';
import { protocolNumber } from '../../protocols.js';
import type { FilterPacket } from '../packet.js';

/** Of what an element of a set consists. */
export type Part = 'ip' | 'net' | 'port' | 'iface';

/** The types that are understood: those of the kernel's that ask for neither MACs nor marks, nor for two nets. */
export const TYPES: Readonly<Record<string, readonly Part[]>> = {
  'bitmap:ip': ['ip'],
  'bitmap:port': ['port'],
  'hash:ip': ['ip'],
  'hash:ip,port': ['ip', 'port'],
  'hash:ip,port,ip': ['ip', 'port', 'ip'],
  'hash:ip,port,net': ['ip', 'port', 'net'],
  'hash:net': ['net'],
  'hash:net,port': ['net', 'port'],
  'hash:net,iface': ['net', 'iface'],
};

/** The packet's address at that side. */
export function addressAt(packet: FilterPacket, side: string): Address {
  return side === 'src' ? packet.source : packet.destination;
}

/** What addresses of one prefix have in common, as a key. */
export function addressKey(address: Address, length: number): string {
  return `${length} ${prefixKey(address.words, length)}`;
}

/** Protocols whose ports a set holds; of others it holds 0 (get_port() of ip_set_getport.c). */
const WITH_PORTS = new Set(['tcp', 'udp', 'sctp', 'udplite'].map(protocolNumber));
const ICMP = new Set(['icmp', 'ipv6-icmp'].map(protocolNumber));

/** The protocol and port of a packet as `hash:…,port` sets hold them; null where the port is not known. */
export function portKey(packet: FilterPacket, side: string): string | null {
  const protocol = protocolNumber(packet.protocol);
  const port = side === 'src' ? packet.sourcePort : packet.destinationPort;
  if (WITH_PORTS.has(protocol)) return port === null ? null : `${protocol}:${port}`;
  if (!ICMP.has(protocol)) return `${protocol}:0`;
  const { icmp } = packet;
  return icmp === null ? null : `${protocol}:${(icmp.type << 8) | icmp.code}`;
}

/** `bitmap:port` holds ports of no protocol, and is asked for those of TCP and UDP alone (ip_set_get_ip_port()). */
export function barePort(packet: FilterPacket, side: string): number | 'none' | null {
  if (packet.protocol !== 'tcp' && packet.protocol !== 'udp') return 'none';
  return side === 'src' ? packet.sourcePort : packet.destinationPort;
}

/** Names of types with the code 0, as ipset prints them; other names are of a code too. */
const ICMP_NAMES: Readonly<Record<string, number>> = {
  'icmp:echo-reply': 0,
  'icmp:echo-request': 8 << 8,
  'ipv6-icmp:echo-request': 128 << 8,
  'ipv6-icmp:echo-reply': 129 << 8,
};

/** The key of `tcp:80`, `icmp:3/9`, `gre:0`; null where it cannot be read. */
export function printedPortKey(text: string): string | null {
  const [, name = '', type, code] = /^([^:]+):(\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  const protocol = protocolNumber(name || text.split(':')[0]!);
  if (protocol === null) return null;
  const port =
    type === undefined
      ? (ICMP_NAMES[text] ?? null)
      : code === undefined
        ? Number(type)
        : (Number(type) << 8) | Number(code);
  return port === null ? null : `${protocol}:${port}`;
}

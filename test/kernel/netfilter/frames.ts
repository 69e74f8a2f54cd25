/** Packets with an identity in their payload, as octets and back. */
import { formatAddress, parseAddress, parseMac } from '../../../src/model/address.js';

export interface TestPacket {
  id: number;
  source: string;
  destination: string;
  protocol: 'tcp' | 'udp' | 'icmp' | 'ipv6-icmp';
  sourcePort: number | null;
  destinationPort: number | null;
  tcp: 'syn' | 'syn-ack' | 'ack' | null;
  icmp: { type: number; code: number } | null;
  /** Of ICMP: the identifier that its answers have as well. */
  echo: number;
  tos: number;
  ttl: number;
}

const PAYLOAD = /^rpf(\d{6})$/;
const NUMBERS = { tcp: 6, udp: 17, icmp: 1, 'ipv6-icmp': 58 } as const;
const FLAGS = { syn: 0x02, 'syn-ack': 0x12, ack: 0x10 };

export function payload(id: number): Buffer {
  return Buffer.from(`rpf${String(id).padStart(6, '0')}`);
}

/** An Ethernet frame. */
export function frame(packet: TestPacket, from: string, to: string): Buffer {
  const isIPv6 = packet.source.includes(':');
  const link = Buffer.concat([parseMac(to)!, parseMac(from)!, Buffer.from(isIPv6 ? [0x86, 0xdd] : [8, 0])]);
  const source = parseAddress(packet.source)!;
  const destination = parseAddress(packet.destination)!;
  const transport = transportOf(packet, source, destination);
  const number = NUMBERS[packet.protocol];
  if (isIPv6) {
    const header = Buffer.alloc(8);
    header.writeUInt32BE((0x60000000 | (packet.tos << 20)) >>> 0, 0);
    header.writeUInt16BE(transport.length, 4);
    header[6] = number;
    header[7] = packet.ttl;
    return Buffer.concat([link, header, source, destination, transport]);
  }
  const header = Buffer.alloc(12);
  header[0] = 0x45;
  header[1] = packet.tos;
  header.writeUInt16BE(20 + transport.length, 2);
  header.writeUInt16BE(packet.id & 0xffff, 4);
  header[8] = packet.ttl;
  header[9] = number;
  const ip = Buffer.concat([header, source, destination]);
  ip.writeUInt16BE(checksum(ip), 10);
  return Buffer.concat([link, ip, transport]);
}

function transportOf(packet: TestPacket, source: Uint8Array, destination: Uint8Array): Buffer {
  const header = Buffer.alloc(packet.protocol === 'tcp' ? 20 : 8);
  const data = payload(packet.id);
  if (packet.icmp) {
    header[0] = packet.icmp.type;
    header[1] = packet.icmp.code;
    header.writeUInt16BE(packet.echo, 4);
  } else {
    header.writeUInt16BE(packet.sourcePort!, 0);
    header.writeUInt16BE(packet.destinationPort!, 2);
  }
  let checksumAt = 2;
  if (packet.protocol === 'udp') {
    header.writeUInt16BE(8 + data.length, 4);
    checksumAt = 6;
  } else if (packet.tcp) {
    writeTcp(header, packet.tcp, data.length);
    checksumAt = 16;
  }
  const whole = Buffer.concat([header, data]);
  const pseudo =
    packet.protocol === 'icmp' ? Buffer.alloc(0) : pseudoHeader(packet, source, destination, whole.length);
  whole.writeUInt16BE(checksum(Buffer.concat([pseudo, whole])) || 0xffff, checksumAt);
  return whole;
}

/** Numbers that fit each other, so that the connection tracker takes them: each side sends one payload with its SYN. */
function writeTcp(header: Buffer, kind: 'syn' | 'syn-ack' | 'ack', length: number): void {
  header.writeUInt32BE(kind === 'syn' ? 1000 : kind === 'syn-ack' ? 5000 : 1001 + length, 4);
  header.writeUInt32BE(kind === 'syn' ? 0 : kind === 'syn-ack' ? 1001 + length : 5001 + length, 8);
  header[12] = 0x50;
  header[13] = FLAGS[kind];
  header.writeUInt16BE(60000, 14);
}

function pseudoHeader(
  packet: TestPacket,
  source: Uint8Array,
  destination: Uint8Array,
  length: number,
): Buffer {
  const isIPv6 = source.length === 16;
  const tail = Buffer.alloc(isIPv6 ? 8 : 4);
  if (isIPv6) tail.writeUInt32BE(length, 0);
  else tail.writeUInt16BE(length, 2);
  tail[isIPv6 ? 7 : 1] = NUMBERS[packet.protocol];
  return Buffer.concat([source, destination, tail]);
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** An IP packet of these tests; null for any other. */
export function parsePacket(ip: Buffer): TestPacket | null {
  const isIPv6 = ip[0]! >> 4 === 6;
  const headerLength = isIPv6 ? 40 : (ip[0]! & 0xf) * 4;
  const number = isIPv6 ? ip[6]! : ip[9]!;
  const protocol = (Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]).find(
    (name) => NUMBERS[name] === number,
  );
  if (!protocol) return null;
  const transport = ip.subarray(headerLength);
  const data = transport.subarray(protocol === 'tcp' ? 20 : 8);
  const id = PAYLOAD.exec(data.subarray(0, 9).toString('latin1'))?.[1];
  if (id === undefined) return null;
  const isIcmp = protocol === 'icmp' || protocol === 'ipv6-icmp';
  const flags = protocol === 'tcp' ? transport[13]! : null;
  return {
    id: Number(id),
    source: formatAddress(ip, isIPv6 ? 8 : 12, isIPv6 ? 6 : 4),
    destination: formatAddress(ip, isIPv6 ? 24 : 16, isIPv6 ? 6 : 4),
    protocol,
    sourcePort: isIcmp ? null : transport.readUInt16BE(0),
    destinationPort: isIcmp ? null : transport.readUInt16BE(2),
    tcp: (Object.keys(FLAGS) as (keyof typeof FLAGS)[]).find((kind) => FLAGS[kind] === flags) ?? null,
    icmp: isIcmp ? { type: transport[0]!, code: transport[1]! } : null,
    echo: isIcmp ? transport.readUInt16BE(4) : 0,
    tos: isIPv6 ? (ip.readUInt16BE(0) >> 4) & 0xff : ip[1]!,
    ttl: isIPv6 ? ip[7]! : ip[8]!,
  };
}

/** TCP packets octet by octet, in classic pcap files: any flags and numbers, in any order. */

export interface Segment {
  /** Seconds and nanoseconds. */
  time: [number, number];
  /** The low octet of each address, of IPv6 the low two: all hosts are of one network. */
  from: number;
  to: number;
  fromPort: number;
  toPort: number;
  flags: number;
  sequence?: number;
  acknowledgment?: number;
  /** How many octets, or which. */
  payload?: number | Uint8Array;
  ttl?: number;
  identification?: number;
  /** Octets of the TCP options; filled up to whole words with the end of the list. */
  options?: readonly number[];
  ipVersion?: 4 | 6;
  /** Of a LINUX_SLL2 file; of Ethernet, another MAC stands for it. */
  ifindex?: number;
  /** PACKET_HOST 0, PACKET_OUTGOING 4. */
  packetType?: number;
  vlan?: number;
  /** Octets that were captured of the packet; absent: all. */
  snap?: number;
  /**
   * Not the segment by itself, but inside VXLAN, or in an ICMP error that the server's side sends back; or in its place a
   * datagram for a DNS server, or an ARP request.
   */
  as?: 'vxlan' | 'error' | 'datagram' | 'arp';
}

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/** MSS, SACK permitted, Timestamps, no operation, window scale. */
export function synOptions(value: number, echo = 0): number[] {
  return [2, 4, 5, 180, 4, 2, 8, 10, ...word(value), ...word(echo), 1, 3, 3, 7];
}

export function stamps(value: number, echo: number): number[] {
  return [1, 1, 8, 10, ...word(value), ...word(echo)];
}

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;

export type Link = 'ethernet' | 'sll2';

export interface FileFormat {
  link: Link;
  nanoseconds?: boolean;
  bigEndian?: boolean;
}

export function pcapOf(segments: readonly Segment[], format: FileFormat): Uint8Array {
  const { link, nanoseconds = false, bigEndian = false } = format;
  const parts: Uint8Array[] = [];
  const head = new DataView(new ArrayBuffer(24));
  const little = !bigEndian;
  head.setUint32(0, nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4, little);
  head.setUint16(4, 2, little);
  head.setUint16(6, 4, little);
  head.setUint32(16, 262_144, little);
  head.setUint32(20, link === 'ethernet' ? 1 : 276, little);
  parts.push(new Uint8Array(head.buffer));
  for (const segment of segments) {
    const frame = frameOf(segment, link);
    const captured = frame.subarray(0, segment.snap ?? frame.length);
    const record = new DataView(new ArrayBuffer(16));
    record.setUint32(0, segment.time[0], little);
    record.setUint32(4, nanoseconds ? segment.time[1] : Math.floor(segment.time[1] / 1000), little);
    record.setUint32(8, captured.length, little);
    record.setUint32(12, frame.length, little);
    parts.push(new Uint8Array(record.buffer), captured);
  }
  return Buffer.concat(parts);
}

function frameOf(segment: Segment, link: Link): Uint8Array {
  const { ifindex = 2, packetType = 0 } = segment;
  const { etherType, octets } = packetOf(segment);
  const type = half(etherType);
  const mac = [2, 0, 0, 0, ifindex, segment.from];
  const head =
    link === 'sll2'
      ? [...type, 0, 0, ...word(ifindex), 0, 1, packetType, 6, ...mac, 0, 0]
      : [
          ...[2, 0, 0, 0, ifindex, segment.to],
          ...mac,
          ...(segment.vlan === undefined ? [] : [0x81, 0, ...half(segment.vlan)]),
          ...type,
        ];
  return Uint8Array.from([...head, ...octets]);
}

interface WirePacket {
  etherType: number;
  octets: number[];
}

function packetOf(segment: Segment): WirePacket {
  const { as, from, to, ...rest } = segment;
  if (as === undefined) {
    const tcp = tcpOf(segment);
    return segment.ipVersion === 6
      ? { etherType: 0x86dd, octets: [...ipv6Of(segment, tcp.length), ...tcp] }
      : { etherType: 0x0800, octets: [...ipv4Of(segment, tcp.length, TCP), ...tcp] };
  }
  const inner = packetOf({ from, to, ...rest });
  if (as === 'vxlan') {
    const frame = [...MACS, ...half(inner.etherType), ...inner.octets];
    return ipv4Packet(
      { ...segment, from: 101, to: 102 },
      UDP,
      udpOf(4789, [8, 0, 0, 0, 0, 0, 7, 0, ...frame]),
    );
  }
  if (as === 'error') {
    const quoted = inner.octets.slice(0, inner.etherType === 0x0800 ? 28 : 48);
    const back = { ...segment, from: to, to: from };
    if (segment.ipVersion !== 6) return ipv4Packet(back, ICMP, [3, 4, 0, 0, ...word(1400), ...quoted]);
    const error = [2, 0, 0, 0, ...word(1400), ...quoted];
    return { etherType: 0x86dd, octets: [...ipv6Of(back, error.length, ICMPV6), ...error] };
  }
  if (as === 'datagram') return ipv4Packet(segment, UDP, udpOf(53, new Array(20).fill(1)));
  const addresses = [2, 0, 0, 0, 2, from, 192, 0, 2, from, 0, 0, 0, 0, 0, 0, 192, 0, 2, to];
  return { etherType: 0x0806, octets: [0, 1, 8, 0, 6, 4, 0, 1, ...addresses] };
}

const MACS = [2, 0, 0, 0, 9, 1, 2, 0, 0, 0, 9, 2];

function ipv4Packet(segment: Segment, protocol: number, payload: number[]): WirePacket {
  return { etherType: 0x0800, octets: [...ipv4Of(segment, payload.length, protocol), ...payload] };
}

function udpOf(port: number, payload: number[]): number[] {
  return [...half(50_000), ...half(port), ...half(8 + payload.length), 0, 0, ...payload];
}

function tcpOf(segment: Segment): number[] {
  const { sequence = 0, acknowledgment = 0, options = [], payload = 0 } = segment;
  const padded = [...options, ...new Array((4 - (options.length % 4)) % 4).fill(0)];
  return [
    ...half(segment.fromPort),
    ...half(segment.toPort),
    ...word(sequence),
    ...word(acknowledgment),
    ((20 + padded.length) / 4) << 4,
    segment.flags,
    ...half(64_240),
    ...[0, 0, 0, 0],
    ...padded,
    ...(typeof payload === 'number' ? new Array(payload).fill(0x61) : payload),
  ];
}

function ipv4Of(
  { from, to, ttl = 64, identification = 0 }: Segment,
  length: number,
  protocol: number,
): number[] {
  return [
    ...[0x45, 0, ...half(20 + length), ...half(identification), 0x40, 0, ttl, protocol, 0, 0],
    ...[192, 0, 2, from, 192, 0, 2, to],
  ];
}

function ipv6Of({ from, to, ttl = 64 }: Segment, length: number, next = TCP): number[] {
  const address = (low: number) => [0x20, 1, 0xd, 0xb8, ...new Array(10).fill(0), ...half(low)];
  return [0x60, 0, 0, 0, ...half(length), next, ttl, ...address(from), ...address(to)];
}

function half(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function word(value: number): number[] {
  return [...half(value >>> 16), ...half(value & 0xffff)];
}

/** From the octets of a packet to what a TCP segment is told by. */
import { addresses } from './addresses';
import { hash } from './hash';
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL2 } from './layout';
import { half, word } from './octets';

const ETHERNET_HEADER: usize = 14;
const SLL2_HEADER: usize = 20;
const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
const TCP_HEADER: u32 = 20;

/** As they are read from memory, whose order is the other. */
const TYPE_IPV4: u32 = 0x0008;
const TYPE_IPV6: u32 = 0xdd86;
const TCP: u32 = 6;

const END_OF_LIST: u32 = 0;
const NO_OPERATION: u32 = 1;
const TIMESTAMPS: u32 = 8;
/** Two no-operations before Timestamps and its length: what every segment after the handshake has (RFC 7323). */
const ALIGNED_TIMESTAMPS: u32 = 0x0a080101;
/** MSS and its length; behind it SACK permitted, then Timestamps and its length: how Linux writes a SYN's. */
const MSS: u32 = 0x0402;
const SACK_TIMESTAMPS: u32 = 0x0a080204;

/** A TCP segment that was read: 64 octets, a cache line. */
@unmanaged
export class Segment {
  /** First octet of the frame, and of the TCP header. */
  frame: usize;
  tcp: usize;
  seconds: u32;
  nanoseconds: u32;
  /** Of the packet in its file, from 1. */
  number: u32;
  linkType: u32;
  /** Of the interface in the file. */
  index: u32;
  /** The 5-tuple as a flow's row has it, and its hash. */
  a: u32;
  b: u32;
  ports: u32;
  hashed: u32;
  /** Of IP. */
  version: u8;
  /** Sent by end b. */
  fromB: bool;
  ttl: u8;
  /** Of TCP. */
  headerLength: u8;
  identification: u16;
  flags: u8;
  /** It is of nobody whom one wants to know of. */
  isForeign: bool;
  /** Source and destination address. */
  addresses: usize;
  /** Octets after the TCP header. */
  payload: u32;
}

/**
 * Reads a packet whose `frame` is set; false where it is more than a plain segment.
 *
 * @param end of what was captured of it
 */
export function readSegment(segment: Segment, end: usize): bool {
  const start = segment.frame;
  const isEthernet = segment.linkType === LINKTYPE_ETHERNET;
  if (!isEthernet && segment.linkType !== LINKTYPE_LINUX_SLL2) return false;
  const ip = start + (isEthernet ? ETHERNET_HEADER : SLL2_HEADER);
  if (ip + IPV4_HEADER + TCP_HEADER > end) return false;
  const type = <u32>load<u16>(isEthernet ? start + 12 : start);
  let length: u32;
  let tcp: usize;
  if (type === TYPE_IPV4) {
    // Version 4 and five words; TCP; no fragment but "don't".
    if (load<u8>(ip) !== 0x45 || load<u8>(ip, 9) !== TCP || (half(ip + 6) & 0x3fff) !== 0) return false;
    const total = half(ip + 2);
    if (total < <u32>IPV4_HEADER) return false;
    length = total - <u32>IPV4_HEADER;
    tcp = ip + IPV4_HEADER;
    segment.addresses = ip + 12;
    segment.version = 4;
    segment.ttl = load<u8>(ip, 8);
    segment.identification = <u16>half(ip + 4);
  } else if (type === TYPE_IPV6) {
    if (ip + IPV6_HEADER + TCP_HEADER > end) return false;
    if (load<u8>(ip) >>> 4 !== 6 || load<u8>(ip, 6) !== TCP) return false;
    length = half(ip + 4);
    tcp = ip + IPV6_HEADER;
    segment.addresses = ip + 8;
    segment.version = 6;
    segment.ttl = load<u8>(ip, 7);
    segment.identification = 0;
  } else {
    return false;
  }
  const headerLength = (<u32>load<u8>(tcp, 12) >>> 4) << 2;
  if (headerLength < TCP_HEADER || headerLength > length || tcp + headerLength > end) return false;
  segment.tcp = tcp;
  segment.headerLength = <u8>headerLength;
  segment.payload = length - headerLength;
  segment.flags = load<u8>(tcp, 13);
  return true;
}

/** Makes the key of the segment's flow; its addresses get numbers where they have none. */
export function addressSegment(segment: Segment): void {
  const at = segment.addresses;
  const isIPv4 = segment.version === 4;
  const source = isIPv4 ? word(at) : addresses.intern(at);
  const destination = isIPv4 ? word(at + 4) : addresses.intern(at + 16);
  const ports = word(segment.tcp);
  const fromB = source > destination || (source === destination && ports >>> 16 > (ports & 0xffff));
  const a = fromB ? destination : source;
  const b = fromB ? source : destination;
  const ordered = fromB ? rotl<u32>(ports, 16) : ports;
  segment.fromB = fromB;
  segment.a = a;
  segment.b = b;
  segment.ports = ordered;
  segment.hashed = hash(a, b, ordered);
}

/** Where the values of the Timestamps option are, 0 for none; as `readTcpOptions` finds it. */
export function timestampsOf(segment: Segment): usize {
  const start = segment.tcp + TCP_HEADER;
  const end = segment.tcp + segment.headerLength;
  if (end >= start + 12 && load<u32>(start) === ALIGNED_TIMESTAMPS) return start + 4;
  if (end >= start + 16 && load<u16>(start) === MSS && load<u32>(start, 4) === SACK_TIMESTAMPS)
    return start + 8;
  for (let at = start; at < end; ) {
    const kind = <u32>load<u8>(at);
    if (kind === END_OF_LIST) return 0;
    if (kind === NO_OPERATION) {
      at++;
      continue;
    }
    if (at + 1 >= end) return 0;
    const length = <u32>load<u8>(at, 1);
    if (length < 2 || at + length > end) return 0;
    if (kind === TIMESTAMPS && length === 10) return at + 2;
    at += length;
  }
  return 0;
}

/** From the octets of a packet to what a TCP segment is told by. */
import { hash } from './hash';
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL2 } from './layout';
import { half, word } from './octets';

export const ETHERNET_HEADER: usize = 14;
export const SLL2_HEADER: usize = 20;
const SLL2_IFINDEX: usize = 4;
const SLL2_PACKET_TYPE: usize = 10;
export const IPV4_HEADER: usize = 20;
export const IPV6_HEADER: usize = 40;
export const TCP_HEADER: u32 = 20;

/** As they are read from memory, whose order is the other. */
export const TYPE_IPV4: u32 = 0x0008;
export const TYPE_IPV6: u32 = 0xdd86;
export const TCP: u32 = 6;

const END_OF_LIST: u32 = 0;
const NO_OPERATION: u32 = 1;
const TIMESTAMPS: u32 = 8;
/** Two no-operations before Timestamps and its length: what every segment after the handshake has (RFC 7323). */
const ALIGNED_TIMESTAMPS: u32 = 0x0a080101;
/** MSS and its length; behind it SACK permitted, then Timestamps and its length: how Linux writes a SYN's. */
const MSS: u32 = 0x0402;
const SACK_TIMESTAMPS: u32 = 0x0a080204;

/** Bits of a segment's `traits`. */
export const IS_FROM_B: u32 = 1;
export const IS_IPV6: u32 = 1 << 1;
export const HAS_TIMESTAMPS: u32 = 1 << 2;
export const HAS_PAYLOAD: u32 = 1 << 3;
/** More than a plain segment: nothing else of it is known but where it ends. */
export const IS_OTHER: u32 = 1 << 4;
/** Not one packet but some, one behind the other, that are passed over: `read-records.ts`. */
export const IS_RUN: u32 = 1 << 5;
/** It is passed over, and noted: of its frame and IP header, there are only words of the addresses, in their order. */
export const IS_FOREIGN_SYN: u32 = 1 << 6;
/** Its payload is a single octet. */
export const HAS_ONE_OCTET: u32 = 1 << 7;

/**
 * A TCP segment that was read, with all that can be kept of it: 64 octets, a cache line. Of a run, `a` is how many packets
 * there are, the time is the earliest, and `sequence` and `acknowledgment` are seconds and nanoseconds of the latest.
 */
@unmanaged
export class Segment {
  /** Of Ethernet the first twelve octets, of LINUX_SLL2 those from the packet type on, and the interface's index. */
  link: u64;
  linkRest: u32;
  /** Behind the packet, in memory. */
  end: usize;
  seconds: u32;
  nanoseconds: u32;
  /** The 5-tuple as a flow's row has it, and its hash. Of IPv6 `a` is where the addresses are, until `numberAddresses`. */
  a: u32;
  b: u32;
  ports: u32;
  hashed: u32;
  sequence: u32;
  acknowledgment: u32;
  /** Of the Timestamps option, in the network's order turned; 0 without it. */
  stamp: u32;
  stampEcho: u32;
  identification: u16;
  window: u16;
  /** Of TCP. */
  flags: u8;
  ttl: u8;
  traits: u8;
  /** It is of nobody whom one wants to know of. */
  isForeign: bool;

  has(traits: u32): bool {
    return (<u32>this.traits & traits) !== 0;
  }

  /** Where the source's address is, the destination's behind it. Only of IPv6, before `numberAddresses`. */
  get addresses(): usize {
    return <usize>this.a;
  }

  /** The IP version, as a flow's key has it. */
  get version(): u32 {
    return this.has(IS_IPV6) ? 6 : 4;
  }
}

/**
 * Reads a packet; false where it is more than a plain segment.
 *
 * @param segment its time and end are not touched
 * @param end of what was captured of it
 */
export function readSegment(segment: Segment, start: usize, end: usize, linkType: u32): bool {
  const isEthernet = linkType === LINKTYPE_ETHERNET;
  if (!isEthernet && linkType !== LINKTYPE_LINUX_SLL2) return false;
  const ip = start + (isEthernet ? ETHERNET_HEADER : SLL2_HEADER);
  if (ip + IPV4_HEADER + TCP_HEADER > end) return false;
  const type = <u32>load<u16>(isEthernet ? start + 12 : start);
  let traits: u32 = 0;
  let length: u32;
  let tcp: usize;
  if (type === TYPE_IPV4) {
    // Version 4 and five words; TCP; no fragment but "don't".
    if (load<u8>(ip) !== 0x45 || load<u8>(ip, 9) !== TCP || (half(ip + 6) & 0x3fff) !== 0) return false;
    const total = half(ip + 2);
    if (total < <u32>IPV4_HEADER) return false;
    length = total - <u32>IPV4_HEADER;
    tcp = ip + IPV4_HEADER;
    segment.ttl = load<u8>(ip, 8);
    segment.identification = <u16>half(ip + 4);
  } else if (type === TYPE_IPV6) {
    if (ip + IPV6_HEADER + TCP_HEADER > end) return false;
    if (load<u8>(ip) >>> 4 !== 6 || load<u8>(ip, 6) !== TCP) return false;
    length = half(ip + 4);
    tcp = ip + IPV6_HEADER;
    segment.ttl = load<u8>(ip, 7);
    segment.identification = 0;
    traits = IS_IPV6;
  } else {
    return false;
  }
  const ofTcp = readTcp(segment, tcp, end, length);
  if (ofTcp < 0) return false;
  traits |= <u32>ofTcp;
  const ports = word(tcp);
  if (type === TYPE_IPV4) {
    traits |= orderEnds(segment, word(ip + 12), word(ip + 16), ports);
  } else {
    segment.a = <u32>(ip + 8);
    segment.ports = ports;
  }
  segment.link = load<u64>(isEthernet ? start : start + SLL2_PACKET_TYPE);
  segment.linkRest = load<u32>(isEthernet ? start + 8 : start + SLL2_IFINDEX);
  segment.traits = <u8>traits;
  return true;
}

/**
 * Reads what a segment has of a TCP header besides the ports.
 *
 * @param end of what was captured
 * @param length octets of the IP payload
 * @returns the traits that come of it; -1 where the header is damaged, or not whole
 */
export function readTcp(segment: Segment, tcp: usize, end: usize, length: u32): i32 {
  const headerLength = (<u32>load<u8>(tcp, 12) >>> 4) << 2;
  if (headerLength < TCP_HEADER || headerLength > length || tcp + headerLength > end) return -1;
  segment.sequence = word(tcp + 4);
  segment.acknowledgment = word(tcp + 8);
  segment.flags = load<u8>(tcp, 13);
  segment.window = <u16>half(tcp + 14);
  const stamps = timestampsOf(tcp, tcp + headerLength);
  segment.stamp = stamps === 0 ? 0 : word(stamps);
  segment.stampEcho = stamps === 0 ? 0 : word(stamps + 4);
  const payload: u32 = length > headerLength ? HAS_PAYLOAD : 0;
  const octet: u32 = length - headerLength === 1 ? HAS_ONE_OCTET : 0;
  return payload | octet | (stamps !== 0 ? HAS_TIMESTAMPS : 0);
}

/**
 * Makes the key of a segment's flow.
 *
 * @param ports as the packet has them
 * @returns the trait of who sent it
 */
export function orderEnds(segment: Segment, source: u32, destination: u32, ports: u32): u32 {
  // Without a branch: which way a packet goes is nothing that a processor could guess.
  const isLower = <u32>(source === destination) & <u32>(ports >>> 16 > (ports & 0xffff));
  const fromB = (<u32>(source > destination) | isLower) !== 0;
  const a = select<u32>(destination, source, fromB);
  const b = select<u32>(source, destination, fromB);
  const ordered = select<u32>(rotl<u32>(ports, 16), ports, fromB);
  segment.a = a;
  segment.b = b;
  segment.ports = ordered;
  segment.hashed = hash(a, b, ordered);
  return select<u32>(IS_FROM_B, 0, fromB);
}

/** Where the values of the Timestamps option are, 0 for none; as `readTcpOptions` finds it. */
export function timestampsOf(tcp: usize, end: usize): usize {
  const start = tcp + TCP_HEADER;
  // Nearly always it is one or the other; which, is nothing that a processor could guess.
  const isAligned = <u32>(load<u32>(start) === ALIGNED_TIMESTAMPS) & <u32>(end >= start + 12);
  const isOfSyn =
    <u32>(load<u16>(start) === MSS) &
    <u32>(load<u32>(start, 4) === SACK_TIMESTAMPS) &
    <u32>(end >= start + 16);
  if ((isAligned | isOfSyn) !== 0) return start + select<usize>(4, 8, isAligned !== 0);
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

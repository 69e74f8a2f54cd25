/** TCP packets that are nothing to the addresses that are wanted, as they lie there. */
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL2 } from './layout';
import { half, word } from './octets';
import {
  ETHERNET_HEADER,
  IPV4_HEADER,
  IPV6_HEADER,
  IS_FOREIGN_SYN,
  readTcp,
  Segment,
  SLL2_HEADER,
  TCP,
  TCP_HEADER,
  TYPE_IPV4,
  TYPE_IPV6,
} from './read-segment';
import { wordOf6 } from './word-of-6';
import { WordSet } from './word-set';

/** Of octets 4 to 11 of an IPv4 header: fragments, and the protocol; and what they are of a whole TCP packet. */
const FRAGMENT_AND_PROTOCOL: u64 = 0x0000_ff00_ff3f_0000;
const WHOLE_TCP: u64 = 0x0000_0600_0000_0000;

/**
 * Where the TCP header of a foreign packet is; its addresses are looked at before anything else is made of it. 0 of what
 * is wanted, or is no plain segment.
 *
 * @param end of what was captured of it
 * @param wanted words of addresses
 */
export function foreignTcp(start: usize, end: usize, linkType: u32, wanted: WordSet): usize {
  const isEthernet = linkType === LINKTYPE_ETHERNET;
  if (!isEthernet && linkType !== LINKTYPE_LINUX_SLL2) return 0;
  const ip = start + (isEthernet ? ETHERNET_HEADER : SLL2_HEADER);
  if (ip + IPV4_HEADER + TCP_HEADER > end) return 0;
  const type = <u32>load<u16>(isEthernet ? start + 12 : start);
  let source: u32;
  let destination: u32;
  let tcp: usize;
  if (type === TYPE_IPV4) {
    if (load<u8>(ip) !== 0x45 || (load<u64>(ip, 4) & FRAGMENT_AND_PROTOCOL) !== WHOLE_TCP) return 0;
    source = word(ip + 12);
    destination = word(ip + 16);
    tcp = ip + IPV4_HEADER;
  } else {
    if (type !== TYPE_IPV6 || ip + IPV6_HEADER + TCP_HEADER > end) return 0;
    if (load<u8>(ip) >>> 4 !== 6 || load<u8>(ip, 6) !== TCP) return 0;
    source = wordOf6(ip + 8);
    destination = wordOf6(ip + 24);
    tcp = ip + IPV6_HEADER;
  }
  return wanted.has(source) || wanted.has(destination) ? 0 : tcp;
}

/**
 * Reads what has to be noted of a foreign SYN or SYN-ACK; false where it is more than a plain segment, as `readSegment`
 * has it.
 *
 * @param segment its time and end are not touched; `a` becomes the word of the source, `b` that of the destination
 * @param tcp as `foreignTcp` gave it
 */
export function readForeignSyn(segment: Segment, start: usize, tcp: usize, end: usize, linkType: u32): bool {
  const ip = start + (linkType === LINKTYPE_ETHERNET ? ETHERNET_HEADER : SLL2_HEADER);
  const isIPv4 = tcp - ip === IPV4_HEADER;
  const total = half(isIPv4 ? ip + 2 : ip + 4);
  if (isIPv4 && total < <u32>IPV4_HEADER) return false;
  if (readTcp(segment, tcp, end, isIPv4 ? total - <u32>IPV4_HEADER : total) < 0) return false;
  segment.a = isIPv4 ? word(ip + 12) : wordOf6(ip + 8);
  segment.b = isIPv4 ? word(ip + 16) : wordOf6(ip + 24);
  segment.ports = word(tcp);
  segment.traits = <u8>IS_FOREIGN_SYN;
  return true;
}

/** The flags of a TCP header. */
export function flagsOf(tcp: usize): u32 {
  return <u32>load<u8>(tcp, 13);
}

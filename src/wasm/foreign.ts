/** Segments that are passed over: of connections that are nothing to the addresses that are wanted (`interest.ts`). */
import { ACK, SYN } from '../model/tcp-flags';
import { addressesOf, numberAddresses } from './addresses';
import { isFiltering, isWanted, pass, passSyn, wordOf6 } from './interest';
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL2 } from './layout';
import { word } from './octets';
import {
  ETHERNET_HEADER,
  IPV4_HEADER,
  IPV6_HEADER,
  IS_FROM_B,
  IS_IPV6,
  Segment,
  SLL2_HEADER,
  TCP,
  TCP_HEADER,
  timestampsOf,
  TYPE_IPV4,
  TYPE_IPV6,
} from './read-segment';

/** Of octets 4 to 11 of an IPv4 header: fragments, and the protocol; and what they are of a whole TCP packet. */
const FRAGMENT_AND_PROTOCOL: u64 = 0x0000_ff00_ff3f_0000;
const WHOLE_TCP: u64 = 0x0000_0600_0000_0000;

/**
 * Whether a packet is passed over as it lies there: its addresses are looked at before anything else is made of it.
 * False of what is wanted, or is no plain segment.
 *
 * @param end of what was captured of it
 */
export function passesAtOnce(start: usize, end: usize, linkType: u32): bool {
  const isEthernet = linkType === LINKTYPE_ETHERNET;
  if (!isEthernet && linkType !== LINKTYPE_LINUX_SLL2) return false;
  const ip = start + (isEthernet ? ETHERNET_HEADER : SLL2_HEADER);
  if (ip + IPV4_HEADER + TCP_HEADER > end) return false;
  const type = <u32>load<u16>(isEthernet ? start + 12 : start);
  let source: u32;
  let destination: u32;
  let tcp: usize;
  if (type === TYPE_IPV4) {
    if (load<u8>(ip) !== 0x45 || (load<u64>(ip, 4) & FRAGMENT_AND_PROTOCOL) !== WHOLE_TCP) return false;
    source = word(ip + 12);
    destination = word(ip + 16);
    tcp = ip + IPV4_HEADER;
  } else {
    if (type !== TYPE_IPV6 || ip + IPV6_HEADER + TCP_HEADER > end) return false;
    if (load<u8>(ip) >>> 4 !== 6 || load<u8>(ip, 6) !== TCP) return false;
    source = wordOf6(ip + 8);
    destination = wordOf6(ip + 24);
    tcp = ip + IPV6_HEADER;
  }
  if (isWanted(source, destination)) return false;
  const flags = <u32>load<u8>(tcp, 13);
  if ((flags & SYN) === 0) {
    pass();
    return true;
  }
  const headerLength = (<u32>load<u8>(tcp, 12) >>> 4) << 2;
  if (headerLength < TCP_HEADER || tcp + headerLength > end) return false;
  const stamps = timestampsOf(tcp, tcp + headerLength);
  const stamp = stamps === 0 ? 0 : word((flags & ACK) !== 0 ? stamps + 4 : stamps);
  passSyn(source, destination, word(tcp), flags, word(tcp + 4), word(tcp + 8), stamp);
  return true;
}

/** Whether a segment is passed over. If not, its key is made. */
export function isForeign(segment: Segment): bool {
  if (isFiltering() && passes(segment)) return true;
  numberAddresses(segment);
  return false;
}

function passes(segment: Segment): bool {
  const isIPv6 = segment.has(IS_IPV6);
  const fromB = !isIPv6 && segment.has(IS_FROM_B);
  let source = fromB ? segment.b : segment.a;
  let destination = fromB ? segment.a : segment.b;
  if (isIPv6) {
    const at = addressesOf(segment);
    source = wordOf6(at);
    destination = wordOf6(at + 16);
  }
  if (isWanted(source, destination)) return false;
  const flags = <u32>segment.flags;
  if ((flags & SYN) === 0) {
    pass();
    return true;
  }
  const ports = fromB ? rotl<u32>(segment.ports, 16) : segment.ports;
  const stamp = (flags & ACK) !== 0 ? segment.stampEcho : segment.stamp;
  passSyn(source, destination, ports, flags, segment.sequence, segment.acknowledgment, stamp);
  return true;
}

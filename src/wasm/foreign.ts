/** Segments that are passed over: of connections that are nothing to the addresses that are wanted (`interest.ts`). */
import { ACK, SYN } from '../model/tcp-flags';
import { addressesOf, numberAddresses } from './addresses';
import { destination, flagsOf, foreignTcp, source } from './foreign-tcp';
import { isFiltering, isWanted, pass, passSyn, words } from './interest';
import { word } from './octets';
import { IS_FROM_B, IS_IPV6, Segment, TCP_HEADER, timestampsOf } from './read-segment';
import { wordOf6 } from './word-of-6';

/**
 * Whether a packet is passed over as it lies there. False of what is wanted, or is no plain segment.
 *
 * @param end of what was captured of it
 */
export function passesAtOnce(start: usize, end: usize, linkType: u32): bool {
  const tcp = foreignTcp(start, end, linkType, words);
  if (tcp === 0) return false;
  const flags = flagsOf(tcp);
  if ((flags & SYN) === 0) {
    pass(1);
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
  let from = fromB ? segment.b : segment.a;
  let to = fromB ? segment.a : segment.b;
  if (isIPv6) {
    const at = addressesOf(segment);
    from = wordOf6(at);
    to = wordOf6(at + 16);
  }
  if (isWanted(from, to)) return false;
  const flags = <u32>segment.flags;
  if ((flags & SYN) === 0) {
    pass(1);
    return true;
  }
  const ports = fromB ? rotl<u32>(segment.ports, 16) : segment.ports;
  const stamp = (flags & ACK) !== 0 ? segment.stampEcho : segment.stamp;
  passSyn(from, to, ports, flags, segment.sequence, segment.acknowledgment, stamp);
  return true;
}

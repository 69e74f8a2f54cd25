/** Segments that are passed over: of connections that are nothing to the addresses that are wanted (`interest.ts`). */
import { ACK, SYN } from '../model/tcp-flags';
import { numberAddresses } from './addresses';
import { isFiltering, isWanted, pass, passSyn } from './interest';
import { IS_FOREIGN_SYN, IS_FROM_B, IS_IPV6, Segment } from './read-segment';
import { wordOf6 } from './word-of-6';

/** Whether a segment is passed over. If not, its key is made. */
export function isForeign(segment: Segment): bool {
  if (segment.has(IS_FOREIGN_SYN)) {
    noteSyn(segment, segment.a, segment.b, segment.ports);
    return true;
  }
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
    const at = segment.addresses;
    source = wordOf6(at);
    destination = wordOf6(at + 16);
  }
  if (isWanted(source, destination)) return false;
  const flags = <u32>segment.flags;
  if ((flags & SYN) === 0) {
    pass(1);
    return true;
  }
  noteSyn(segment, source, destination, fromB ? rotl<u32>(segment.ports, 16) : segment.ports);
  return true;
}

function noteSyn(segment: Segment, source: u32, destination: u32, ports: u32): void {
  const flags = <u32>segment.flags;
  const stamp = (flags & ACK) !== 0 ? segment.stampEcho : segment.stamp;
  passSyn(source, destination, ports, flags, segment.sequence, segment.acknowledgment, stamp);
}

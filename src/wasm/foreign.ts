/** Segments that are passed over: of connections that are nothing to the addresses that are wanted (`interest.ts`). */
import { addresses } from './addresses';
import { isKnown } from './flows';
import { isFiltering, isWanted4, isWanted6, isWantedNumber, note, wantsNumbers } from './interest';
import { word } from './octets';
import { addressSegment, Segment, timestampsOf } from './read-segment';

const SYN: u32 = 2;
const RST: u32 = 4;
const ACK: u32 = 16;

/** Whether the segment is to be passed over. If not, its key is made. */
export function isForeign(segment: Segment): bool {
  if (isFiltering() && !isWanted(segment)) {
    if ((segment.flags & (SYN | RST)) === SYN) {
      const isReply = (segment.flags & ACK) !== 0;
      const number = isReply ? word(segment.tcp + 8) - 1 : word(segment.tcp + 4);
      if (!isWantedNumber(number)) {
        const stamps = timestampsOf(segment);
        note(number, stamps === 0 ? 0 : word(isReply ? stamps + 4 : stamps));
        return true;
      }
    } else if (!wantsNumbers() || !hasAddresses(segment)) {
      return true;
    } else {
      addressSegment(segment);
      return !isKnown(segment.hashed, segment.a, segment.b, segment.ports, segment.version);
    }
  }
  addressSegment(segment);
  return false;
}

function isWanted(segment: Segment): bool {
  const at = segment.addresses;
  return segment.version === 4
    ? isWanted4(word(at)) || isWanted4(word(at + 4))
    : isWanted6(at) || isWanted6(at + 16);
}

/** Whether both addresses have numbers: those of a flow that is known do. */
function hasAddresses(segment: Segment): bool {
  if (segment.version === 4) return true;
  return addresses.find(segment.addresses) >= 0 && addresses.find(segment.addresses + 16) >= 0;
}

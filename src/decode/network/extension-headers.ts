import { boundTo, type Cursor, cutShort, DONE, IP_PROTOCOL, type Next, UNBOUNDED } from '../cursor.js';
import type { Packet } from '../packet.js';

const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
export const AUTHENTICATION_HEADER = 51;
export const NO_NEXT_HEADER = 59;
const DESTINATION_OPTIONS = 60;

const MIN_LENGTH = 8;
const HEADER_EXTENSION_LENGTH = 1;
const FRAGMENT_OFFSET = 2;
const FRAGMENT_IDENTIFICATION = 4;

const OPTION_PAD1 = 0;
const OPTION_JUMBO_PAYLOAD = 0xc2;

/**
 * RFC 8200 section 4: goes over the extension headers to the first that is none, and fills in `protocol` and
 * `ipPayloadLength`. ESP ends the walk like any transport protocol: what it hides is not to be read.
 *
 * @param first the Next Header that announced the one at the cursor
 * @param payloadEnd offset after the packet's last octet, captured or not
 */
export function walkExtensionHeaders(
  packet: Packet,
  cursor: Cursor,
  first: number,
  payloadEnd: number,
): Next {
  const { bytes, view } = packet;
  let end = payloadEnd;
  let header = first;
  while (isExtension(header)) {
    const { at } = cursor;
    if (at + MIN_LENGTH > cursor.end) return cutShort(packet, cursor, MIN_LENGTH);
    const units = bytes[at + HEADER_EXTENSION_LENGTH]!;
    let length = (units + 1) << 3;
    // RFC 4302 section 2.2: in words of four octets, less two. A Fragment header has no length.
    if (header === AUTHENTICATION_HEADER) length = (units + 2) << 2;
    else if (header === FRAGMENT) length = MIN_LENGTH;
    if (at + length > cursor.end) return cutShort(packet, cursor, length);

    if (header === HOP_BY_HOP) {
      const jumboEnd = findJumboEnd(packet, at, length);
      if (jumboEnd > 0) {
        end = jumboEnd;
        boundTo(cursor, end);
      }
    }
    const isFragment = header === FRAGMENT;
    header = bytes[at]!;
    cursor.at = at + length;
    if (isFragment) {
      const fragment = view.getUint16(at + FRAGMENT_OFFSET);
      packet.fragmentOffset = fragment & 0xfff8;
      packet.moreFragments = (fragment & 1) !== 0;
      packet.identification = view.getUint32(at + FRAGMENT_IDENTIFICATION);
      if (packet.moreFragments) cursor.limit = UNBOUNDED;
      if (packet.fragmentOffset > 0) break;
    }
  }
  packet.protocol = header;
  packet.ipPayloadLength = Math.max(0, end - cursor.at);
  return packet.fragmentOffset > 0 || header === NO_NEXT_HEADER ? DONE : IP_PROTOCOL + header;
}

function isExtension(header: number): boolean {
  return (
    header === HOP_BY_HOP ||
    header === ROUTING ||
    header === FRAGMENT ||
    header === AUTHENTICATION_HEADER ||
    header === DESTINATION_OPTIONS
  );
}

/**
 * The end that a Jumbo Payload option gives to the packet (RFC 2675), 0 without one. Its length counts from the
 * Hop-by-Hop header, which has to be the first.
 */
function findJumboEnd(packet: Packet, header: number, length: number): number {
  const { bytes, view } = packet;
  const end = header + length;
  let at = header + 2;
  while (at + 1 < end) {
    const option = bytes[at]!;
    if (option === OPTION_PAD1) {
      at++;
      continue;
    }
    const optionLength = bytes[at + 1]!;
    if (option === OPTION_JUMBO_PAYLOAD && optionLength === 4 && at + 6 <= end)
      return header + view.getUint32(at + 2);
    at += 2 + optionLength;
  }
  return 0;
}

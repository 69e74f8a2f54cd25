import { boundTo, type Cursor, cutShort, malformed, type Next, UDP_PORT } from '../cursor.js';
import type { Packet } from '../packet.js';

const SOURCE_PORT = 0;
const DESTINATION_PORT = 2;
const LENGTH = 4;
const HEADER_LENGTH = 8;

/** RFC 768. */
export function decodeUdp(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  const { view } = packet;
  if (at + HEADER_LENGTH > cursor.end) {
    if (at + DESTINATION_PORT + 2 <= cursor.end) {
      packet.sourcePort = view.getUint16(at + SOURCE_PORT);
      packet.destinationPort = view.getUint16(at + DESTINATION_PORT);
    }
    return cutShort(packet, cursor, HEADER_LENGTH);
  }
  packet.sourcePort = view.getUint16(at + SOURCE_PORT);
  packet.destinationPort = view.getUint16(at + DESTINATION_PORT);
  // RFC 2675 section 4: 0 in a jumbogram; segmentation offload leaves it 0 as well.
  const length = view.getUint16(at + LENGTH) || packet.ipPayloadLength;
  if (length < HEADER_LENGTH) return malformed(packet);
  packet.payloadLength = length - HEADER_LENGTH;
  packet.payloadOffset = at + HEADER_LENGTH;
  if (!packet.moreFragments) boundTo(cursor, at + length);
  cursor.at = at + HEADER_LENGTH;
  return UDP_PORT + packet.destinationPort;
}

import { boundTo, type Cursor, cutShort, malformed, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { NO_NEXT_HEADER, walkExtensionHeaders } from './extension-headers.js';

const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER_LENGTH = 40;

/** RFC 8200. */
export function decodeIPv6(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  const { bytes } = packet;
  if (bytes[at]! >> 4 !== 6) return malformed(packet);
  packet.ipVersion = 6;
  packet.sourceAddress = at + SOURCE;
  packet.destinationAddress = at + DESTINATION;
  packet.ttl = bytes[at + HOP_LIMIT]!;
  const nextHeader = bytes[at + NEXT_HEADER]!;
  const payloadLength = packet.view.getUint16(at + PAYLOAD_LENGTH);
  cursor.at = at + HEADER_LENGTH;
  // A length of 0 with something after it: a jumbogram, whose option gives the length, or segmentation offload.
  const openEnded = payloadLength === 0 && nextHeader !== NO_NEXT_HEADER;
  const payloadEnd = openEnded ? cursor.end : cursor.at + payloadLength;
  if (!openEnded) boundTo(cursor, payloadEnd);
  return walkExtensionHeaders(packet, cursor, nextHeader, payloadEnd);
}

import {
  boundTo,
  type Cursor,
  cutShort,
  DONE,
  IP_PROTOCOL,
  malformed,
  type Next,
  UNBOUNDED,
} from '../cursor.js';
import type { Packet } from '../packet.js';
import { AUTHENTICATION_HEADER, walkExtensionHeaders } from './extension-headers.js';

const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FLAGS_AND_FRAGMENT_OFFSET = 6;
const TIME_TO_LIVE = 8;
const PROTOCOL = 9;
const SOURCE = 12;
const DESTINATION = 16;
const MIN_HEADER_LENGTH = 20;

/** RFC 791. */
export function decodeIPv4(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + MIN_HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, MIN_HEADER_LENGTH);
  const { bytes, view } = packet;
  const versionAndLength = bytes[at]!;
  const headerLength = (versionAndLength & 0x0f) << 2;
  const totalLength = view.getUint16(at + TOTAL_LENGTH);
  if (versionAndLength >> 4 !== 4 || headerLength < MIN_HEADER_LENGTH) return malformed(packet);
  if (totalLength < headerLength && totalLength !== 0) return malformed(packet);
  const fragment = view.getUint16(at + FLAGS_AND_FRAGMENT_OFFSET);
  packet.ipVersion = 4;
  packet.sourceAddress = at + SOURCE;
  packet.destinationAddress = at + DESTINATION;
  packet.identification = view.getUint16(at + IDENTIFICATION);
  packet.ttl = bytes[at + TIME_TO_LIVE]!;
  packet.dontFragment = (fragment & 0x4000) !== 0;
  packet.moreFragments = (fragment & 0x2000) !== 0;
  packet.fragmentOffset = (fragment & 0x1fff) << 3;

  // A total length of 0 was captured before segmentation offload filled it in (TSO, BIG TCP): then all that
  // there is belongs to the packet.
  const packetEnd = totalLength === 0 ? Math.max(cursor.end, at + headerLength) : at + totalLength;
  if (totalLength !== 0) boundTo(cursor, packetEnd);
  // What a fragment lacks is no contradiction within it: its end counts as one of the capture.
  if (packet.moreFragments) cursor.limit = UNBOUNDED;

  const protocol = bytes[at + PROTOCOL]!;
  const authenticated = protocol === AUTHENTICATION_HEADER && packet.fragmentOffset === 0;
  if (!authenticated) {
    packet.protocol = protocol;
    packet.ipPayloadLength = packetEnd - at - headerLength;
  }
  if (at + headerLength > cursor.end) return cutShort(packet, cursor, headerLength);
  cursor.at = at + headerLength;
  if (packet.fragmentOffset > 0) return DONE;
  return authenticated ? walkExtensionHeaders(packet, cursor, protocol, packetEnd) : IP_PROTOCOL + protocol;
}

import { type Cursor, cutShort, DONE, type Next, Trust } from '../cursor.js';
import { type Packet, TunnelKind } from '../packet.js';
import { enterTunnel } from './enter.js';
import { nextOfProtocolType } from './protocol-type.js';

const VERSION_AND_OPTION_LENGTH = 0;
const PROTOCOL_TYPE = 2;
const VNI = 4;
const MIN_HEADER_LENGTH = 8;

/** RFC 8926. */
export function decodeGeneve(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  const { bytes, view } = packet;
  // A datagram that ends before is something else's.
  if (at + MIN_HEADER_LENGTH > cursor.limit) return DONE;
  if (at + MIN_HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, MIN_HEADER_LENGTH);
  const versionAndLength = bytes[at + VERSION_AND_OPTION_LENGTH]!;
  if (versionAndLength >> 6 !== 0) return DONE;
  const headerLength = MIN_HEADER_LENGTH + ((versionAndLength & 0x3f) << 2);
  if (at + headerLength > cursor.limit) return DONE;
  if (at + headerLength > cursor.end) return cutShort(packet, cursor, headerLength);
  const next = nextOfProtocolType(view.getUint16(at + PROTOCOL_TYPE));
  if (next === DONE) return DONE;
  if (!enterTunnel(packet, cursor, TunnelKind.geneve, view.getUint32(at + VNI) >>> 8, Trust.likely))
    return DONE;
  cursor.at = at + headerLength;
  return next;
}

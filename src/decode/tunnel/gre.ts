import { type Cursor, cutShort, DONE, type Next, Trust } from '../cursor.js';
import { type Packet, TunnelKind } from '../packet.js';
import { enterTunnel } from './enter.js';
import { nextOfProtocolType } from './protocol-type.js';

const FLAGS_AND_VERSION = 0;
const PROTOCOL_TYPE = 2;
const MIN_HEADER_LENGTH = 4;

const FLAG_CHECKSUM = 0x8000;
const FLAG_ROUTING = 0x4000;
const FLAG_KEY = 0x2000;
const FLAG_SEQUENCE = 0x1000;
const VERSION = 0x0007;

/** RFC 2784 and RFC 2890. Version 1 (PPTP), source routing (RFC 1701) and ERSPAN's mirrored frames are left. */
export function decodeGre(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  const { view } = packet;
  if (at + MIN_HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, MIN_HEADER_LENGTH);
  const flags = view.getUint16(at + FLAGS_AND_VERSION);
  const next = nextOfProtocolType(view.getUint16(at + PROTOCOL_TYPE));
  if ((flags & (FLAG_ROUTING | VERSION)) !== 0 || next === DONE) return DONE;

  let headerLength = MIN_HEADER_LENGTH;
  if ((flags & FLAG_CHECKSUM) !== 0) headerLength += 4;
  const keyAt = at + headerLength;
  if ((flags & FLAG_KEY) !== 0) headerLength += 4;
  if ((flags & FLAG_SEQUENCE) !== 0) headerLength += 4;
  if (at + headerLength > cursor.end) return cutShort(packet, cursor, headerLength);
  const key = (flags & FLAG_KEY) === 0 ? 0 : view.getUint32(keyAt);
  if (!enterTunnel(packet, cursor, TunnelKind.gre, key, Trust.certain)) return DONE;
  cursor.at = at + headerLength;
  return next;
}

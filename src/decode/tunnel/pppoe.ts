import { boundTo, type Cursor, cutShort, DONE, malformed, type Next, Trust } from '../cursor.js';
import { followPppProtocol } from '../link/ppp.js';
import { type Packet, TunnelKind } from '../packet.js';
import { enterTunnel } from './enter.js';

const VERSION_AND_TYPE = 0;
const CODE = 1;
const SESSION_ID = 2;
const LENGTH = 4;
const HEADER_LENGTH = 6;

const CODE_SESSION_DATA = 0;

/** RFC 2516, the session stage; LINKTYPE_PPP_ETHER starts with the same header, and may hold discovery too. */
export function decodePppoe(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  const { bytes, view } = packet;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  if (bytes[at + VERSION_AND_TYPE] !== 0x11) return malformed(packet);
  if (bytes[at + CODE] !== CODE_SESSION_DATA) return DONE;
  if (!enterTunnel(packet, cursor, TunnelKind.pppoe, view.getUint16(at + SESSION_ID), Trust.certain))
    return DONE;
  cursor.at = at + HEADER_LENGTH;
  boundTo(cursor, cursor.at + view.getUint16(at + LENGTH));
  return followPppProtocol(packet, cursor);
}

import { type Cursor, cutShort, DONE, ETHER_TYPE, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { followSllProtocol } from './sll.js';

const HDLC_HEADER_LENGTH = 4;

/** LINKTYPE_PPP: RFC 1661, with or without the two octets of HDLC-like framing (RFC 1662) before it. */
export function decodePpp(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + 2 > cursor.end) return cutShort(packet, cursor, 2);
  if (packet.view.getUint16(at) === 0xff03) cursor.at = at + 2;
  return followPppProtocol(packet, cursor);
}

/** LINKTYPE_PPP_HDLC: HDLC-like framing, or Cisco's, which carries an EtherType (RFC 1547 section 4.3.1). */
export function decodePppHdlc(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at >= cursor.end) return cutShort(packet, cursor, 1);
  const address = packet.bytes[at];
  if (address !== 0x0f && address !== 0x8f) return decodePpp(packet, cursor);
  if (at + HDLC_HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HDLC_HEADER_LENGTH);
  cursor.at = at + HDLC_HEADER_LENGTH;
  return followSllProtocol(packet, cursor, packet.view.getUint16(at + 2));
}

/** Goes from the Protocol field, where the cursor stands, to what it announces. */
export function followPppProtocol(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at >= cursor.end) return cutShort(packet, cursor, 1);
  let protocol = packet.bytes[at]!;
  // RFC 1661 section 6.5: an odd first octet is the whole field, compressed.
  if ((protocol & 1) === 0) {
    if (at + 2 > cursor.end) return cutShort(packet, cursor, 2);
    protocol = packet.view.getUint16(at);
    cursor.at = at + 2;
  } else {
    cursor.at = at + 1;
  }
  switch (protocol) {
    case 0x0021:
      return ETHER_TYPE + 0x0800;
    case 0x0057:
      return ETHER_TYPE + 0x86dd;
    case 0x0281:
      return ETHER_TYPE + 0x8847;
    default:
      return DONE; // LCP, IPCP, authentication, …
  }
}

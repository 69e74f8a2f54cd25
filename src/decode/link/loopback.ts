import { type Cursor, cutShort, DONE, ETHER_TYPE, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';

const HEADER_LENGTH = 4;

/** LINKTYPE_NULL: the address family in the byte order of the machine that captured. */
export function decodeNull(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  cursor.at = at + HEADER_LENGTH;
  // Families are small numbers: in the wrong order they fill the upper half.
  const family = packet.view.getUint32(at);
  return nextOfFamily(family <= 0xffff ? family : packet.view.getUint32(at, true));
}

/** LINKTYPE_LOOP: OpenBSD's, in network byte order. */
export function decodeLoop(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  cursor.at = at + HEADER_LENGTH;
  return nextOfFamily(packet.view.getUint32(at));
}

function nextOfFamily(family: number): Next {
  switch (family) {
    case 2:
      return ETHER_TYPE + 0x0800;
    case 10: // AF_INET6 of Linux
    case 24: // NetBSD, OpenBSD
    case 28: // FreeBSD
    case 30: // Darwin
      return ETHER_TYPE + 0x86dd;
    default:
      return DONE;
  }
}

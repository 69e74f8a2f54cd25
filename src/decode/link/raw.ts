import { type Cursor, cutShort, DONE, ETHER_TYPE, malformed, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';

/** LINKTYPE_RAW: a packet that starts with its IP header, of either version. */
export function decodeRaw(packet: Packet, cursor: Cursor): Next {
  if (cursor.at >= cursor.end) return cutShort(packet, cursor, 1);
  const next = nextOfVersion(packet.bytes[cursor.at]! >> 4);
  return next === DONE ? malformed(packet) : next;
}

/** What an IP header's version nibble announces; DONE where it is neither. */
export function nextOfVersion(version: number): Next {
  if (version === 4) return ETHER_TYPE + 0x0800;
  return version === 6 ? ETHER_TYPE + 0x86dd : DONE;
}

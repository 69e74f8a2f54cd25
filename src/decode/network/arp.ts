import { type Cursor, cutShort, DONE, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';

const HARDWARE_AND_PROTOCOL = 0;
const ADDRESS_LENGTHS = 4;
const OPERATION = 6;
const SENDER_HARDWARE = 8;
const SENDER_PROTOCOL = 14;
const TARGET_HARDWARE = 18;
const TARGET_PROTOCOL = 24;
const FIXED_LENGTH = 8;
const LENGTH = 28;

/** RFC 826, for IPv4 over Ethernet; other pairs of address kinds are left. */
export function decodeArp(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  const { view } = packet;
  if (at + FIXED_LENGTH > cursor.end) return cutShort(packet, cursor, FIXED_LENGTH);
  if (view.getUint32(at + HARDWARE_AND_PROTOCOL) !== 0x00010800) return DONE;
  if (view.getUint16(at + ADDRESS_LENGTHS) !== 0x0604) return DONE;
  if (at + LENGTH > cursor.end) return cutShort(packet, cursor, LENGTH);
  packet.arpOperation = view.getUint16(at + OPERATION);
  packet.arpSenderHardware = at + SENDER_HARDWARE;
  packet.arpSenderProtocol = at + SENDER_PROTOCOL;
  packet.arpTargetHardware = at + TARGET_HARDWARE;
  packet.arpTargetProtocol = at + TARGET_PROTOCOL;
  return DONE;
}

import { type Cursor, cutShort, DONE, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { followEtherType, MIN_ETHER_TYPE } from './ether-type.js';

const PACKET_TYPE = 0;
const HARDWARE_TYPE = 2;
const ADDRESS_LENGTH = 4;
const ADDRESS = 6;
const PROTOCOL = 14;
const HEADER_LENGTH = 16;

const MAX_ADDRESS_LENGTH = 8;

/** LINKTYPE_LINUX_SLL: what `tcpdump -i any` wrote before LINUX_SLL2. */
export function decodeSll(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  const { view } = packet;
  packet.packetType = view.getUint16(at + PACKET_TYPE);
  packet.hardwareType = view.getUint16(at + HARDWARE_TYPE);
  // The field tells the address's true length, also where only the first eight octets of it have room.
  const length = Math.min(view.getUint16(at + ADDRESS_LENGTH), MAX_ADDRESS_LENGTH);
  packet.linkAddressLength = length;
  if (length > 0) packet.linkAddress = at + ADDRESS;
  cursor.at = at + HEADER_LENGTH;
  return followSllProtocol(packet, cursor, view.getUint16(at + PROTOCOL));
}

/** Values below the EtherTypes are Linux's own ETH_P_ numbers: 802.3 without LLC 1, with LLC 4, CAN, … */
export function followSllProtocol(packet: Packet, cursor: Cursor, protocol: number): Next {
  return protocol < MIN_ETHER_TYPE ? DONE : followEtherType(packet, cursor, protocol);
}

import { type Cursor, cutShort, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { followSllProtocol } from './sll.js';

const PROTOCOL = 0;
const INTERFACE_INDEX = 4;
const HARDWARE_TYPE = 8;
const PACKET_TYPE = 10;
const ADDRESS_LENGTH = 11;
const ADDRESS = 12;
const HEADER_LENGTH = 20;

const MAX_ADDRESS_LENGTH = 8;

/** LINKTYPE_LINUX_SLL2: what `tcpdump -i any` writes, with the interface of each packet. */
export function decodeSll2(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  const { bytes, view } = packet;
  packet.ifindex = view.getUint32(at + INTERFACE_INDEX);
  packet.hardwareType = view.getUint16(at + HARDWARE_TYPE);
  packet.packetType = bytes[at + PACKET_TYPE]!;
  const length = Math.min(bytes[at + ADDRESS_LENGTH]!, MAX_ADDRESS_LENGTH);
  packet.linkAddressLength = length;
  if (length > 0) packet.linkAddress = at + ADDRESS;
  cursor.at = at + HEADER_LENGTH;
  return followSllProtocol(packet, cursor, view.getUint16(at + PROTOCOL));
}

import { boundTo, type Cursor, cutShort, DONE, ETHER_TYPE, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';

const TAG_LENGTH = 4;
const LLC_SNAP_LENGTH = 8;
const SNAP_ETHER_TYPE = 6;

/** IEEE 802.3 section 3.2.6: up to this a length, from MIN_ETHER_TYPE on a type, between them undefined. */
const MAX_LENGTH = 1500;
export const MIN_ETHER_TYPE = 0x0600;

/**
 * Goes from an EtherType, or 802.3 length, to what it announces: reads tags, and takes the length of an LLC frame.
 *
 * @param type the field's value; the cursor stands on the octet after it
 */
export function followEtherType(packet: Packet, cursor: Cursor, type: number): Next {
  let etherType = type;
  // 0x9100 is what many switches put for the outer tag before 802.1ad gave it 0x88a8.
  while (etherType === 0x8100 || etherType === 0x88a8 || etherType === 0x9100) {
    const { at } = cursor;
    if (at + TAG_LENGTH > cursor.end) return cutShort(packet, cursor, TAG_LENGTH);
    const vid = packet.view.getUint16(at) & 0x0fff;
    if (packet.vlan < 0) packet.vlan = vid;
    else if (packet.innerVlan < 0) packet.innerVlan = vid;
    etherType = packet.view.getUint16(at + 2);
    cursor.at = at + TAG_LENGTH;
  }
  if (etherType < MIN_ETHER_TYPE)
    return etherType <= MAX_LENGTH ? decodeLlc(packet, cursor, etherType) : DONE;
  packet.etherType = etherType;
  return ETHER_TYPE + etherType;
}

/** RFC 1042: only SNAP with the zero OUI carries an EtherType. Spanning tree, LLDP's like and IPX end here. */
function decodeLlc(packet: Packet, cursor: Cursor, length: number): Next {
  const { at } = cursor;
  boundTo(cursor, at + length);
  if (at + LLC_SNAP_LENGTH > cursor.limit) return DONE;
  if (at + LLC_SNAP_LENGTH > cursor.end) return cutShort(packet, cursor, LLC_SNAP_LENGTH);
  const { view } = packet;
  if (view.getUint32(at) !== 0xaaaa0300 || view.getUint16(at + 4) !== 0) return DONE;
  const etherType = view.getUint16(at + SNAP_ETHER_TYPE);
  if (etherType < MIN_ETHER_TYPE) return DONE;
  cursor.at = at + LLC_SNAP_LENGTH;
  packet.etherType = etherType;
  return ETHER_TYPE + etherType;
}

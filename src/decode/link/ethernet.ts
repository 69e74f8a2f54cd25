import { type Cursor, cutShort, type Next } from '../cursor.js';
import type { Packet } from '../packet.js';
import { resetEthernet } from '../reset.js';
import { followEtherType } from './ether-type.js';

const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;
const HEADER_LENGTH = 14;

/** LINKTYPE_ETHERNET, and the frames that tunnels carry. */
export function decodeEthernet(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  // An outer frame's fields have gone into its tunnel's entry.
  if (packet.tunnelDepth > 0) resetEthernet(packet);
  packet.etherDestination = at + DESTINATION;
  packet.etherSource = at + SOURCE;
  cursor.at = at + HEADER_LENGTH;
  return followEtherType(packet, cursor, packet.view.getUint16(at + TYPE));
}

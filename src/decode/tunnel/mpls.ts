import { type Cursor, cutShort, DONE, type Next, Trust } from '../cursor.js';
import { nextOfVersion } from '../link/raw.js';
import { type Packet, TunnelKind } from '../packet.js';
import { enterTunnel } from './enter.js';

const ENTRY_LENGTH = 4;
const BOTTOM_OF_STACK = 0x100;
const CONTROL_WORD_LENGTH = 4;
const ETHERNET = 1;

/** RFC 3032. No label says what is below it: that is told by the first nibble there (RFC 4928). */
export function decodeMpls(packet: Packet, cursor: Cursor): Next {
  const { view } = packet;
  const start = cursor.at;
  let entry = 0;
  while ((entry & BOTTOM_OF_STACK) === 0) {
    if (cursor.at + ENTRY_LENGTH > cursor.end) return cutShort(packet, cursor, ENTRY_LENGTH);
    entry = view.getUint32(cursor.at);
    cursor.at += ENTRY_LENGTH;
  }
  if (cursor.at >= cursor.end) return cutShort(packet, cursor, 1);
  const topLabel = view.getUint32(start) >>> 12;
  const nibble = packet.bytes[cursor.at]! >> 4;
  const next = nextOfVersion(nibble);
  if (next !== DONE)
    return enterTunnel(packet, cursor, TunnelKind.mpls, topLabel, Trust.certain) ? next : DONE;

  // A nibble of 0 begins the control word of a pseudowire (RFC 4385), which carries Ethernet more often than not.
  if (nibble !== 0) return DONE;
  if (cursor.at + CONTROL_WORD_LENGTH > cursor.end) return cutShort(packet, cursor, CONTROL_WORD_LENGTH);
  if (!enterTunnel(packet, cursor, TunnelKind.mpls, topLabel, Trust.doubtful)) return DONE;
  cursor.at += CONTROL_WORD_LENGTH;
  return ETHERNET;
}

import { type Cursor, cutShort, DONE, type Next, Trust } from '../cursor.js';
import { type Packet, TunnelKind } from '../packet.js';
import { enterTunnel } from './enter.js';

const FLAGS = 0;
const VNI = 4;
const HEADER_LENGTH = 8;

const FLAG_VNI_VALID = 0x08000000;
/** Group Policy extension: Linux sends it, and Cisco; the group is in the two octets before the VNI. */
const FLAG_GROUP_POLICY = 0x80000000;
const GROUP_POLICY_BITS = 0x0048ffff;
const ETHERNET = 1;

/** RFC 7348. */
export function decodeVxlan(packet: Packet, cursor: Cursor): Next {
  const { at } = cursor;
  // A datagram that ends before is something else's.
  if (at + HEADER_LENGTH > cursor.limit) return DONE;
  if (at + HEADER_LENGTH > cursor.end) return cutShort(packet, cursor, HEADER_LENGTH);
  const flags = packet.view.getUint32(at + FLAGS);
  if ((flags & FLAG_VNI_VALID) === 0) return DONE;
  // Reserved bits are sent as zero and not looked at (section 5). Where they are set, it is some other protocol
  // as likely as an extension.
  const known =
    FLAG_VNI_VALID | ((flags & FLAG_GROUP_POLICY) === 0 ? 0 : FLAG_GROUP_POLICY | GROUP_POLICY_BITS);
  const vniAndReserved = packet.view.getUint32(at + VNI);
  const clean = (flags & ~known) === 0 && (vniAndReserved & 0xff) === 0;
  if (
    !enterTunnel(
      packet,
      cursor,
      TunnelKind.vxlan,
      vniAndReserved >>> 8,
      clean ? Trust.likely : Trust.doubtful,
    )
  ) {
    return DONE;
  }
  cursor.at = at + HEADER_LENGTH;
  return ETHERNET;
}

import { type Cursor, DONE, ETHER_TYPE, type Next, Trust } from '../cursor.js';
import { type Packet, TunnelKind } from '../packet.js';
import { enterTunnel } from './enter.js';

/** RFC 2003 (in IPv4) and RFC 2473 (in IPv6). */
export function decodeIPv4InIP(packet: Packet, cursor: Cursor): Next {
  return enterTunnel(packet, cursor, TunnelKind.ipip, 0, Trust.certain) ? ETHER_TYPE + 0x0800 : DONE;
}

/** RFC 4213 (in IPv4: 6in4) and RFC 2473 (in IPv6). */
export function decodeIPv6InIP(packet: Packet, cursor: Cursor): Next {
  return enterTunnel(packet, cursor, TunnelKind.ipip, 0, Trust.certain) ? ETHER_TYPE + 0x86dd : DONE;
}

import { headersOf } from '../decode/decode.js';
import { Packet } from '../decode/packet.js';
import type { Addresses } from './addresses.js';
import { mendChecksums } from './checksums.js';
import { REDACT_HEADER } from './headers.js';

/**
 * A packet's headers with other addresses, and checksums that are as right as they were: of tunnels, of what they carry,
 * of ARP and neighbour discovery, and of what an ICMP error quotes. What comes after the headers that are known is cut
 * off, for nobody knows what it tells: so the result is shorter than the packet.
 *
 * @param linkType LINKTYPE_ value; of one that is not decoded nothing is left
 * @param octets as captured; they stay as they are
 */
export function redactPacket(linkType: number, octets: Uint8Array, addresses: Addresses): Uint8Array {
  const redacted = Uint8Array.from(octets);
  const headers = headersOf(linkType, octets, new Packet());
  const ends = headers.map((header) => REDACT_HEADER.get(header.protocol)!(redacted, header, addresses));
  mendChecksums(redacted, octets, headers);
  return redacted.slice(0, Math.max(0, ...ends));
}

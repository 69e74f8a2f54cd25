import { formatAddress } from '../model/address.js';

/** The text of an address in a packet; '' where the packet has none. */
export function addressText(bytes: Uint8Array, offset: number, ipVersion: 0 | 4 | 6): string {
  return ipVersion === 0 || offset < 0 ? '' : formatAddress(bytes, offset, ipVersion);
}

import { formatIPv6, parseAddress } from '../model/address.js';

/** The group that a host joins for each of its addresses, and who asks for the address asks (RFC 4291 section 2.7.1). */
export function solicitedNode(address: string): string {
  const group = parseAddress('ff02::1:ff00:0')!;
  group.set(parseAddress(address)!.subarray(13), 13);
  return formatIPv6(group);
}

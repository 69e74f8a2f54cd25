import { parseAddress } from '../../model/address.js';

/** Addresses from `first` to `last`, both included, as octets of one length. */
export interface AddressRange {
  first: Uint8Array;
  last: Uint8Array;
}

/** Reads `192.168.1.0/24` or `192.168.1.240-192.168.1.250`, as MetalLB's pools have them; null where it is neither. */
export function readAddressRange(text: string): AddressRange | null {
  const [network = '', bits] = text.split('/');
  if (bits !== undefined) return rangeOfPrefix(network.trim(), bits.trim());
  const [from = '', to] = text.split('-');
  const first = parseAddress(from.trim());
  const last = to === undefined ? null : parseAddress(to.trim());
  return first && last && first.length === last.length ? { first, last } : null;
}

function rangeOfPrefix(network: string, bits: string): AddressRange | null {
  const address = parseAddress(network);
  if (!address || !/^\d{1,3}$/.test(bits) || Number(bits) > address.length * 8) return null;
  const mask = (i: number) => 0xff & ~(0xff >> Math.min(8, Math.max(0, Number(bits) - i * 8)));
  return {
    first: address.map((octet, i) => octet & mask(i)),
    last: address.map((octet, i) => octet | (0xff & ~mask(i))),
  };
}

/** @param text an address; any other text is in no range */
export function isInRange({ first, last }: AddressRange, text: string): boolean {
  const address = parseAddress(text);
  if (!address || address.length !== first.length) return false;
  return Buffer.compare(first, address) <= 0 && Buffer.compare(address, last) <= 0;
}

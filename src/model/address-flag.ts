import { canonicalAddress } from './address.js';
import { UsageError } from './errors.js';

/** @throws UsageError naming the flag */
export function parseAddressFlag(flag: string, text: string): string {
  const address = canonicalAddress(text);
  if (address === null) throw new UsageError(`${flag} ${text}: is no IPv4 or IPv6 address`);
  return address;
}

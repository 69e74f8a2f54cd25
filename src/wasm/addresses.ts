/** IPv6 addresses as small numbers, so that a flow's key is the same few words in either family. */
import { InternTable } from './intern-table';
import { ADDRESS_SHIFT } from './layout';
import { IS_FROM_B, IS_IPV6, orderEnds, Segment } from './read-segment';

export const addresses = new InternTable(4, ADDRESS_SHIFT);

/** Makes the key of a segment of IPv6, whose addresses get numbers where they have none. */
export function numberAddresses(segment: Segment): void {
  if (!segment.has(IS_IPV6)) return;
  const at = segment.addresses;
  setEnds(segment, addresses.intern(at), addresses.intern(at + 16));
}

/** The same where the addresses have numbers already; false where one has none. */
export function findAddresses(segment: Segment): bool {
  if (!segment.has(IS_IPV6)) return true;
  const at = segment.addresses;
  const source = addresses.find(at);
  const destination = addresses.find(at + 16);
  if (source < 0 || destination < 0) return false;
  setEnds(segment, source, destination);
  return true;
}

function setEnds(segment: Segment, source: u32, destination: u32): void {
  const traits = <u32>segment.traits & ~IS_FROM_B;
  segment.traits = <u8>(traits | orderEnds(segment, source, destination, segment.ports));
}

/** IPv6 addresses as small numbers, so that a flow's key is the same few words in either family. */
import { InternTable } from './intern-table';
import { ADDRESS_SHIFT } from './layout';
import { IS_FROM_B, IS_IPV6, orderEnds, Segment } from './read-segment';

export const addresses = new InternTable(4, ADDRESS_SHIFT);

/** Where the source address of a segment is, the destination's behind it. Only of IPv6, before `numberAddresses`. */
export function addressesOf(segment: Segment): usize {
  return <usize>segment.a;
}

/** Makes the key of a segment of IPv6, whose addresses get numbers where they have none. */
export function numberAddresses(segment: Segment): void {
  if (!segment.has(IS_IPV6)) return;
  const at = addressesOf(segment);
  const source = addresses.intern(at);
  const destination = addresses.intern(at + 16);
  const traits = <u32>segment.traits & ~IS_FROM_B;
  segment.traits = <u8>(traits | orderEnds(segment, source, destination, segment.ports));
}

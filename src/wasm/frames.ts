/**
 * How packets lay on the wire (the interface, the link-layer addresses, tag and tunnels), as small numbers: a link has
 * few of them, and a sighting needs but a word.
 */
import { InternTable } from './intern-table';
import {
  FRAME_DESTINATION_LOW,
  FRAME_ETHER_HIGH,
  FRAME_INTERFACE,
  FRAME_SHIFT,
  LINK_HAS_DESTINATION,
  LINK_HAS_SOURCE,
  LINK_IS_IFINDEX,
  LINK_PACKET_TYPE,
  LINK_PACKET_TYPE_SHIFT,
} from './layout';
import { allocate } from './memory';

export const frames = new InternTable(6, FRAME_SHIFT);
const key: usize = allocate(1 << FRAME_SHIFT);

/** The frames that were met last, by a few bits of them: `link` and `rest`, the interface, and the number plus 1. */
const RECENT: u32 = 16;
const RECENT_SHIFT: u32 = 5;
const recent: usize = allocate(RECENT << RECENT_SHIFT);

/**
 * Of Ethernet without a tag, or LINUX_SLL2.
 *
 * @param link as `Segment` has it, and its `rest`
 * @param index of the interface in the file
 */
export function frameOf(link: u64, rest: u32, index: u32, isEthernet: bool): u32 {
  const place = (<u32>(link >>> 40) ^ (rest >>> 24)) & (RECENT - 1);
  const known = recent + ((<usize>place) << RECENT_SHIFT);
  if (load<u64>(known) === link && load<u32>(known, 8) === rest && load<u32>(known, 12) === index) {
    const id = load<u32>(known, 16);
    if (id !== 0) return id - 1;
  }
  const id = isEthernet ? ethernetFrame(link, rest, index) : cookedFrame(link, rest, index);
  store<u64>(known, link);
  store<u32>(known, rest, 8);
  store<u32>(known, index, 12);
  store<u32>(known, id + 1, 16);
  return id;
}

/** Octets 0-7 and 8-11 of the header. */
function ethernetFrame(begin: u64, rest: u32, index: u32): u32 {
  const sourceHigh = half(<u32>(begin >>> 48));
  const destinationHigh = half(<u32>begin);
  const destinationLow = bswap<u32>(<u32>(begin >>> 16));
  const link = LINK_HAS_SOURCE | LINK_HAS_DESTINATION;
  return internFrame(index, link, (sourceHigh << 16) | destinationHigh, bswap<u32>(rest), destinationLow, 0);
}

/** Octets 10-17 of the header (packet type, length of the address, address) and 4-7 (index of the interface). */
function cookedFrame(sender: u64, interfaceIndex: u32, index: u32): u32 {
  const ifindex = bswap<u32>(interfaceIndex);
  const type = ((<u32>(sender & 0xff) + 1) & LINK_PACKET_TYPE) << LINK_PACKET_TYPE_SHIFT;
  const isMac = <u32>((sender >>> 8) & 0xff) === 6;
  const link = (ifindex !== 0 ? LINK_IS_IFINDEX : 0) | type | (isMac ? LINK_HAS_SOURCE : 0);
  return internFrame(
    ifindex !== 0 ? ifindex : index,
    link,
    isMac ? half(<u32>(sender >>> 16)) << 16 : 0,
    isMac ? bswap<u32>(<u32>(sender >>> 32)) : 0,
    0,
    0,
  );
}

/** The lower 16 bits, in the network's order. */
function half(value: u32): u32 {
  return <u32>bswap<u16>(<u16>value);
}

/** The number of a frame, from 0 in the order in which they were first seen; `NONE` where there is no room. */
export function internFrame(
  index: u32,
  link: u32,
  high: u32,
  sourceLow: u32,
  destinationLow: u32,
  tunnels: u32,
): u32 {
  // They are read two words at a time, which waits for two narrower stores.
  store<u64>(key, <u64>index | ((<u64>link) << 32), FRAME_INTERFACE << 2);
  store<u64>(key, <u64>high | ((<u64>sourceLow) << 32), FRAME_ETHER_HIGH << 2);
  store<u64>(key, <u64>destinationLow | ((<u64>tunnels) << 32), FRAME_DESTINATION_LOW << 2);
  return frames.intern(key);
}

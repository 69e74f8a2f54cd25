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
import { half, word } from './octets';
import { allocate } from './memory';

export const frames = new InternTable(6, FRAME_SHIFT);
const key: usize = allocate(1 << FRAME_SHIFT);

/**
 * The frames that were met last, by a few bits of their addresses: octets 0-11 of the header, the interface, and the
 * number plus 1.
 */
const RECENT: u32 = 16;
const RECENT_SHIFT: u32 = 5;
const recent: usize = allocate(RECENT << RECENT_SHIFT);

/** Of Ethernet without a tag. */
export function ethernetFrame(at: usize, index: u32): u32 {
  const begin = load<u64>(at);
  const rest = load<u32>(at, 8);
  const place = (<u32>(begin >>> 40) ^ (rest >>> 24)) & (RECENT - 1);
  const known = recent + ((<usize>place) << RECENT_SHIFT);
  if (load<u64>(known) === begin && load<u32>(known, 8) === rest && load<u32>(known, 12) === index) {
    const id = load<u32>(known, 16);
    if (id !== 0) return id - 1;
  }
  const id = internFrame(
    index,
    LINK_HAS_SOURCE | LINK_HAS_DESTINATION,
    (half(at + 6) << 16) | half(at),
    word(at + 8),
    word(at + 2),
    0,
  );
  store<u64>(known, begin);
  store<u32>(known, rest, 8);
  store<u32>(known, index, 12);
  store<u32>(known, id + 1, 16);
  return id;
}

/** Of LINUX_SLL2. */
export function cookedFrame(at: usize, index: u32): u32 {
  const ifindex = word(at + 4);
  const type = ((<u32>load<u8>(at + 10) + 1) & LINK_PACKET_TYPE) << LINK_PACKET_TYPE_SHIFT;
  const isMac = load<u8>(at + 11) === 6;
  const link = (ifindex !== 0 ? LINK_IS_IFINDEX : 0) | type | (isMac ? LINK_HAS_SOURCE : 0);
  return internFrame(
    ifindex !== 0 ? ifindex : index,
    link,
    isMac ? half(at + 12) << 16 : 0,
    isMac ? word(at + 14) : 0,
    0,
    0,
  );
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

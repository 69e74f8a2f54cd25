/**
 * The 5-tuples of connections that were counted and let go, for as long as their last packets may come: a FIN that is
 * sent again, or the ACK of it, is no connection that began before the capture.
 */
import { allocate } from './memory';

/** Connections of a generation; at least as many are remembered, and at most twice as many. */
const GENERATION: u32 = 1 << 14;
const SLOTS: u32 = GENERATION * 2;

/** Octets of a slot, as a power of two: the mark, and the initial sequence number of the client. */
const SLOT_SHIFT: usize = 3;

let young: usize = allocate((<usize>SLOTS) << SLOT_SHIFT);
let old: usize = allocate((<usize>SLOTS) << SLOT_SHIFT);
let count: u32 = 0;

/**
 * @param mixed of the 5-tuple: its lower half tells the place, its upper half what is there
 * @param number the initial sequence number of the client
 */
export function bury(mixed: u64, number: u32): void {
  if (count === GENERATION) {
    const emptied = old;
    memory.fill(emptied, 0, (<usize>SLOTS) << SLOT_SHIFT);
    old = young;
    young = emptied;
    count = 0;
  }
  const at = find(young, mixed);
  if (load<u32>(at) === 0) count++;
  store<u64>(at, <u64>markOf(mixed) | ((<u64>number) << 32));
}

/** Loads the slots that a hash (the lower half of what is mixed) leads to into the cache. */
export function touchGrave(hashed: u32): u32 {
  const place = (<usize>(hashed & (SLOTS - 1))) << SLOT_SHIFT;
  return load<u32>(young + place) + load<u32>(old + place);
}

export function isBuried(mixed: u64): bool {
  return load<u32>(find(young, mixed)) !== 0 || load<u32>(find(old, mixed)) !== 0;
}

/** Whether it was the connection with this initial sequence number. */
export function isBuriedAs(mixed: u64, number: u32): bool {
  return hasNumber(find(young, mixed), number) || hasNumber(find(old, mixed), number);
}

function hasNumber(at: usize, number: u32): bool {
  return load<u32>(at) !== 0 && load<u32>(at, 4) === number;
}

/** Where a 5-tuple is, or would be. */
function find(slots: usize, mixed: u64): usize {
  const wanted = markOf(mixed);
  let slot = <u32>mixed & (SLOTS - 1);
  while (true) {
    const at = slots + ((<usize>slot) << SLOT_SHIFT);
    const entry = load<u32>(at);
    if (entry === 0 || entry === wanted) return at;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

/** An empty slot is 0, hence the lowest bit is set in all. */
function markOf(mixed: u64): u32 {
  return <u32>(mixed >>> 32) | 1;
}

/**
 * The 5-tuples of connections that were counted and let go, for as long as their last packets may come: a FIN that is
 * sent again, or the ACK of it, is no connection that began before the capture.
 */
import { allocate } from './memory';

/** Connections of a generation; at least as many are remembered, and at most twice as many. */
const GENERATION: u32 = 1 << 14;
const SLOTS: u32 = GENERATION * 2;

let young: usize = allocate((<usize>SLOTS) << 2);
let old: usize = allocate((<usize>SLOTS) << 2);
let count: u32 = 0;

/** @param hashed of the 5-tuple; two with one hash are not told apart, which of 2^31 is seldom */
export function bury(hashed: u32): void {
  if (count === GENERATION) {
    const emptied = old;
    memory.fill(emptied, 0, (<usize>SLOTS) << 2);
    old = young;
    young = emptied;
    count = 0;
  }
  const at = find(young, hashed);
  if (load<u32>(at) !== 0) return;
  store<u32>(at, hashed | 1);
  count++;
}

export function isBuried(hashed: u32): bool {
  return load<u32>(find(young, hashed)) !== 0 || load<u32>(find(old, hashed)) !== 0;
}

/** Where a hash is, or would be. An empty slot is 0, hence the lowest bit is set in all. */
function find(slots: usize, hashed: u32): usize {
  const wanted = hashed | 1;
  let slot = hashed >>> 17;
  while (true) {
    const at = slots + ((<usize>slot) << 2);
    const entry = load<u32>(at);
    if (entry === 0 || entry === wanted) return at;
    slot = (slot + 1) & (SLOTS - 1);
  }
}

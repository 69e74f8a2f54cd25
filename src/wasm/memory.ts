/** Where tables lie. Memory is reserved once, and does not grow under the views that JavaScript has of it. */

/** What is reserved: from here on it was given out to nobody. */
let next: usize = 0;
let end: usize = 0;

/** @returns false where there is not so much memory */
export function reserve(octets: u64): bool {
  const pages = (octets >>> 16) + 1;
  const before = memory.size();
  if (pages + before > 0xffff || memory.grow(<i32>pages) < 0) return false;
  next = (<usize>before) << 16;
  end = next + <usize>octets;
  return true;
}

/** Gives out memory that was never used, and so is 0; of whole cache lines. */
export function allocate(octets: usize): usize {
  const size = (octets + 63) & ~(<usize>63);
  // Tables that every capture has are made before anything is reserved.
  if (end === 0) return heap.alloc(size);
  const at = next;
  next += size;
  if (next > end) unreachable();
  return at;
}

/**
 * A hash table of rows: open addressing with linear probing, which gives its places back. The hash stands beside each
 * row, so that no row is looked at but the one that is meant.
 */
import { allocate } from './memory';

/** Slots up to which four times as many are made when there is no room: all of a larger index would be moved too often. */
const SMALL: u32 = 1 << 16;

/** Octets of a slot, as a power of two: the row plus 1 (0 where empty), and the hash. */
const SLOT_SHIFT: usize = 3;

export class RowIndex {
  mask: u32;
  used: u32 = 0;
  private slots: usize;

  /** @param size a power of two */
  constructor(size: u32) {
    this.slots = allocate((<usize>size) << SLOT_SHIFT);
    this.mask = size - 1;
  }

  /** The row in a slot plus 1, 0 where it is empty. */
  entry(slot: u32): u32 {
    return load<u32>(this.at(slot));
  }

  /** Whether the slot is the one of a row with this hash, as far as hashes tell. */
  hasHash(slot: u32, hashed: u32): bool {
    return load<u32>(this.at(slot), 4) === hashed;
  }

  /** The first slot on the way of a hash that is either empty or has that hash. */
  first(hashed: u32): u32 {
    return this.next((hashed - 1) & this.mask, hashed);
  }

  /** The same behind a slot. */
  next(slot: u32, hashed: u32): u32 {
    const mask = this.mask;
    const slots = this.slots;
    let at = slot;
    while (true) {
      at = (at + 1) & mask;
      const pair = load<u64>(slots + ((<usize>at) << SLOT_SHIFT));
      if (<u32>pair === 0 || <u32>(pair >>> 32) === hashed) return at;
    }
  }

  /** The slot that leads to the row; the empty one at the end of its way where none does. */
  slotOf(row: u32, hashed: u32): u32 {
    let slot = this.first(hashed);
    while (this.entry(slot) !== 0 && this.entry(slot) !== row + 1) slot = this.next(slot, hashed);
    return slot;
  }

  put(slot: u32, row: u32, hashed: u32): void {
    if (this.entry(slot) === 0) this.used++;
    store<u64>(this.at(slot), <u64>(row + 1) | ((<u64>hashed) << 32));
  }

  /** Empties a slot, and moves up those behind it that it was in the way of. */
  remove(slot: u32): void {
    const mask = this.mask;
    let hole = slot;
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const pair = load<u64>(this.at(next));
      if (<u32>pair === 0) break;
      const home = <u32>(pair >>> 32) & mask;
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        store<u64>(this.at(hole), pair);
        hole = next;
      }
    }
    store<u64>(this.at(hole), 0);
    this.used--;
  }

  /** Makes room for one more, so that half of the slots stay empty; true where the slots then are others. */
  makeRoom(): bool {
    if ((this.used + 1) * 2 <= this.mask) return false;
    const old = this.slots;
    const size = this.mask + 1;
    const grown = size < SMALL ? size * 4 : size * 2;
    this.slots = allocate((<usize>grown) << SLOT_SHIFT);
    this.mask = grown - 1;
    for (let i: u32 = 0; i < size; i++) {
      const pair = load<u64>(old + ((<usize>i) << SLOT_SHIFT));
      if (<u32>pair === 0) continue;
      let slot = <u32>(pair >>> 32) & this.mask;
      while (this.entry(slot) !== 0) slot = (slot + 1) & this.mask;
      store<u64>(this.at(slot), pair);
    }
    return true;
  }

  private at(slot: u32): usize {
    return this.slots + ((<usize>slot) << SLOT_SHIFT);
  }
}

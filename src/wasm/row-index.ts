/** A hash table of rows: open addressing with linear probing, which gives its places back. */

import { FLOW_CLIENT_SEQUENCE } from './layout';
import { get, hasKey, keyHash, numberHash } from './rows';

export class RowIndex {
  /** Row plus 1, 0 where empty. */
  slots: usize;
  mask: u32;
  used: u32 = 0;
  /** By the client's initial sequence number; else by 5-tuple. */
  private byNumber: bool;

  /** @param size a power of two */
  constructor(size: u32, byNumber: bool) {
    this.slots = heap.alloc((<usize>size) << 2);
    memory.fill(this.slots, 0, (<usize>size) << 2);
    this.mask = size - 1;
    this.byNumber = byNumber;
  }

  entry(slot: u32): u32 {
    return load<u32>(this.slots + ((<usize>slot) << 2));
  }

  put(slot: u32, row: u32): void {
    if (this.entry(slot) === 0) this.used++;
    store<u32>(this.slots + ((<usize>slot) << 2), row + 1);
  }

  /** The slot that leads to the 5-tuple, or the empty one where it would be. */
  slotOfKey(hashed: u32, a: u32, b: u32, ports: u32, transport: u32): u32 {
    let slot = hashed & this.mask;
    while (true) {
      const entry = this.entry(slot);
      if (entry === 0 || hasKey(entry - 1, a, b, ports, transport)) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  /** The slot that leads to a row with the number, or the empty one where it would be. */
  slotOfNumber(hashed: u32, number: u32): u32 {
    let slot = hashed & this.mask;
    while (true) {
      const entry = this.entry(slot);
      if (entry === 0 || get(entry - 1, FLOW_CLIENT_SEQUENCE) === number) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  /** The slot that leads to the row itself; the empty one at the end of its way where none does. */
  slotOfRow(row: u32): u32 {
    let slot = this.homeOf(row);
    while (true) {
      const entry = this.entry(slot);
      if (entry === 0 || entry === row + 1) return slot;
      slot = (slot + 1) & this.mask;
    }
  }

  /** Empties a slot, and moves up those behind it that it was in the way of. */
  remove(slot: u32): void {
    const mask = this.mask;
    let hole = slot;
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const entry = this.entry(next);
      if (entry === 0) break;
      const home = this.homeOf(entry - 1);
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        store<u32>(this.slots + ((<usize>hole) << 2), entry);
        hole = next;
      }
    }
    store<u32>(this.slots + ((<usize>hole) << 2), 0);
    this.used--;
  }

  /** Makes room for one more, so that half of the slots stay empty; true where the slots then are others. */
  makeRoom(): bool {
    if ((this.used + 1) * 2 <= this.mask) return false;
    const old = this.slots;
    const size = this.mask + 1;
    const grown = size * 2;
    this.slots = heap.alloc((<usize>grown) << 2);
    memory.fill(this.slots, 0, (<usize>grown) << 2);
    this.mask = grown - 1;
    for (let i: u32 = 0; i < size; i++) {
      const entry = load<u32>(old + ((<usize>i) << 2));
      if (entry === 0) continue;
      let slot = this.homeOf(entry - 1);
      while (this.entry(slot) !== 0) slot = (slot + 1) & this.mask;
      store<u32>(this.slots + ((<usize>slot) << 2), entry);
    }
    heap.free(old);
    return true;
  }

  private homeOf(row: u32): u32 {
    return (this.byNumber ? numberHash(row) : keyHash(row)) & this.mask;
  }
}

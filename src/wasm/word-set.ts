/** Words that are few, and asked for again and again: one probe tells of most others that they are not there. */
import { allocate } from './memory';

/** Slots for each word. */
const SPARE: u32 = 8;
const FEWEST_SLOTS: u32 = 64;

export class WordSet {
  private slots: usize = 0;
  private mask: u32 = 0;
  private shift: u32 = 0;

  /** Makes room; to be called once, before all else. */
  reserve(most: u32): void {
    let size = FEWEST_SLOTS;
    while (size < most * SPARE) size *= 2;
    this.slots = allocate((<usize>size) << 2);
    this.mask = size - 1;
    this.shift = clz<u32>(size) + 1;
  }

  add(word: u32): void {
    let slot = this.home(word);
    while (this.entry(slot) !== 0 && this.entry(slot) !== word) slot = (slot + 1) & this.mask;
    store<u32>(this.slots + ((<usize>slot) << 2), word);
  }

  /** Of 0, which stands for an empty slot, always. */
  has(word: u32): bool {
    let slot = this.home(word);
    while (true) {
      const entry = this.entry(slot);
      if (entry === word) return true;
      if (entry === 0) return false;
      slot = (slot + 1) & this.mask;
    }
  }

  private home(word: u32): u32 {
    return (word * 0x9e3779b1) >>> this.shift;
  }

  private entry(slot: u32): u32 {
    return load<u32>(this.slots + ((<usize>slot) << 2));
  }
}

/** Rows that are told apart by their first words, as small numbers in the order in which they were first seen. */
import { allocate } from './memory';

const INITIAL: u32 = 256;
/** Slots for each row that there is room for. */
const SPARE: u32 = 4;

/** In place of a row's number: there is no room for another. */
export const NONE: u32 = u32.MAX_VALUE;

export class InternTable {
  count: u32 = 0;
  /** Rows that there may be. */
  most: u32 = NONE;
  /** Moves as rows are added. */
  base: usize;
  /** A multiple of eight. */
  private keyOctets: usize;
  private shift: u32;
  private capacity: u32 = INITIAL;
  private slots: usize;
  private mask: u32 = INITIAL * SPARE - 1;

  /**
   * @param keyWords words (of four octets) that tell rows apart: 2, 4 or 6
   * @param shift octets of a row, as a power of two
   */
  constructor(keyWords: u32, shift: u32) {
    this.keyOctets = (<usize>keyWords) << 2;
    this.shift = shift;
    this.base = allocate((<usize>INITIAL) << shift);
    this.slots = allocate((INITIAL * SPARE) << 2);
  }

  at(row: u32): usize {
    return this.base + ((<usize>row) << this.shift);
  }

  /**
   * The number of the row with the words at `key`, which is added where it is new; its other words are 0 then. `NONE`
   * where it is new and there is no room.
   */
  intern(key: usize): u32 {
    const slot = this.slotOf(key);
    const entry = load<u32>(this.slots + ((<usize>slot) << 2));
    if (entry !== 0) return entry - 1;
    if (this.count >= this.most) return NONE;
    if (this.count === this.capacity) {
      this.grow();
      return this.intern(key);
    }
    const at = this.at(this.count);
    memory.copy(at, key, this.keyOctets);
    this.count++;
    store<u32>(this.slots + ((<usize>slot) << 2), this.count);
    return this.count - 1;
  }

  /** The same where it is there already; else -1. */
  find(key: usize): i32 {
    return <i32>load<u32>(this.slots + ((<usize>this.slotOf(key)) << 2)) - 1;
  }

  private slotOf(key: usize): u32 {
    const base = this.base;
    const shift = this.shift;
    const octets = this.keyOctets;
    const slots = this.slots;
    const mask = this.mask;
    const first = load<u64>(key);
    const second = octets > 8 ? load<u64>(key, 8) : 0;
    const third = octets > 16 ? load<u64>(key, 16) : 0;
    let slot = hashOf(first, second, third) & mask;
    while (true) {
      const entry = load<u32>(slots + ((<usize>slot) << 2));
      if (entry === 0) return slot;
      const at = base + ((<usize>(entry - 1)) << shift);
      if (
        load<u64>(at) === first &&
        (octets <= 8 || load<u64>(at, 8) === second) &&
        (octets <= 16 || load<u64>(at, 16) === third)
      ) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  private grow(): void {
    const grown = allocate((<usize>this.capacity * 2) << this.shift);
    memory.copy(grown, this.base, (<usize>this.capacity) << this.shift);
    this.base = grown;
    this.capacity *= 2;
    this.mask = this.capacity * SPARE - 1;
    this.slots = allocate((<usize>this.capacity * SPARE) << 2);
    for (let row: u32 = 0; row < this.count; row++) {
      const at = this.at(row);
      const second = this.keyOctets > 8 ? load<u64>(at, 8) : 0;
      const third = this.keyOctets > 16 ? load<u64>(at, 16) : 0;
      let slot = hashOf(load<u64>(at), second, third) & this.mask;
      while (load<u32>(this.slots + ((<usize>slot) << 2)) !== 0) slot = (slot + 1) & this.mask;
      store<u32>(this.slots + ((<usize>slot) << 2), row + 1);
    }
  }
}

/** Each is multiplied by itself, so that the processor does so at once: one behind the other took twice as long. */
function hashOf(first: u64, second: u64, third: u64): u32 {
  const mixed =
    first * 0xff51afd7ed558ccd +
    rotl<u64>(second * 0xbf58476d1ce4e5b9, 31) +
    rotl<u64>(third * 0x94d049bb133111eb, 17);
  // High octets come down before low ones go up.
  return <u32>(((mixed ^ (mixed >>> 32)) * 0xd6e8feb86659fd93) >>> 32);
}

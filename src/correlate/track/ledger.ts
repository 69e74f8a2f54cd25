/**
 * Hot path. The rows of flows that are over or silent, in pages that are added as they fill and never copied, and an
 * index by 5-tuple for the packet that comes late.
 */
import { hash } from './flow-hash.js';
import { FLOW_WORDS, Flow, State } from './flow-words.js';

/** Rows of a page, as a power of two. */
const PAGE_SHIFT = 12;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;

const EMPTY = 0;

export class Ledger {
  readonly #pages: Int32Array[] = [];
  /** Row plus 1 of the newest instance of each 5-tuple. */
  #slots = new Int32Array(1 << 12);
  #used = 0;
  #rows = 0;
  /** Rows that were taken out again. */
  readonly #free: number[] = [];

  /** Rows that were ever in use: those that were taken out are among them, with an empty state. */
  get end(): number {
    return this.#rows;
  }

  get count(): number {
    return this.#rows - this.#free.length;
  }

  /** Takes over a copy of the row at `from` of `words`, the newest of its 5-tuple here; returns its number. */
  add(words: Int32Array, from: number): number {
    if ((this.#used + 1) * 2 > this.#slots.length) this.#grow();
    const row = this.#free.pop() ?? this.#rows++;
    if (row >>> PAGE_SHIFT === this.#pages.length) this.#pages.push(new Int32Array(FLOW_WORDS << PAGE_SHIFT));
    const page = this.page(row);
    const at = this.at(row);
    for (let i = 0; i < FLOW_WORDS; i++) page[at + i] = words[from + i]!;
    this.#index(row);
    return row;
  }

  /** The newest row of a 5-tuple; -1 where there is none. */
  find(a: number, b: number, ports: number, transport: number): number {
    return this.#slots[this.#slotOf(a, b, ports, transport)]! - 1;
  }

  /**
   * Takes out the newest row of its 5-tuple; its words stay valid until the next `add`.
   *
   * @param older the row here that is the newest then; -1 for none
   */
  take(row: number, older: number): void {
    const page = this.page(row);
    const at = this.at(row);
    const slot = this.#slotOf(
      page[at]!,
      page[at + 1]!,
      page[at + Flow.ports]!,
      page[at + Flow.state]! & State.transportMask,
    );
    if (older >= 0) this.#slots[slot] = older + 1;
    else this.#clear(slot);
    page[at + Flow.state] = 0;
    this.#free.push(row);
  }

  /** The words that hold a row, which begins at `at(row)`. */
  page(row: number): Int32Array {
    return this.#pages[row >>> PAGE_SHIFT]!;
  }

  at(row: number): number {
    return (row & PAGE_MASK) * FLOW_WORDS;
  }

  #slotOf(a: number, b: number, ports: number, transport: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hash(a, b, ports) & mask;
    for (; slots[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const row = slots[slot]! - 1;
      const page = this.#pages[row >>> PAGE_SHIFT]!;
      const at = (row & PAGE_MASK) * FLOW_WORDS;
      if (
        page[at + Flow.ports] === ports &&
        page[at] === a &&
        page[at + 1] === b &&
        (page[at + Flow.state]! & State.transportMask) === transport
      ) {
        break;
      }
    }
    return slot;
  }

  #index(row: number): void {
    const page = this.page(row);
    const at = this.at(row);
    const slot = this.#slotOf(
      page[at]!,
      page[at + 1]!,
      page[at + Flow.ports]!,
      page[at + Flow.state]! & State.transportMask,
    );
    if (this.#slots[slot] === EMPTY) this.#used++;
    this.#slots[slot] = row + 1;
  }

  /** Empties a slot and moves up those behind it that it was in the way of. */
  #clear(emptied: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = emptied;
    for (let slot = (hole + 1) & mask; slots[slot] !== EMPTY; slot = (slot + 1) & mask) {
      const home = this.#hashOf(slots[slot]! - 1) & mask;
      if (((slot - home) & mask) >= ((slot - hole) & mask)) {
        slots[hole] = slots[slot]!;
        hole = slot;
      }
    }
    slots[hole] = EMPTY;
    this.#used--;
  }

  #hashOf(row: number): number {
    const page = this.page(row);
    const at = this.at(row);
    return hash(page[at]!, page[at + 1]!, page[at + Flow.ports]!);
  }

  #grow(): void {
    const old = this.#slots;
    const slots = new Int32Array(old.length * 2);
    const mask = slots.length - 1;
    for (const entry of old) {
      if (entry === EMPTY) continue;
      let slot = this.#hashOf(entry - 1) & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = entry;
    }
    this.#slots = slots;
  }
}

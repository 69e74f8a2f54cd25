/**
 * Hot path. The 5-tuples of connections that were counted and let go, for as long as their last packets may come: a
 * FIN that is sent again, or the ACK of it, is no connection that began before the capture.
 */

/** Connections of a generation; at least as many are remembered, and at most twice as many. */
const GENERATION = 1 << 16;
const SLOTS = GENERATION * 2;

export class Graves {
  #young = new Int32Array(SLOTS);
  #old = new Int32Array(SLOTS);
  #count = 0;

  /** @param hashed of the 5-tuple; two with one hash are not told apart, which of 2^32 is seldom */
  add(hashed: number): void {
    if (this.#count === GENERATION) {
      const emptied = this.#old.fill(0);
      this.#old = this.#young;
      this.#young = emptied;
      this.#count = 0;
    }
    const slot = slotOf(this.#young, hashed);
    if (this.#young[slot] !== 0) return;
    this.#young[slot] = hashed | 1;
    this.#count++;
  }

  has(hashed: number): boolean {
    return this.#young[slotOf(this.#young, hashed)] !== 0 || this.#old[slotOf(this.#old, hashed)] !== 0;
  }
}

/** Where a hash is, or would be. 0 is an empty slot, so that the lowest bit, which is not missed, is set in all. */
function slotOf(slots: Int32Array, hashed: number): number {
  const wanted = hashed | 1;
  let slot = hashed >>> 15;
  while (slots[slot] !== 0 && slots[slot] !== wanted) slot = (slot + 1) & (SLOTS - 1);
  return slot;
}

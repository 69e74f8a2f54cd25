/**
 * Hot path. IPv6 addresses as small numbers, so that a flow's key is the same few words in either family. The
 * octets are compared in place; no text is made before a report needs it.
 */
const WORDS = 4;

export class AddressTable {
  #words = new Uint32Array(256 * WORDS);
  #count = 0;
  #slots = new Uint32Array(1024);

  /** The number of the sixteen octets at `offset`. */
  intern(view: DataView, offset: number): number {
    const w0 = view.getUint32(offset);
    const w1 = view.getUint32(offset + 4);
    const w2 = view.getUint32(offset + 8);
    const w3 = view.getUint32(offset + 12);
    const words = this.#words;
    let slot = hash(w0, w1, w2, w3) & (this.#slots.length - 1);
    for (;;) {
      const entry = this.#slots[slot]!;
      if (entry === 0) break;
      const at = (entry - 1) * WORDS;
      if (words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0) {
        return entry - 1;
      }
      slot = (slot + 1) & (this.#slots.length - 1);
    }
    return this.#add(slot, w0, w1, w2, w3);
  }

  #add(slot: number, w0: number, w1: number, w2: number, w3: number): number {
    if ((this.#count + 1) * WORDS > this.#words.length) {
      const grown = new Uint32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    const at = this.#count * WORDS;
    this.#words[at] = w0;
    this.#words[at + 1] = w1;
    this.#words[at + 2] = w2;
    this.#words[at + 3] = w3;
    this.#count++;
    this.#slots[slot] = this.#count;
    if (this.#count * 2 > this.#slots.length) this.#rehash();
    return this.#count - 1;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const words = this.#words;
    for (let i = 0; i < this.#count; i++) {
      const at = i * WORDS;
      let slot = hash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }

  /** The sixteen octets behind a number. */
  octets(id: number): Uint8Array {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < WORDS; i++) view.setUint32(i * 4, this.#words[id * WORDS + i]!);
    return bytes;
  }
}

function hash(w0: number, w1: number, w2: number, w3: number): number {
  let h =
    Math.imul(w0 ^ Math.imul(w1, 0xcc9e2d51), 0x1b873593) ^
    Math.imul(w2 ^ Math.imul(w3, 0x85ebca6b), 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

/** Hot path. Connections that were counted and let go, by the server that the client addressed. */

/** Words of a row. */
const FRONT = 0;
const BACK = 1;
const PORT = 2;
const COUNT = 3;
const KEPT = 4;
const WORDS = 5;

/** Those of one server. */
export interface ServedRow {
  /** Address as a flow's row has it, of the server as the client addressed it. */
  front: number;
  /** The one that NAT made of it; the same without NAT. */
  back: number;
  port: number;
  ipVersion: 4 | 6;
  /** Connections that were let go. */
  count: number;
}

export class ServedTable {
  #words = new Int32Array(64 * WORDS);
  #rows = 0;
  #slots = new Int32Array(128);
  /** Connections that were let go. */
  total = 0;

  /** The number of a server, which is added where it is new. */
  row(front: number, back: number, port: number, ipVersion: number): number {
    const words = this.#words;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const last = (port << 4) | ipVersion;
    let slot = hashOf(front, back, last) & mask;
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const at = (slots[slot]! - 1) * WORDS;
      if (words[at + FRONT] === front && words[at + BACK] === back && words[at + PORT] === last) {
        return slots[slot]! - 1;
      }
    }
    return this.#add(front, back, last, slot);
  }

  /** Connections to the server that were kept so far. */
  kept(row: number): number {
    return this.#words[row * WORDS + KEPT]!;
  }

  keep(row: number): void {
    this.#words[row * WORDS + KEPT]!++;
  }

  count(row: number): void {
    this.#words[row * WORDS + COUNT]!++;
    this.total++;
  }

  /** Begins to count anew how many are kept. */
  forgetKept(): void {
    for (let row = 0; row < this.#rows; row++) this.#words[row * WORDS + KEPT] = 0;
  }

  *rows(): Generator<ServedRow> {
    for (let row = 0; row < this.#rows; row++) {
      const at = row * WORDS;
      const last = this.#words[at + PORT]!;
      yield {
        front: this.#words[at + FRONT]! >>> 0,
        back: this.#words[at + BACK]! >>> 0,
        port: last >>> 4,
        ipVersion: (last & 0xf) === 6 ? 6 : 4,
        count: this.#words[at + COUNT]!,
      };
    }
  }

  #add(front: number, back: number, last: number, slot: number): number {
    if ((this.#rows + 1) * WORDS > this.#words.length) {
      const grown = new Int32Array(this.#words.length * 2);
      grown.set(this.#words);
      this.#words = grown;
    }
    const row = this.#rows++;
    this.#words.set([front, back, last], row * WORDS);
    this.#slots[slot] = this.#rows;
    if (this.#rows * 2 > this.#slots.length) this.#rehash();
    return row;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let row = 0; row < this.#rows; row++) {
      const at = row * WORDS;
      let slot = hashOf(this.#words[at]!, this.#words[at + BACK]!, this.#words[at + PORT]!) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
    this.#slots = slots;
  }
}

function hashOf(front: number, back: number, last: number): number {
  const h = Math.imul(front, 0xcc9e2d51) ^ Math.imul(back ^ (last << 7) ^ (last >>> 9), 0x1b873593);
  return h ^ (h >>> 16);
}

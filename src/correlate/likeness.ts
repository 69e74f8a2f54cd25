/**
 * Hot path. Of very many legs, most have nothing in common with another. Hashes tell those quickly: only the others need
 * the texts by which legs are joined.
 */
import type { Endpoint } from '../model/analysis.js';

/** Joins a number to a hash. */
export function mix(hash: number, value: number): number {
  const mixed = Math.imul(hash ^ value, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

/** Numbers for texts, from 0 in the order in which they come. */
export class TextNumbers {
  readonly #numbers = new Map<string, number>();

  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** How many texts there are so far. */
  get count(): number {
    return this.#numbers.size;
  }

  /** The same for the same address and port. */
  hashOf({ address, port }: Endpoint): number {
    return mix(mix(0, this.of(address)), port ?? -1);
  }
}

/** Items by their hashes: those of different hashes are not alike, those of the same may be. */
export class Likeness {
  /** For each item the first one that is like it, which may be itself. */
  readonly first: Int32Array;

  /** @param isSame whether two of one hash are alike in truth; without it, they may be */
  constructor(hashes: Int32Array, isSame: (a: number, b: number) => boolean = () => true) {
    const places = placesFor(hashes.length);
    const mask = places.length - 1;
    this.first = new Int32Array(hashes.length);
    for (let i = 0; i < hashes.length; i++) {
      const hash = hashes[i]!;
      let at = mix(0, hash) & mask;
      for (let held = places[at]!; held !== 0; held = places[at]!) {
        if (hashes[held - 1] === hash && isSame(held - 1, i)) break;
        at = (at + 1) & mask;
      }
      if (places[at] === 0) places[at] = i + 1;
      this.first[i] = places[at]! - 1;
    }
  }

  /**
   * Which items may be alike to one that they differ from in something else.
   *
   * @param differ asked of an item and the first that may be alike to it
   * @returns 1 for each such item, 0 for others
   */
  shared(differ: (first: number, item: number) => boolean): Uint8Array {
    const marks = new Uint8Array(this.first.length);
    for (let i = 0; i < marks.length; i++) {
      const first = this.first[i]!;
      if (first !== i && marks[first] === 0 && differ(first, i)) marks[first] = 1;
    }
    for (let i = 0; i < marks.length; i++) marks[i] = marks[this.first[i]!]!;
    return marks;
  }
}

/** Marks the items, with 1, whose hash another one has as well. */
export function sharedHashes(hashes: Int32Array): Uint8Array {
  const places = placesFor(hashes.length);
  const mask = places.length - 1;
  const marks = new Uint8Array(hashes.length);
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i]!;
    let at = mix(0, hash) & mask;
    let held = places[at]!;
    while (held !== 0 && hashes[held - 1] !== hash) {
      at = (at + 1) & mask;
      held = places[at]!;
    }
    if (held === 0) places[at] = i + 1;
    else {
      marks[held - 1] = 1;
      marks[i] = 1;
    }
  }
  return marks;
}

/** For items by their hashes: twice as many as there are items, a power of two. */
function placesFor(count: number): Int32Array {
  return new Int32Array(2 ** Math.ceil(Math.log2(2 * count + 1)));
}

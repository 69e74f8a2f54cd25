import type { Leg } from './leg.js';

/** Which legs are one attempt: disjoint sets with path halving. */
export class Groups {
  readonly #parent: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, i) => i);
  }

  /** The leg that stands for all that this one is joined with. */
  find(i: number): number {
    const parent = this.#parent;
    let at = i;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  }

  join(a: number, b: number): void {
    const x = this.find(a);
    const y = this.find(b);
    if (x !== y) this.#parent[Math.max(x, y)] = Math.min(x, y);
  }

  collect(legs: readonly Leg[]): Leg[][] {
    const groups: Leg[][] = [];
    /** For each leg that stands for others, the number of its group. */
    const numbers = new Int32Array(legs.length);
    for (let i = 0; i < legs.length; i++) {
      const root = this.find(i);
      // It is the first of its group.
      if (root === i) numbers[i] = groups.push([legs[i]!]) - 1;
      else groups[numbers[root]!]!.push(legs[i]!);
    }
    return groups;
  }
}

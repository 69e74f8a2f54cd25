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
    const groups = new Map<number, Leg[]>();
    for (const [i, leg] of legs.entries()) {
      const root = this.find(i);
      const group = groups.get(root);
      if (group) group.push(leg);
      else groups.set(root, [leg]);
    }
    return [...groups.values()];
  }
}

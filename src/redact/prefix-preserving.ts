import type { Pseudorandom } from './pseudorandom.js';

/**
 * Octets to others such that two which share their first n bits share the first n bits after, and no more (Xu, Fan,
 * Ammar and Moon: Crypto-PAn, 2002): whether a bit is turned follows from the key and the bits before it.
 *
 * One HMAC tells that for all the bits of an octet: its 256 bits are the nodes of the tree of the octet's bits.
 */
export class PrefixPreserving {
  readonly #random: Pseudorandom;
  readonly #domain: string;
  /** By the octets before. */
  readonly #trees = new Map<string, Uint8Array>();

  /** @param domain kinds of octets that are mapped each in their own way */
  constructor(random: Pseudorandom, domain: string) {
    this.#random = random;
    this.#domain = domain;
  }

  /** @param isKept whether the bit of this number, from 0, stays as it is; it may depend on the bits up to it alone */
  map(octets: Uint8Array, isKept: (bit: number) => boolean = () => false): Uint8Array {
    return octets.map((octet, at) => {
      const tree = this.#treeAfter(octets.subarray(0, at));
      let node = 1;
      let mapped = 0;
      for (let bit = 0; bit < 8; bit++) {
        const value = (octet >> (7 - bit)) & 1;
        const turned = isKept(at * 8 + bit) ? 0 : (tree[node >> 3]! >> (node & 7)) & 1;
        mapped = (mapped << 1) | (value ^ turned);
        node = (node << 1) | value;
      }
      return mapped;
    });
  }

  #treeAfter(before: Uint8Array): Uint8Array {
    const key = String.fromCharCode(...before);
    let tree = this.#trees.get(key);
    if (!tree) {
      tree = this.#random.octets(this.#domain, before);
      this.#trees.set(key, tree);
    }
    return tree;
  }
}

/** How many bits two have in common from the first on. */
export function commonBits(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const differing = a[i]! ^ b[i]!;
    if (differing !== 0) return i * 8 + Math.clz32(differing) - 24;
  }
  return length * 8;
}

/**
 * The routing tables and marks that fixes of one network were given: those of a report are carried out together, though
 * each is worked out on the snapshots as they are.
 */
import { entryOf } from '../../model/nested-maps.js';
import type { Network } from '../../network/network.js';

export class Allotted {
  /** By what is given of which node, and by what for. */
  readonly #given = new Map<string, Map<string, string>>();

  /**
   * @param what of which node, as `node1 table 4`
   * @param purpose for the same, the same is given, as long as nobody has it
   * @param free what the node itself does not use yet, the first first
   * @returns null where nothing is left
   */
  give(what: string, purpose: string, free: Iterable<string>): string | null {
    const given = entryOf(this.#given, what);
    const others = new Set([...given].filter(([other]) => other !== purpose).map(([, number]) => number));
    for (const number of free) {
      if (others.has(number)) continue;
      if (!given.has(purpose)) given.set(purpose, number);
      return number;
    }
    return null;
  }
}

const ALLOTTED = new WeakMap<Network, Allotted>();

/** @param network as the snapshots have it */
export function allottedIn(network: Network): Allotted {
  let allotted = ALLOTTED.get(network);
  if (!allotted) {
    allotted = new Allotted();
    ALLOTTED.set(network, allotted);
  }
  return allotted;
}

import { totalmem } from 'node:os';

const SMALLEST_RING = 8 * 1024 * 1024;
/** Of the machine's memory, for the rings of many interfaces together. */
const SHARE = 1 / 8;
/** A slot of 64 kB and its header lies in a block of 128 kB of its own. */
const TAKEN_FOR_ONE = 2;

/**
 * Octets that an interface's ring has at the least: a node of hundreds of pods has as many interfaces, whose rings the
 * kernel takes at once from what the pods need.
 */
export function smallestRing(interfaces: number, memory = totalmem()): number {
  return Math.min(SMALLEST_RING, (memory * SHARE) / TAKEN_FOR_ONE / Math.max(1, interfaces));
}

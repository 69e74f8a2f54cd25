import type { Neighbour, Snapshot } from './snapshot.js';

/** What a node has in its neighbour table for an address on a device; undefined where that is nothing, or not known. */
export function neighbourEntry(
  snapshot: Pick<Snapshot, 'neighbours'> | null | undefined,
  device: string | null,
  address: string,
): Neighbour | undefined {
  return snapshot?.neighbours?.find((n) => n.address === address && n.interface === device);
}

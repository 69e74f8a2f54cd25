import type { Inputs } from './correlate/reading/inputs.js';
import { missingFiles } from './ingest/snapshot/files.js';
import type { Gap } from './model/analysis.js';

/** Of each archive that ends early: what was read of it, what its node has nowhere else, and what that keeps from being known. */
export function cutArchiveGaps({ problems, snapshots }: Pick<Inputs, 'problems' | 'snapshots'>): Gap[] {
  return problems
    .filter(({ isCut }) => isCut)
    .map(({ node, message }) => {
      const own = snapshots.filter((snapshot) => snapshot.node === node && snapshot.netns === null);
      const missing = node === null ? [] : missingFiles(own).map(({ name, tells }) => `${name} (${tells})`);
      const lacks = missing.length === 0 ? '' : `; of ${node}, there is no ${missing.join(', no ')}`;
      const why = `${message}${lacks}; copy the archive again, in full`;
      return { node, interface: null, why, capture: null, cutOff: true };
    });
}

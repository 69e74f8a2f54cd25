import type { Snapshot } from '../../model/snapshot.js';

/** The parsed `kube/*.json` of all bundles, whichever they lie in. */
export function kubeFiles(snapshots: readonly Snapshot[]): Map<string, unknown> {
  return new Map(
    snapshots.flatMap(({ node, netns, kube }) =>
      [...kube].map(([name, value]) => [`${node}/${netns ?? ''}/${name}`, value] as const),
    ),
  );
}

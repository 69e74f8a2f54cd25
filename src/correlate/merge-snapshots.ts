import { emptySnapshot } from '../ingest/snapshot/snapshot.js';
import type { Snapshot } from '../model/snapshot.js';

/** Fields that every snapshot has. */
const IDENTITY = new Set(['node', 'netns', 'source', 'kube', 'warnings']);

/** The same for snapshots of one namespace of one node. */
export function snapshotKey(node: string, netns: string | null): string {
  return `${node}\n${netns ?? ''}`;
}

/**
 * One snapshot a namespace: what several inputs tell of it is put together, the first that has a file wins.
 *
 * @param warnings takes a line where two tell of the same
 */
export function mergeSnapshots(snapshots: readonly Snapshot[], warnings: string[]): Snapshot[] {
  const merged = new Map<string, Snapshot>();
  for (const snapshot of snapshots) {
    const key = snapshotKey(snapshot.node, snapshot.netns);
    const first = merged.get(key);
    merged.set(key, first ? fill(first, snapshot, warnings) : snapshot);
  }
  return [...merged.values()];
}

/**
 * With what dumps of the cluster hold in the first snapshot, for they are of no node: Kubernetes' objects count wherever
 * they lie. Where there is no other snapshot, they make one, of a node that was captured or else of their own name.
 */
export function withClusters(
  snapshots: readonly Snapshot[],
  { clusters, nodes }: { clusters: readonly Snapshot[]; nodes: string[] },
): Snapshot[] {
  const [own] = clusters;
  if (!own) return [...snapshots];
  if (nodes.length === 0) nodes.push(own.node);
  const node = nodes.includes(own.node) ? own.node : nodes[0]!;
  const [host = emptySnapshot(node, null, own.source), ...others] = snapshots;
  const logs = [host, ...clusters].flatMap((snapshot) => snapshot.speakerLogs ?? []);
  // Files of several may have one name.
  const objects = clusters.flatMap(({ source, kube }) =>
    [...kube].map(([name, value]) => [`${source}/${name}`, value] as const),
  );
  const whole = {
    ...host,
    kube: new Map([...host.kube, ...objects]),
    speakerLogs: logs.length > 0 ? logs : null,
    warnings: [host, ...clusters].flatMap(({ warnings }) => warnings),
  };
  return [whole, ...others];
}

function fill(first: Snapshot, second: Snapshot, warnings: string[]): Snapshot {
  const absent = Object.entries(first).filter(([, value]) => value === null);
  const filled = Object.fromEntries(
    absent.map(([field]) => [field, second[field as keyof Snapshot]]),
  ) as Partial<Snapshot>;
  const twice = Object.entries(second).some(
    ([field, value]) => value !== null && !IDENTITY.has(field) && first[field as keyof Snapshot] !== null,
  );
  if (twice) {
    warnings.push(
      `${second.source}: ${first.node} has a snapshot in ${first.source} already; where both hold a file, that one is used`,
    );
  }
  return {
    ...first,
    ...filled,
    kube: new Map([...second.kube, ...first.kube]),
    warnings: [...first.warnings, ...second.warnings],
  };
}

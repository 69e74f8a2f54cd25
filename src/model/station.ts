/** `node1`, or `node1/pod1` for another network namespace of the node. */
export function stationLabel(node: string, netns: string | null): string {
  return netns === null ? node : `${node}/${netns}`;
}

/** A node, or another network namespace of it. */
interface Named {
  node: string;
  netns: string | null;
}

export function isSameStation(one: Named, other: Named): boolean {
  return one.node === other.node && one.netns === other.netns;
}

/** `node1`, or `node1/pod1` for another network namespace of the node. */
export function stationLabel(node: string, netns: string | null): string {
  return netns === null ? node : `${node}/${netns}`;
}

/** Which bundles the captures of one input are of, where their own names say more than the directory that they lie in. */
import { type BundlePath, captureStem, nodeAndInterface } from './bundle-path.js';

/**
 * A directory is what one node saw, unless the captures in it name several (`node1-any.pcap`, `node2-any.pcap`), or one
 * is named as a bundle beside it is (`node1.pcap`, `node1/`).
 *
 * @param bundles roots of those that hold more than captures
 * @returns the root of each capture's bundle
 */
export function rootsOfCaptures(captures: readonly BundlePath[], bundles: readonly string[]): string[] {
  const plain = captures.filter(
    ({ root, netns }) => netns === null && !bundles.some((bundle) => isWithin(root, bundle)),
  );
  const namedIn = new Map<string, Set<string | null>>();
  for (const { root, name } of plain) {
    const named = namedIn.get(root) ?? new Set();
    namedIn.set(root, named.add(nodeAndInterface(captureStem(name))?.node ?? null));
  }
  return captures.map((capture) => {
    const { root, name } = capture;
    const named = namedIn.get(root);
    if (!named || !plain.includes(capture)) return root;
    const stem = captureStem(name);
    const node = nodeAndInterface(stem)?.node ?? stem;
    const own = root === '' ? node : `${root}/${node}`;
    return bundles.includes(own) || (named.size > 1 && !named.has(null)) ? own : root;
  });
}

function isWithin(root: string, bundle: string): boolean {
  return bundle === '' || root === bundle || root.startsWith(`${bundle}/`);
}

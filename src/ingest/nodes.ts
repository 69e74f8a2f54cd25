import { resolve } from 'node:path';
import { UsageError } from '../model/errors.js';
import { archiveStem, captureStem, nodeAndInterface } from './bundle-path.js';
import type { Layout } from './layouts/layout.js';
import type { InputSpecification } from './specification.js';

/** The files of one bundle within an input, before it has a name. */
export interface BundleGroup {
  root: string;
  /** `node` of `node.json`; null where there is none. */
  declared: string | null;
  hasSnapshot: boolean;
  /** The layout of a dump of one node that is none of our bundles; null where it is none. */
  dump: Layout | null;
  /** What a dump says that its node calls itself; absent where it does not. */
  hostname?: string;
  /** A dump that tells of the cluster alone: it is of no node. */
  isCluster: boolean;
}

/**
 * Names the node of each bundle directory that an input holds: what the argument says, else `node.json`, else what a
 * dump says of itself, else the bundle's directory, else the directory or archive (or bare capture) that was given.
 *
 * A directory with neither a `node.json` nor snapshot files is no bundle of its own but belongs to the bundle
 * that it lies in (captures kept in a sub-directory). A dump of a node that lies in a directory with captures or files
 * of a bundle, with none beside it that may be of another node, stands in for what that has not: both are of one node. A dump of the cluster is of
 * no node, and has a name only to be named by.
 *
 * @returns the node's name by `root`
 * @throws UsageError where one name was given for several bundles
 */
export function nameNodes(
  input: InputSpecification,
  groups: readonly BundleGroup[],
  isArchive: boolean,
): Map<string, string> {
  const ofNodes = groups.filter((group) => !group.isCluster);
  const bundles = bundlesOf(ofNodes);
  const distinct = new Set(bundles.values());
  if (input.node !== null && !mayBeOne([...distinct])) {
    const roots = [...distinct].map((g) => g.root || '.').join(', ');
    throw new UsageError(
      `${input.argument}: holds ${distinct.size} bundles (${roots}); give each on its own, or name them in their node.json`,
    );
  }
  const names = new Map<string, string>();
  for (const bundle of distinct) {
    const members = ofNodes.filter((group) => bundles.get(group) === bundle);
    const name = input.node ?? nameOf(bundle, members, input, isArchive);
    for (const { root } of members) names.set(root, name);
  }
  for (const group of groups) {
    if (!group.isCluster) continue;
    const around = enclosing(group, ofNodes);
    names.set(group.root, around ? names.get(around.root)! : nameOf(group, [group], input, isArchive));
  }
  return names;
}

/** The bundle that each belongs to. */
function bundlesOf(groups: readonly BundleGroup[]): Map<BundleGroup, BundleGroup> {
  const isOwn = (group: BundleGroup) => group.declared !== null || group.hasSnapshot;
  const plain = groups.filter((group) => group.dump === null);
  const bundleOf = (group: BundleGroup) =>
    isOwn(group) ? group : (enclosing(group, groups.filter(isOwn)) ?? group);
  const dumps = groups.filter((group) => group.dump !== null);
  return new Map(
    groups.map((group) => {
      if (group.dump === null) return [group, bundleOf(group)];
      const around = enclosing(group, plain);
      const beside = dumps.filter((other) => other !== group && enclosing(other, plain) === around);
      const name = toldBy(group);
      const isOne = beside.every((other) => name !== null && toldBy(other) === name);
      return [group, around && isOne ? bundleOf(around) : group];
    }),
  );
}

/** Whether they may be of the node that the user named: one bundle, and dumps that do not name different ones. */
function mayBeOne(bundles: readonly BundleGroup[]): boolean {
  const own = bundles.filter(({ dump }) => dump === null);
  const told = new Set(bundles.flatMap((bundle) => (bundle.dump === null ? [] : (toldBy(bundle) ?? []))));
  return own.length <= 1 && told.size <= 1;
}

/** What a dump says that its node is called. */
function toldBy({ declared, hostname }: BundleGroup): string | null {
  return declared ?? hostname ?? null;
}

/** The nearest of them that a group lies in. */
function enclosing(group: BundleGroup, others: readonly BundleGroup[]): BundleGroup | undefined {
  return others
    .filter((other) => other !== group && (other.root === '' || group.root.startsWith(`${other.root}/`)))
    .sort((a, b) => b.root.length - a.root.length)[0];
}

/** @param members of the bundle, itself included */
function nameOf(
  bundle: BundleGroup,
  members: readonly BundleGroup[],
  input: InputSpecification,
  isArchive: boolean,
): string {
  if (bundle.declared !== null) return bundle.declared;
  const told = members.find((member) => member.dump !== null && toldBy(member) !== null);
  if (told) return toldBy(told)!;
  const named = bundle.dump?.nodeName ?? ((name: string) => name);
  if (bundle.root !== '') return named(bundle.root.split('/').at(-1)!);
  if (input.path === '-') return 'stdin';
  const capture = captureStem(input.path);
  const stem = isArchive ? archiveStem(resolved(input.path)) : (nodeAndInterface(capture)?.node ?? capture);
  return named(stem) || input.path;
}

/** `.` and its like have no name of their own. */
function resolved(path: string): string {
  return /(^|\/)\.{1,2}\/*$/.test(path) ? resolve(path) : path;
}

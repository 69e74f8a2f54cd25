import { resolve } from 'node:path';
import { UsageError } from '../model/errors.js';
import { archiveStem, captureStem } from './bundle-path.js';
import type { InputSpecification } from './specification.js';

/** The files of one bundle within an input, before it has a name. */
export interface BundleGroup {
  root: string;
  /** `node` of `node.json`; null where there is none. */
  declared: string | null;
  hasSnapshot: boolean;
}

/**
 * Names the node of each bundle directory that an input holds: what the argument says, else `node.json`, else
 * the bundle's directory, else the directory or archive (or bare capture) that was given.
 *
 * A directory with neither a `node.json` nor snapshot files is no bundle of its own but belongs to the bundle
 * that it lies in (captures kept in a sub-directory).
 *
 * @returns the node's name by `root`
 * @throws UsageError where one name was given for several bundles
 */
export function nameNodes(
  input: InputSpecification,
  groups: readonly BundleGroup[],
  isArchive: boolean,
): Map<string, string> {
  const own = (group: BundleGroup) => group.declared !== null || group.hasSnapshot;
  const parentOf = (group: BundleGroup) =>
    groups
      .filter((g) => own(g) && g !== group && (g.root === '' || group.root.startsWith(`${g.root}/`)))
      .sort((a, b) => b.root.length - a.root.length)[0];
  const bundles = new Map<BundleGroup, BundleGroup>();
  for (const group of groups) bundles.set(group, own(group) ? group : (parentOf(group) ?? group));

  const distinct = new Set(bundles.values());
  if (input.node !== null && distinct.size > 1) {
    const roots = [...distinct].map((g) => g.root || '.').join(', ');
    throw new UsageError(
      `${input.argument}: holds ${distinct.size} bundles (${roots}); give each on its own, or name them in their node.json`,
    );
  }
  const names = new Map<string, string>();
  for (const [group, bundle] of bundles)
    names.set(group.root, input.node ?? nameOf(bundle, input, isArchive));
  return names;
}

function nameOf(bundle: BundleGroup, input: InputSpecification, isArchive: boolean): string {
  if (bundle.declared !== null) return bundle.declared;
  if (bundle.root !== '') return bundle.root.split('/').at(-1)!;
  if (input.path === '-') return 'stdin';
  return (isArchive ? archiveStem(resolved(input.path)) : captureStem(input.path)) || input.path;
}

/** `.` and its like have no name of their own. */
function resolved(path: string): string {
  return /(^|\/)\.{1,2}\/*$/.test(path) ? resolve(path) : path;
}

import { statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { UsageError } from '../model/errors.js';
import { isArchiveName, namesInterface } from './bundle-path.js';
import { captureStems } from './numbered-captures.js';
import type { InputSpecification } from './specification.js';

/**
 * Names the nodes of bare captures that are named alike and lie in different directories (`node1/any.pcap`,
 * `node2/any.pcap`) by these directories; and so that a node is not torn apart, also those beside them that are named
 * after an interface. Those of one directory are one capture's, which was rotated.
 *
 * @throws UsageError where the directories are named alike as well
 */
export function nameByDirectory(inputs: readonly InputSpecification[]): InputSpecification[] {
  const bare = inputs.filter(isBareCapture);
  const stems = captureStems(bare.map(({ path }) => resolve(path)));
  const stemOf = ({ path }: InputSpecification) => stems.get(resolve(path))!;
  const byStem = new Map<string, InputSpecification[]>();
  for (const input of bare) {
    const stem = stemOf(input);
    const same = byStem.get(stem);
    if (same) same.push(input);
    else byStem.set(stem, [input]);
  }
  /** Directories by their names. */
  const named = new Map<string, string>();
  for (const [stem, same] of byStem) {
    const directories = new Map(same.map((input) => [directoryOf(input), input]));
    if (stem !== '' && directories.size < 2) continue;
    for (const [directory, { argument }] of directories) {
      const name = basename(directory);
      const other = named.get(name) ?? directory;
      if (name === '' || other !== directory) {
        throw new UsageError(
          `${argument}: is of the same name as another capture, and so is its directory: name the node of each, as in NODE=${argument}`,
        );
      }
      named.set(name, directory);
    }
  }
  const directories = new Set(named.values());
  return inputs.map((input) => {
    if (!bare.includes(input) || !directories.has(directoryOf(input))) return input;
    const stem = stemOf(input);
    const isOne = stem === '' || namesInterface(stem) || isShared(byStem.get(stem)!);
    return isOne ? { ...input, node: basename(directoryOf(input)) } : input;
  });
}

function isShared(same: readonly InputSpecification[]): boolean {
  return new Set(same.map(directoryOf)).size > 1;
}

function isBareCapture({ path, node }: InputSpecification): boolean {
  if (node !== null || path === '-' || isArchiveName(path)) return false;
  try {
    return statSync(path).isFile();
  } catch {
    return false; // whoever reads it says why
  }
}

function directoryOf({ path }: InputSpecification): string {
  return dirname(resolve(path));
}

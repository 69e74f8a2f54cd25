import { statSync } from 'node:fs';
import { isArchiveName } from './bundle-path.js';
import { parseInput } from './specification.js';

/** Octets from which on a file is worth a thread: a thread takes about a tenth of a second to start. */
export const LARGE_OCTETS = 64 * 1024 * 1024;

/**
 * Whether just one of the inputs is a large file, and no archive.
 *
 * @throws UsageError as `parseInput` does
 */
export function hasOneLarge(inputs: readonly string[]): boolean {
  return inputs.map(parseInput).filter(({ path }) => isLarge(path)).length === 1;
}

function isLarge(path: string): boolean {
  if (isArchiveName(path)) return false;
  try {
    const info = statSync(path);
    return info.isFile() && info.size >= LARGE_OCTETS;
  } catch {
    return false; // whoever reads it says why
  }
}

import { statSync } from 'node:fs';
import { isArchiveName } from './bundle-path.js';
import { parseInput } from './specification.js';

/** Octets from which on a file is worth a thread: a thread takes about a tenth of a second to start. */
export const LARGE_OCTETS = 64 * 1024 * 1024;

/** Whether just one of the inputs is a large file, and no archive. */
export function hasOneLarge(inputs: readonly string[]): boolean {
  return inputs.filter(isLarge).length === 1;
}

function isLarge(input: string): boolean {
  try {
    const { path } = parseInput(input);
    if (isArchiveName(path)) return false;
    const info = statSync(path);
    return info.isFile() && info.size >= LARGE_OCTETS;
  } catch {
    return false; // whoever reads it says why
  }
}

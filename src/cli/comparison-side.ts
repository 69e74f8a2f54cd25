import { statSync } from 'node:fs';
import { isStandardInput } from '../ingest/whole-file.js';
import type { Analysis } from '../model/analysis.js';
import { beginsAsJson, readAnalysis } from './analysis-file.js';

/**
 * One side of a comparison, where it is an analysis already.
 *
 * @param paths as they were given; only a single one can be an analysis
 * @returns null for bundles and captures
 * @throws InputError where it begins as an analysis and is none
 */
export async function readSide(paths: readonly string[]): Promise<Analysis | null> {
  const [path] = paths;
  if (path === undefined || paths.length > 1) return null;
  if (isStandardInput(path) || (isFile(path) && (await beginsAsJson(path)))) return readAnalysis(path);
  return null;
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false; // whoever reads it says why
  }
}

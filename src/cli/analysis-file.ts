import { isStandardInput, readHead, readWholeFile } from '../ingest/whole-file.js';
import type { Analysis } from '../model/analysis.js';
import { isJsonObject, parseAnalysis } from '../report/schema/parse-analysis.js';

/**
 * Reads what `--format json` printed.
 *
 * @param path `-` for standard input
 * @throws InputError where it cannot be read, or is something else
 */
export async function readAnalysis(path: string): Promise<Analysis> {
  return parseAnalysis(await readWholeFile(path), isStandardInput(path) ? 'standard input' : path);
}

const ENOUGH = 256;

/** Whether a file can be an analysis, and no bundle or capture, by how it begins. */
export async function beginsAsJson(path: string): Promise<boolean> {
  return isJsonObject(await readHead(path, ENOUGH));
}

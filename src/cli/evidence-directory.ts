import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Analysis } from '../model/analysis.js';
import { UsageError } from '../model/errors.js';
import { readReason, writeReason } from '../model/system-reason.js';
import type { Redaction } from '../redact/redaction.js';
import { printMessage } from './standard-error.js';
import { VERSION } from './version.js';

/**
 * Makes a directory, or takes one that is empty: two incidents' files in one would be taken for one's.
 *
 * @param flag that names it, for messages
 * @throws UsageError
 */
export function makeEmptyDirectory(flag: string, path: string): void {
  let names: string[];
  try {
    // Not `recursive`, which for paths below /proc never ends.
    mkdirSync(path);
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new UsageError(`${flag} ${path}: cannot be made: ${writeReason(error)}`);
  }
  try {
    names = readdirSync(path);
  } catch (error) {
    const isFile = (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    throw new UsageError(`${flag} ${path}: ${isFile ? 'is no directory; name one' : readReason(error)}`);
  }
  if (names.length > 0) throw new UsageError(`${flag} ${path}: is not empty; name another directory`);
}

/**
 * @param redaction of the analysis; null: the files have all as it is
 * @throws UsageError where a file cannot be written
 */
export async function writeEvidence(
  analysis: Analysis,
  inputs: readonly string[],
  directory: string,
  redaction: Redaction | null,
): Promise<void> {
  const { evidenceFiles } = await import('../evidence.js');
  const application = `returnpath ${VERSION}`;
  const files = evidenceFiles(analysis, inputs, application, printMessage, redaction);
  for await (const { name, content } of files) {
    const path = join(directory, name);
    try {
      // Packets and logs, as in a bundle: for their owner alone.
      writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // A part of a file would be taken for the whole of it.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') rmSync(path, { force: true });
      throw new UsageError(`${path}: cannot be written: ${writeReason(error)}`);
    }
  }
}

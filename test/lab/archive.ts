import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { command } from './ground.js';
import type { RecordingForm } from './scenario.js';

const COMPRESSORS = { tar: null, 'tar.gz': 'gzip -n -9', tgz: 'gzip -n -9' };

/**
 * Packs a node's directory, with the directory on top, sorted and owned by nobody in particular; for the
 * container `directory` only moves it.
 *
 * @returns the path of what was made, in `into`
 */
export async function pack(
  directory: string,
  node: string,
  container: RecordingForm['container'],
  into: string,
): Promise<string> {
  if (container === 'directory') {
    await rename(directory, join(into, node));
    return join(into, node);
  }
  const archive = join(into, `${node}.${container}`);
  const compressor = COMPRESSORS[container];
  await command([
    'tar',
    '--create',
    '--sort=name',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--mode=u=rwX,go=rX',
    ...(compressor ? [`--use-compress-program=${compressor}`] : []),
    `--directory=${dirname(directory)}`,
    `--file=${archive}`,
    node,
  ]);
  return archive;
}

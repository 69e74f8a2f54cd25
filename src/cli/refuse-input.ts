import { realpathSync, statSync } from 'node:fs';
import { UsageError } from '../model/errors.js';

/** @throws UsageError where the file to write is one of those that are read */
export async function refuseInput(output: string, inputs: readonly string[]): Promise<void> {
  const to = identityOf(output);
  if (to === null) return;
  const [{ listFiles }, { parseInput }] = await Promise.all([
    import('../ingest/input-files.js'),
    import('../ingest/specification.js'),
  ]);
  for (const input of inputs) {
    const { files } = await listFiles(parseInput(input));
    if (files.some(({ path }) => identityOf(path) === to))
      throw new UsageError(`${output}: is one of the inputs; write to another file`);
  }
}

/** Equal for names of one file; null where there is none. */
function identityOf(path: string): string | null {
  try {
    const { dev, ino } = statSync(realpathSync(path));
    return `${dev} ${ino}`;
  } catch {
    return null;
  }
}

import { promises } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../model/errors.js';
import { readReason } from '../../model/system-reason.js';

export interface DirectoryFile {
  path: string;
  /** Its path within the directory, with `/` between parts. */
  member: string;
}

/**
 * The regular files below a directory, in the order of their names. Links to files are followed, links to
 * directories are not (a dump of `/proc` or `/sys` can hold a ring of them).
 */
export async function* directoryFiles(directory: string, prefix = ''): AsyncGenerator<DirectoryFile> {
  const entries = await listDirectory(directory);
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    const name = prefix + entry.name;
    if (entry.isDirectory()) {
      yield* directoryFiles(path, `${name}/`);
    } else if (entry.name.startsWith('._')) {
      // macOS keeps a file's attributes beside it under such a name.
    } else if (entry.isFile() || (entry.isSymbolicLink() && (await isFile(path)))) {
      yield { path, member: name };
    }
  }
}

async function listDirectory(directory: string) {
  try {
    return await promises.readdir(directory, { withFileTypes: true });
  } catch (error) {
    throw new InputError(directory, null, readReason(error));
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await promises.stat(path)).isFile();
  } catch {
    return false; // a dangling link
  }
}

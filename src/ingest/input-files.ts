import { statSync } from 'node:fs';
import { InputError } from '../model/errors.js';
import { readReason } from '../model/system-reason.js';
import { directoryFiles } from './archive/directory.js';
import { isArchiveName } from './bundle-path.js';
import { layoutOfFile } from './layouts/registry.js';
import type { InputSpecification } from './specification.js';

/** One file of an input, which is not opened yet. */
export interface InputFile {
  /** Where it lies; `-` is standard input. */
  path: string;
  /** Names it in results and messages: as given, or below the directory that was given. */
  file: string;
  /** Its path within the directory that was given; null where the file itself was. */
  member: string | null;
}

export interface InputListing {
  input: InputSpecification;
  /** In the order in which they are to be read. */
  files: InputFile[];
  /** What ended the list, where what comes after its last file cannot be told. */
  error: InputError | null;
}

/** The files that an input consists of: itself, or those below it where it is a directory. */
export async function listFiles(input: InputSpecification): Promise<InputListing> {
  const listing: InputListing = { input, files: [], error: null };
  try {
    for await (const file of filesOf(input)) listing.files.push(file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    listing.error = error;
  }
  return listing;
}

async function* filesOf({ path, argument }: InputSpecification): AsyncGenerator<InputFile> {
  if (path === '-') {
    yield { path, file: argument, member: null };
    return;
  }
  if (!statInput(path).isDirectory()) {
    yield { path, file: path, member: null };
    return;
  }
  const directory = path.replace(/\/+$/, '');
  for await (const { path: at, member } of directoryFiles(path)) {
    yield { path: at, file: `${directory}/${member}`, member };
  }
}

function statInput(path: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw new InputError(path, null, readReason(error));
  }
}

/**
 * Octets of what may be a capture or an archive.
 *
 * @returns -1 for what is neither, or no regular file (one may have to wait for who writes it)
 */
export function sizeOf({ path, member }: InputFile): number {
  if (path === '-' || (member !== null && layoutOfFile(member))) return -1;
  try {
    const info = statSync(path);
    return info.isFile() ? info.size : -1;
  } catch {
    return -1; // whoever reads it says why
  }
}

/** Whether it may be read twice without ado: not what comes as it is read, nor an archive, all of which has to be. */
export function canBeReadAgain(file: InputFile): boolean {
  return !isArchiveName(file.path) && isStored(file);
}

/** Whether it lies on a disk, and does not come as it is read. */
export function isStored({ path }: InputFile): boolean {
  if (path === '-') return false;
  try {
    return statSync(path).isFile();
  } catch {
    return false; // whoever reads it says why
  }
}

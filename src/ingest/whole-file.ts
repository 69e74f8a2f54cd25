import { constants } from 'node:buffer';
import { InputError } from '../model/errors.js';
import { openStream } from './capture/decompress.js';
import { fileChunks, stdinChunks } from './capture/source.js';
import { peek, readAll } from './peek.js';

/** What a string of Node.js has room for. */
const MOST_OCTETS = constants.MAX_STRING_LENGTH;

/**
 * All octets of a file that is read at once, decompressed where it is gzip, zstd or xz.
 *
 * @param path `-` or `/dev/stdin` for standard input
 * @throws InputError where it cannot be read or is larger than 512 MB
 */
export async function readWholeFile(path: string): Promise<Uint8Array> {
  const isPiped = isStandardInput(path);
  const name = isPiped ? 'standard input' : path;
  const octets = await readAll(openStream(isPiped ? stdinChunks() : fileChunks(path), name), MOST_OCTETS);
  if (octets === null) {
    const size = Math.round(MOST_OCTETS / 1e6);
    throw new InputError(
      name,
      null,
      `is larger than ${size} MB; make it with --attempts none, or without --attempts all`,
    );
  }
  return octets;
}

export function isStandardInput(path: string): boolean {
  return path === '-' || path === '/dev/stdin';
}

/** The first octets of a file, decompressed. */
export async function readHead(path: string, length: number): Promise<Uint8Array> {
  const { head, chunks } = await peek(openStream(fileChunks(path), path), length);
  // Closes the file.
  await chunks[Symbol.asyncIterator]().return?.();
  return head;
}

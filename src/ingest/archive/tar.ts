import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { InputError } from '../../model/errors.js';
import type { Member } from './member.js';

const MAGIC_OFFSET = 257;
const BLOCK = 512;

/** Whether the first octets of a (decompressed) file are a tar header: POSIX and GNU both say `ustar`. */
export function isTar(head: Uint8Array): boolean {
  if (head.length < BLOCK) return false;
  return String.fromCharCode(...head.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 5)) === 'ustar';
}

/**
 * The regular files of a tar stream, in its own order, one pass.
 *
 * @throws InputError where the archive is damaged or cut off; the members before that have been given.
 */
export async function* tarMembers(chunks: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Member> {
  const archive = extract();
  const source = Readable.from(copies(chunks));
  // An error of the source ends the archive's iterator with that error.
  source.on('error', (error) => archive.destroy(error));
  source.pipe(archive);
  try {
    for await (const entry of archive) {
      const { name, type } = entry.header;
      if (type !== 'file' && type !== 'contiguous-file') {
        entry.resume();
        continue;
      }
      yield { path: name.replace(/^(\.?\/)+/, ''), chunks: entry as AsyncIterable<Uint8Array> };
      entry.resume(); // whatever the taker left unread
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(file, null, `the archive is damaged or cut off (${(error as Error).message})`);
  } finally {
    source.destroy();
  }
}

/** The unpacker keeps chunks back until they are asked for, and ours are valid only until the next. (`Buffer.slice` would not copy.) */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Uint8Array.from(chunk);
}

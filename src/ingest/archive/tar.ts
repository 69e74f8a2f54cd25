import { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import { InputError } from '../../model/errors.js';
import type { OctetStream } from '../capture/decompress.js';
import type { Member } from './member.js';

const MAGIC_OFFSET = 257;
const BLOCK = 512;

/** Whether the first octets of a (decompressed) file are a tar header: POSIX and GNU both say `ustar`. */
export function isTar(head: Uint8Array): boolean {
  if (head.length < BLOCK) return false;
  return String.fromCharCode(...head.subarray(MAGIC_OFFSET, MAGIC_OFFSET + 5)) === 'ustar';
}

/**
 * The regular files of a tar stream, in its own order, one pass. Of an archive that is cut off, what there is: the
 * last member's stream is then `truncated`.
 *
 * @param onCut called where the archive ends early
 * @param onLink called with the path of a hard or symbolic link, which is not followed, and what it leads to
 * @throws InputError where the archive is damaged; the members before that have been given
 */
export async function* tarMembers(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  onCut: () => void,
  onLink: (path: string, target: string) => void,
): AsyncGenerator<Member> {
  const archive = extract();
  const source = Readable.from(copies(chunks));
  // An error of the source ends the archive's iterator with that error.
  source.on('error', (error) => archive.destroy(error));
  source.pipe(archive);
  try {
    for await (const entry of archive) {
      const { name, type } = entry.header;
      const path = name.replace(/^(\.?\/)+/, '');
      if (type === 'file' || type === 'contiguous-file') {
        yield { path, chunks: memberStream(entry as AsyncIterable<Uint8Array>, file) };
      } else if (type === 'link' || type === 'symlink') {
        const target = entry.header.linkname ?? '';
        onLink(path, type === 'link' || target.startsWith('/') ? target : `${path}/../${target}`);
      }
      entry.resume(); // whatever the taker left unread
    }
  } catch (error) {
    if (!isCut(error)) throw damaged(error, file);
    onCut();
  } finally {
    source.destroy();
  }
}

/** A member's octets; where the archive ends within it, what there is of it. */
function memberStream(entry: AsyncIterable<Uint8Array>, file: string): OctetStream {
  const stream = {
    truncated: false,
    async *[Symbol.asyncIterator]() {
      const octets = entry[Symbol.asyncIterator]();
      let isWhole = false;
      try {
        for (;;) {
          const { value, done } = await octets.next();
          isWhole = done === true;
          if (isWhole) return;
          yield value;
        }
      } catch (error) {
        isWhole = true;
        if (!isCut(error)) throw damaged(error, file);
        stream.truncated = true;
      } finally {
        // Who has read enough leaves the rest. To close the entry would close the archive, which then never ends.
        if (!isWhole) await drain(octets);
      }
    },
  };
  return stream;
}

async function drain(octets: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    while (!(await octets.next()).done);
  } catch {
    // The archive's own iterator has the same error.
  }
}

/** As tar-stream words it. */
function isCut(error: unknown): boolean {
  return (
    error instanceof Error &&
    /unexpected end of data|writable stream closed prematurely|premature close/i.test(error.message)
  );
}

function damaged(error: unknown, file: string): InputError {
  if (error instanceof InputError) return error;
  return new InputError(file, null, `the archive is damaged (${(error as Error).message})`);
}

/** The unpacker keeps chunks back until they are asked for, and ours are valid only until the next. (`Buffer.slice` would not copy.) */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Uint8Array.from(chunk);
}

import { crc32, createInflateRaw } from 'node:zlib';
import { InputError } from '../../model/errors.js';
import type { Decompression } from './decompress.js';
import { Lockstep } from './lockstep.js';
import type { OctetSource } from './octets.js';

// RFC 1952, 2.3
const HEADER_LENGTH = 10;
const TRAILER_LENGTH = 8;
const DEFLATE = 8;
const FHCRC = 2;
const FEXTRA = 4;
const FNAME = 8;
const FCOMMENT = 16;
const RESERVED_FLAGS = 0xe0;

/** Compressed octets given to zlib at once. When data is corrupt, what it made of the last piece is lost. */
const PIECE = 16 * 1024;

/**
 * Decompresses the members of a gzip file one after another (RFC 1952, 2.2). The container is walked here and
 * only DEFLATE is left to zlib, because `createGunzip` loses the last octets before trailing garbage and before
 * a cut-off, and does not say how far it came.
 *
 * What follows the last member and is none itself (zero padding of tapes, garbage) is ignored, as gzip does.
 *
 * @throws InputError on corrupt data, after what could be read
 */
export async function* gunzip(source: OctetSource, state: Decompression): AsyncGenerator<Uint8Array> {
  for (let members = 0; ; members++) {
    if (members > 0 && !startsMember(await source.peek(4))) return;
    const header = await skipHeader(source, state);
    if (header === 'truncated') {
      state.truncated = true;
      return;
    }
    const end: MemberEnd = { whole: false, crc: 0, length: 0 };
    yield* inflateMember(source, state, end);
    const trailer = end.whole ? await source.take(TRAILER_LENGTH) : null;
    if (trailer === null) {
      state.truncated = true;
      return;
    }
    const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_LENGTH);
    if (view.getUint32(0, true) !== end.crc || view.getUint32(4, true) !== end.length % 2 ** 32) {
      throw corrupt(source, state, 'its checksum does not match');
    }
  }
}

interface MemberEnd {
  whole: boolean;
  crc: number;
  length: number;
}

function startsMember(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === DEFLATE && (head[3]! & RESERVED_FLAGS) === 0;
}

async function skipHeader(source: OctetSource, state: Decompression): Promise<'whole' | 'truncated'> {
  const fixed = await source.take(HEADER_LENGTH);
  if (fixed === null) return 'truncated';
  const flags = fixed[3]!;
  if (!startsMember(fixed)) throw corrupt(source, state, 'unknown compression method or flags');
  if (flags & FEXTRA) {
    const length = await source.take(2);
    if (length === null || !(await source.discard(length[0]! | (length[1]! << 8)))) return 'truncated';
  }
  for (const text of [FNAME, FCOMMENT]) {
    if (flags & text && !(await skipText(source))) return 'truncated';
  }
  if (flags & FHCRC && !(await source.discard(2))) return 'truncated';
  return 'whole';
}

/** Skips a text that ends with a zero octet. */
async function skipText(source: OctetSource): Promise<boolean> {
  for (;;) {
    const part = await source.available();
    if (part === null) return false;
    const end = part.indexOf(0);
    source.consume(end < 0 ? part.length : end + 1);
    if (end >= 0) return true;
  }
}

async function* inflateMember(
  source: OctetSource,
  state: Decompression,
  end: MemberEnd,
): AsyncGenerator<Uint8Array> {
  const inflate = createInflateRaw({ chunkSize: 4 * PIECE });
  const lockstep = new Lockstep(inflate);
  try {
    let before = 0;
    while (!lockstep.ended) {
      const rest = await source.available();
      if (rest === null) return;
      for await (const output of lockstep.push(rest.subarray(0, PIECE))) {
        end.crc = crc32(output, end.crc);
        end.length += output.length;
        state.produced += output.length;
        yield output;
      }
      source.consume(inflate.bytesWritten - before);
      before = inflate.bytesWritten;
    }
    end.whole = true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'Z_DATA_ERROR') {
      throw corrupt(source, state, error.message);
    }
    throw error;
  } finally {
    lockstep.close();
  }
}

function corrupt(source: OctetSource, state: Decompression, what: string): InputError {
  return new InputError(
    state.name,
    state.produced,
    `corrupt gzip data near octet ${source.offset} of the compressed file (${what})`,
  );
}

import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { InputError } from '../../model/errors.js';
import type { Decompression } from './decompress.js';
import { Lockstep } from './lockstep.js';
import type { OctetSource } from './octets.js';

const MAGIC = 0xfd2fb528;
/** Skippable frames have 0x184D2A50 to 0x184D2A5F (RFC 8878, 3.1.2). */
const SKIPPABLE = 0x184d2a50;
/** RFC 8878, 3.1.1.2.4 */
const MAX_BLOCK = 128 * 1024;
/** What the zstd tool itself takes without `--long`; memory of this size is needed to decompress. */
const MAX_WINDOW = 128 * 1024 * 1024;
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/**
 * Decompresses the frames of a zstd file one after another, skippable frames left out (RFC 8878, 3.1). Frames and
 * blocks are walked here and handed over one block at a time: so memory stays bounded (a few octets of RLE
 * blocks can stand for gigabytes), a cut-off is told from corrupt data, and everything before it is delivered.
 *
 * Uses Node's own decoder where it has one, else fzstd, which does not check the frame's checksum.
 *
 * @throws InputError on corrupt data, a dictionary, or a window over 128 MiB, after what could be read
 */
export async function* unzstd(source: OctetSource, state: Decompression): AsyncGenerator<Uint8Array> {
  for (;;) {
    const head = await source.peek(4);
    const magic =
      head.length === 4 ? (head[0]! | (head[1]! << 8) | (head[2]! << 16) | (head[3]! << 24)) >>> 0 : 0;
    if (magic === MAGIC) {
      yield* readFrame(source, state);
      if (state.truncated) return;
    } else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      const header = await source.take(8);
      const length = header && new DataView(header.buffer, header.byteOffset, 8).getUint32(4, true);
      if (length === null || !(await source.discard(length))) {
        state.truncated = true;
        return;
      }
    } else {
      return;
    }
  }
}

async function* readFrame(source: OctetSource, state: Decompression): AsyncGenerator<Uint8Array> {
  const header = await readHeader(source, state);
  if (header === null) {
    state.truncated = true;
    return;
  }
  const decoder = createDecoder();
  try {
    let ahead = header.octets;
    for (let last = false; !last; ) {
      // Copied: it is needed again after the block's content was taken.
      const blockHeader = (await source.take(3))?.slice();
      const bits = blockHeader ? blockHeader[0]! | (blockHeader[1]! << 8) | (blockHeader[2]! << 16) : 0;
      last = (bits & 1) === 1;
      const type = (bits >> 1) & 3;
      const size = bits >> 3;
      if (type === RESERVED_BLOCK || size > Math.min(MAX_BLOCK, header.window)) {
        throw corrupt(source, state, 'impossible block header');
      }
      const content = blockHeader && (await source.take(type === RLE_BLOCK ? 1 : size));
      if (!blockHeader || !content) {
        state.truncated = true;
        return;
      }
      let block = concatenate([ahead, blockHeader, content]);
      ahead = new Uint8Array(0);
      if (last) {
        const checksum = await source.take(header.checksumLength);
        // The last block is whole even where its checksum is cut off.
        if (checksum === null) state.truncated = true;
        else block = concatenate([block, checksum]);
      }
      for await (const output of decode(decoder, block, last && !state.truncated, source, state)) {
        state.produced += output.length;
        yield output;
      }
    }
  } finally {
    decoder.close();
  }
}

interface FrameHeader {
  octets: Uint8Array;
  window: number;
  /** Octets of checksum after the last block: 4 or 0. */
  checksumLength: number;
}

/** RFC 8878, 3.1.1.1. */
async function readHeader(source: OctetSource, state: Decompression): Promise<FrameHeader | null> {
  const start = (await source.take(5))?.slice();
  if (!start) return null;
  const descriptor = start[4]!;
  if (descriptor & 8) throw corrupt(source, state, 'reserved bit set in the frame header');
  const singleSegment = (descriptor & 0x20) !== 0;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
  const sizeLength = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const windowLength = singleSegment ? 0 : 1;
  const rest = await source.take(windowLength + dictionaryLength + sizeLength);
  if (!rest) return null;
  const dictionary = littleEndian(rest, windowLength, dictionaryLength);
  if (dictionary !== 0) {
    throw new InputError(
      state.name,
      null,
      `needs the zstd dictionary ${dictionary}; decompress it with zstd -d -D first`,
    );
  }
  let window = littleEndian(rest, windowLength + dictionaryLength, sizeLength) + (sizeLength === 2 ? 256 : 0);
  if (!singleSegment) {
    const base = 2 ** (10 + (rest[0]! >> 3));
    window = base + (base / 8) * (rest[0]! & 7);
  }
  if (window > MAX_WINDOW) {
    throw new InputError(
      state.name,
      null,
      `needs a zstd window of ${Math.ceil(window / 2 ** 20)} MiB, more than the usual 128; decompress it with zstd -d --long=31 first`,
    );
  }
  return { octets: concatenate([start, rest]), window, checksumLength: descriptor & 4 };
}

/** One frame's decoder: given the frame header with the first block, then block after block. */
interface FrameDecoder {
  push(octets: Uint8Array, last: boolean): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  close(): void;
}

// In Node from 22.15 and 23.8 on; the types are those of Node 20.
const { createZstdDecompress } = zlib as typeof zlib & { createZstdDecompress?: () => Transform };

function createDecoder(): FrameDecoder {
  if (createZstdDecompress) return new Lockstep(createZstdDecompress());
  let blocks: Uint8Array[] = [];
  const decompress = new Decompress((block) => blocks.push(block));
  return {
    push(octets, last) {
      blocks = [];
      decompress.push(octets, last);
      return blocks;
    },
    close() {},
  };
}

async function* decode(
  decoder: FrameDecoder,
  octets: Uint8Array,
  last: boolean,
  source: OctetSource,
  state: Decompression,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const output of decoder.push(octets, last)) if (output.length > 0) yield output;
  } catch (error) {
    // Whatever a decoder throws over a block is the block's fault: fzstd meets corrupt data with RangeError
    // and TypeError besides its own kind.
    throw corrupt(source, state, error instanceof Error ? error.message : String(error));
  }
}

function littleEndian(octets: Uint8Array, start: number, length: number): number {
  let value = 0;
  for (let i = length - 1; i >= 0; i--) value = value * 256 + octets[start + i]!;
  return value;
}

function concatenate(parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}

function corrupt(source: OctetSource, state: Decompression, what: string): InputError {
  return new InputError(
    state.name,
    state.produced,
    `corrupt zstd data near octet ${source.offset} of the compressed file (${what})`,
  );
}

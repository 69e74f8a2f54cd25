import { gunzip } from './gzip.js';
import { OctetSource } from './octets.js';
import { isXz, unxz } from './xz.js';
import { unzstd } from './zstd.js';

/** A stream of octets that can tell, once read to its end, that it should have gone on. */
export interface OctetStream extends AsyncIterable<Uint8Array> {
  /** The compressed data was cut off; all that could be made of it was delivered. Valid after the last chunk. */
  readonly truncated: boolean;
}

/** How far a decompression is; shared with the decoder of the format. */
export interface Decompression {
  readonly name: string;
  /** Octets delivered. */
  produced: number;
  truncated: boolean;
}

/**
 * Decompresses gzip, zstd and xz, told by their magic and never by the name; anything else passes through as it is.
 * Memory is bounded by the format's window, and nothing is read ahead of the consumer (of xz, as much as a pipe holds).
 *
 * A chunk is valid until the next one is asked for.
 *
 * @param chunks of any size; they too are used only until the next one is asked for
 * @param name for messages, as the user named the file
 * @throws InputError from the iteration, on corrupt data, after what could be read was delivered
 */
export function openStream(chunks: AsyncIterable<Uint8Array>, name: string): OctetStream {
  const state: Decompression = { name, produced: 0, truncated: false };
  return {
    get truncated() {
      // One that was opened before and passes through here unchanged keeps its say.
      return state.truncated || ('truncated' in chunks && chunks.truncated === true);
    },
    [Symbol.asyncIterator]: () => decompress(chunks, state),
  };
}

async function* decompress(
  chunks: AsyncIterable<Uint8Array>,
  state: Decompression,
): AsyncGenerator<Uint8Array> {
  const source = new OctetSource(chunks);
  try {
    const magic = await source.peek(6);
    if (magic[0] === 0x1f && magic[1] === 0x8b) yield* gunzip(source, state);
    else if (isZstd(magic)) yield* unzstd(source, state);
    else if (isXz(magic)) yield* unxz(source, state);
    else yield* passThrough(source);
  } finally {
    await source.close();
  }
}

function isZstd(magic: Uint8Array): boolean {
  if (magic[0] === 0x28) return magic[1] === 0xb5 && magic[2] === 0x2f && magic[3] === 0xfd;
  // A skippable frame may come first: pzstd and seekable files begin so.
  return (magic[0]! & 0xf0) === 0x50 && magic[1] === 0x2a && magic[2] === 0x4d && magic[3] === 0x18;
}

async function* passThrough(source: OctetSource): AsyncGenerator<Uint8Array> {
  for (let part = await source.available(); part !== null; part = await source.available()) {
    source.consume(part.length);
    yield part;
  }
}

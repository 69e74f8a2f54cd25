import type { OctetStream } from './capture/decompress.js';

/** A stream with its first octets looked at: `chunks` still gives them all. */
export interface Peeked {
  head: Uint8Array;
  chunks: OctetStream;
}

/** Looks at up to `length` first octets of a stream. */
export async function peek(chunks: OctetStream, length: number): Promise<Peeked> {
  const iterator = chunks[Symbol.asyncIterator]();
  const parts: Uint8Array[] = [];
  let have = 0;
  while (have < length) {
    const next = await iterator.next();
    if (next.done) break;
    parts.push(Uint8Array.from(next.value)); // a chunk is valid only until the next
    have += next.value.length;
  }
  const first = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  const rest = resume(first, iterator);
  return {
    head: first.subarray(0, length),
    chunks: {
      // Whether the stream was cut off is known only at its end.
      get truncated() {
        return chunks.truncated;
      },
      [Symbol.asyncIterator]: () => rest,
    },
  };
}

async function* resume(first: Uint8Array, iterator: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

/**
 * All octets of a stream.
 *
 * @returns null where there are more than `limit`.
 */
export async function readAll(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > limit) return null;
    parts.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(parts);
}

/**
 * Pulls exact numbers of octets from a stream of chunks of any size, for containers that must be walked field
 * by field (gzip members, zstd frames). What a method returns is valid until the next call.
 */
export class OctetSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);
  #position = 0;
  #consumed = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** Octets taken so far, from the start of the stream. */
  get offset(): number {
    return this.#consumed;
  }

  /** What is left of the current chunk, or else the next chunk; null at the end of the stream. Takes nothing. */
  async available(): Promise<Uint8Array | null> {
    while (this.#position === this.#chunk.length) {
      const next = await this.#nextChunk();
      if (next === null) return null;
      this.#replace(next);
    }
    return this.#chunk.subarray(this.#position);
  }

  /** Takes `count` octets of what `available` returned. */
  consume(count: number): void {
    this.#position += count;
    this.#consumed += count;
  }

  /** The next `count` octets without taking them; fewer where the stream ends. For a handful of octets. */
  async peek(count: number): Promise<Uint8Array> {
    let seen = await this.available();
    while (seen !== null && seen.length < count) {
      // Copied before the next chunk is asked for: the source may reuse its buffer.
      const held = seen.slice();
      const next = await this.#nextChunk();
      if (next === null) {
        this.#replace(held);
        return held;
      }
      const joined = new Uint8Array(held.length + next.length);
      joined.set(held);
      joined.set(next, held.length);
      this.#replace(joined);
      seen = joined;
    }
    return seen === null ? new Uint8Array(0) : seen.subarray(0, count);
  }

  /** Takes exactly `count` octets; null where the stream ends before (what there was is taken then). */
  async take(count: number): Promise<Uint8Array | null> {
    const first = await this.available();
    if (first !== null && first.length >= count) {
      this.consume(count);
      return first.subarray(0, count);
    }
    const gathered = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const part = await this.available();
      if (part === null) return null;
      const taken = Math.min(part.length, count - filled);
      gathered.set(part.subarray(0, taken), filled);
      this.consume(taken);
      filled += taken;
    }
    return gathered;
  }

  /** Takes `count` octets without keeping them; false where the stream ends before. */
  async discard(count: number): Promise<boolean> {
    let left = count;
    while (left > 0) {
      const part = await this.available();
      if (part === null) return false;
      const taken = Math.min(part.length, left);
      this.consume(taken);
      left -= taken;
    }
    return true;
  }

  /** Lets the underlying stream free what it holds (a file descriptor). */
  async close(): Promise<void> {
    await this.#iterator.return?.();
  }

  /** As a plain Uint8Array: the `slice` of a Buffer, which sources give, copies nothing. */
  async #nextChunk(): Promise<Uint8Array | null> {
    const next = await this.#iterator.next();
    if (next.done) return null;
    return new Uint8Array(next.value.buffer, next.value.byteOffset, next.value.byteLength);
  }

  #replace(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#position = 0;
  }
}

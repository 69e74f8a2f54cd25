import type { Transform } from 'node:stream';

/**
 * Drives a zlib stream one piece at a time: a piece goes in, all that comes of it is read, then the next. So
 * nothing piles up, the input may sit in a reused buffer, and an error finds everything before it delivered
 * (`pipeline` throws away what is still buffered when a stream fails).
 */
export class Lockstep {
  readonly #stream: Transform;
  #error: Error | null = null;
  #ended = false;
  #wake: () => void = () => {};

  constructor(stream: Transform) {
    this.#stream = stream;
    stream.on('readable', () => this.#wake());
    stream.on('end', () => {
      this.#ended = true;
      this.#wake();
    });
    stream.on('error', (error) => {
      this.#error = error;
      this.#wake();
    });
  }

  /** The compressed data said that it ends here; what follows it in the last piece was not used. */
  get ended(): boolean {
    return this.#ended;
  }

  /** @throws the stream's own error where the data is corrupt, after all that came before. */
  async *push(piece: Uint8Array): AsyncGenerator<Uint8Array> {
    let written = false;
    this.#stream.write(piece, () => {
      written = true;
      this.#wake();
    });
    for (;;) {
      // Made before the stream is looked at, so that nothing that happens from here on is missed.
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      for (let output = this.#stream.read(); output !== null; output = this.#stream.read()) yield output;
      if (this.#error) throw this.#error;
      // zlib never calls back for the piece in which its data ends: the end itself is the sign.
      if (this.#ended || (written && this.#stream.readableLength === 0)) return;
      await woken;
    }
  }

  close(): void {
    this.#stream.destroy();
  }
}

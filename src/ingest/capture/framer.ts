import { InputError } from '../../model/errors.js';

/** A format of records that lie one after another, each of a length that its own start tells. */
export interface RecordParser {
  /** Octets needed, from where `parse` stopped, to get any further: a header, then the whole record. */
  readonly wanted: number;

  /**
   * Takes the whole records of `bytes` from `start` to `end`.
   *
   * @param view over the same octets as `bytes`
   * @param fileOffset where in the file `bytes` begins
   * @returns where it stopped; fewer than `wanted` octets lie from there to `end`
   * @throws InputError at a record that cannot be
   */
  parse(bytes: Uint8Array, view: DataView, start: number, end: number, fileOffset: number): number;
}

const INITIAL_CARRY = 64 * 1024;

/**
 * Cuts a stream of chunks into records. Those that lie whole in a chunk are parsed in place; only one that
 * straddles chunks is copied, into a buffer that is kept and grows with what has arrived, never with what a
 * length field claims.
 */
export class Framer {
  readonly #parser: RecordParser;
  #carry = new Uint8Array(INITIAL_CARRY);
  #carryView = new DataView(this.#carry.buffer);
  #carried = 0;
  #fed = 0;

  constructor(parser: RecordParser) {
    this.#parser = parser;
  }

  /** Octets given so far; where one could not be parsed, those before its record. */
  get fed(): number {
    return this.#fed;
  }

  /** Octets of a record that has begun and is not whole yet. */
  get pending(): number {
    return this.#carried;
  }

  /** Parses all records that are whole with this chunk. The chunk is not used after the return. */
  feed(chunk: Uint8Array): void {
    const chunkOffset = this.#fed;
    this.#fed += chunk.length;
    let position = 0;
    while (this.#carried > 0) {
      const taken = Math.min(this.#parser.wanted - this.#carried, chunk.length - position);
      this.#append(chunk.subarray(position, position + taken));
      position += taken;
      if (this.#carried < this.#parser.wanted) return;
      const carryOffset = chunkOffset + position - this.#carried;
      const stop = this.#parse(this.#carry, this.#carryView, 0, this.#carried, carryOffset);
      // Either it took the one record, or all it learned from the header is how much more it wants.
      if (stop > 0) this.#carried = 0;
    }
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const stop = this.#parse(chunk, view, position, chunk.length, chunkOffset);
    this.#append(chunk.subarray(stop));
  }

  #parse(...given: Parameters<RecordParser['parse']>): number {
    try {
      return this.#parser.parse(...given);
    } catch (error) {
      // How much of a chunk is behind that depends on who made chunks of the file.
      if (error instanceof InputError && error.offset !== null) this.#fed = error.offset;
      throw error;
    }
  }

  #append(octets: Uint8Array): void {
    const needed = this.#carried + octets.length;
    if (needed > this.#carry.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#carry.length));
      grown.set(this.#carry.subarray(0, this.#carried));
      this.#carry = grown;
      this.#carryView = new DataView(grown.buffer);
    }
    this.#carry.set(octets, this.#carried);
    this.#carried = needed;
  }
}

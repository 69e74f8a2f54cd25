/**
 * Chunks of a file on their way from the thread that reads ahead to the one that takes them in: slots of a memory that
 * both share (`src/wasm/layout.ts`), used one after the other and again.
 */
import {
  AHEAD_SIZE,
  AHEAD_SLOTS,
  LINE,
  RING_BEGUN,
  RING_FROM,
  RING_READ,
  RING_READY,
  RING_RECORD,
  RING_SLOTS,
  RING_STARTING,
  RING_STATE,
  RING_TAKEN,
  SLOT_COUNT,
  SLOT_FIRST,
  SLOT_OCTETS,
  SLOT_SIZE,
} from '../../wasm/layout.js';

/** Chunks after which the other thread is woken, as that takes as long as several of them. */
const WAKE_EVERY = 2;

/** A slot's place in memory; offsets are of octets. */
export class Slot {
  readonly chunk: number;
  readonly segments: number;
  readonly #words: Int32Array;
  readonly #at: number;

  constructor(words: Int32Array, at: number) {
    this.#words = words;
    this.#at = at >>> 2;
    this.chunk = at + LINE;
    this.segments = this.chunk + AHEAD_SIZE;
  }

  /** Octets of the chunk; 0 at the end of the file, or where the thread has ended for another reason. */
  get octets(): number {
    return this.#words[this.#at + SLOT_OCTETS]!;
  }

  /** Where in the chunk the record of the first segment begins. */
  get first(): number {
    return this.#words[this.#at + SLOT_FIRST]!;
  }

  /** Segments that were made of the chunk. */
  get count(): number {
    return this.#words[this.#at + SLOT_COUNT]!;
  }

  fill(octets: number, first: number, count: number): void {
    this.#words[this.#at + SLOT_OCTETS] = octets;
    this.#words[this.#at + SLOT_FIRST] = first;
    this.#words[this.#at + SLOT_COUNT] = count;
  }
}

export class Ring {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #read: number;
  readonly #taken: number;
  readonly #state: number;
  /** Where in a file to begin: the offset, and that of the record there. */
  readonly #place: Float64Array;

  /** @param at where it is in the memory */
  constructor(memory: ArrayBufferLike, at: number) {
    this.#words = new Int32Array(memory);
    this.#at = at;
    this.#state = (at + RING_STATE) >>> 2;
    this.#place = new Float64Array(memory, at + RING_FROM, 1 + (RING_RECORD - RING_FROM) / 8);
    this.#read = (at + RING_READ) >>> 2;
    this.#taken = (at + RING_TAKEN) >>> 2;
  }

  /** @param chunk from 0, in the order of the file */
  slot(chunk: number): Slot {
    return new Slot(this.#words, this.#at + RING_SLOTS + (chunk % AHEAD_SLOTS) * SLOT_SIZE);
  }

  /** Says that the thread has started, and waits until it is told where to begin. */
  awaitBeginning(): { from: number; record: number } {
    Atomics.store(this.#words, this.#state, RING_READY);
    Atomics.notify(this.#words, this.#state);
    while (Atomics.load(this.#words, this.#state) !== RING_BEGUN) {
      Atomics.wait(this.#words, this.#state, RING_READY);
    }
    const [from, record] = this.#place;
    return { from: from!, record: record! };
  }

  /**
   * Whether the thread has started.
   *
   * @param patience how long to wait for it, ms
   */
  isReady(patience: number): boolean {
    if (patience > 0) Atomics.wait(this.#words, this.#state, RING_STARTING, patience);
    return Atomics.load(this.#words, this.#state) !== RING_STARTING;
  }

  /**
   * Tells the thread where to begin.
   *
   * @param record the last that does not begin behind `from`
   */
  begin(from: number, record: number): void {
    this.#place.set([from, record]);
    Atomics.store(this.#words, this.#state, RING_BEGUN);
    Atomics.notify(this.#words, this.#state);
  }

  /** Waits until there is room for a chunk. */
  awaitRoom(chunk: number): void {
    for (;;) {
      const taken = Atomics.load(this.#words, this.#taken);
      if (chunk - taken < AHEAD_SLOTS) return;
      Atomics.wait(this.#words, this.#taken, taken);
    }
  }

  /**
   * Gives a chunk away whose slot is filled.
   *
   * @param isLast none comes after it
   */
  give(chunk: number, isLast: boolean): void {
    Atomics.store(this.#words, this.#read, chunk + 1);
    if (isLast || (chunk + 1) % WAKE_EVERY === 0) Atomics.notify(this.#words, this.#read);
  }

  /**
   * Waits until a chunk was given away; all before it are done with then.
   *
   * @param patience milliseconds
   * @returns false where it was not given away yet
   */
  awaitChunk(chunk: number, patience: number): boolean {
    Atomics.store(this.#words, this.#taken, chunk);
    if (chunk % WAKE_EVERY === 0) Atomics.notify(this.#words, this.#taken);
    const read = Atomics.load(this.#words, this.#read);
    if (read > chunk) return true;
    Atomics.wait(this.#words, this.#read, read, patience);
    return Atomics.load(this.#words, this.#read) > chunk;
  }
}

/** What was made of the chunk at a place in the memory, with places in it; null where it is in no slot. */
export function readyChunk(
  words: Int32Array,
  ringAt: number,
  chunkAt: number,
): { segments: number; first: number; count: number } | null {
  const within = chunkAt - (ringAt + RING_SLOTS);
  if (within < 0 || within >= AHEAD_SLOTS * SLOT_SIZE) return null;
  const slot = new Slot(words, chunkAt - (within % SLOT_SIZE));
  return { segments: slot.segments, first: slot.chunk + slot.first, count: slot.count };
}

/**
 * A large file's windows on their way from the threads that read them to the one that takes them in: slots of a memory
 * that all share (`src/wasm/layout.ts`), used one after the other and again. Whoever is first begins the next window;
 * where its first record begins, is known when the window before it is divided into records.
 */
import {
  BRIEF_SCRATCH,
  LINE,
  RING_BEGUN,
  RING_DIVIDED,
  RING_READ,
  RING_SCRATCH,
  RING_SLOTS,
  RING_START,
  RING_TAKEN,
  SLOT_BRIEF_COUNT,
  SLOT_COUNT,
  SLOT_OCTETS,
  SLOT_ROOM_AT,
  SLOT_SIZE,
  SLOT_START,
  SLOTS,
  SLOTS_EACH,
} from '../../wasm/layout.js';

/** Slots that are emptied before who waits for room is woken, as that takes as long as several of them. */
const WAKE_EVERY = 2;

/** Where records begin that there are none of. */
export const NOWHERE = -1;

/** The records that begin in a window, one behind the other. */
export interface Chunk {
  /** Where in the window the first one begins; `NOWHERE` where the file ends, or has to be read in another way. */
  start: number;
  /** 0 where none begins in it. */
  octets: number;
  /** How many segments were made of them. */
  count: number;
  /** How many brief connections these hold. */
  briefs: number;
}

/** A slot's place in memory; offsets are of octets. */
export class Slot {
  readonly at: number;
  readonly #words: Int32Array;
  readonly #word: number;

  constructor(words: Int32Array, at: number) {
    this.at = at;
    this.#words = words;
    this.#word = at >>> 2;
  }

  /** Where a window is read into. */
  get room(): number {
    return this.at + SLOT_ROOM_AT;
  }

  get chunk(): Chunk {
    return {
      start: this.#words[this.#word + SLOT_START]!,
      octets: this.#words[this.#word + SLOT_OCTETS]!,
      count: this.#words[this.#word + SLOT_COUNT]!,
      briefs: this.#words[this.#word + SLOT_BRIEF_COUNT]!,
    };
  }

  set chunk({ start, octets, count, briefs }: Chunk) {
    this.#words[this.#word + SLOT_START] = start;
    this.#words[this.#word + SLOT_OCTETS] = octets;
    this.#words[this.#word + SLOT_COUNT] = count;
    this.#words[this.#word + SLOT_BRIEF_COUNT] = briefs;
  }
}

/** A window that somebody reads, and its slot. */
export interface Begun {
  window: number;
  slot: Slot;
}

/** The ring from the side of one thread. */
export class Ring {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #begun: number;
  readonly #taken: number;
  readonly #divided: number;
  readonly #start: number;
  /** Where this thread finds brief connections: `BRIEF_SCRATCH` octets. */
  readonly scratch: number;
  /** Number of the first own slot. */
  readonly #ownSlots: number;
  /** The windows that were read into own slots last; -1 for none. */
  readonly #own = new Int32Array(SLOTS_EACH).fill(-1);

  /**
   * @param at where it is in the memory
   * @param thread from 0, below `MOST_THREADS`
   */
  constructor(memory: ArrayBufferLike, at: number, thread: number) {
    this.#words = new Int32Array(memory);
    this.#at = at;
    this.scratch = at + RING_SCRATCH + thread * BRIEF_SCRATCH;
    this.#ownSlots = thread * SLOTS_EACH;
    this.#begun = (at + RING_BEGUN) >>> 2;
    this.#taken = (at + RING_TAKEN) >>> 2;
    this.#divided = (at + RING_DIVIDED) >>> 2;
    this.#start = (at + RING_START) >>> 2;
  }

  /** The next window, from 0 in the order of the file, that nobody has begun to read; null where there is no slot for it. */
  begin(): Begun | null {
    const taken = Atomics.load(this.#words, this.#taken);
    const own = this.#own.findIndex((window) => window < taken);
    if (own < 0) return null;
    const window = Atomics.add(this.#words, this.#begun, 1);
    this.#own[own] = window;
    return { window, slot: this.#slot(this.#ownSlots + own) };
  }

  /** As `begin`, as soon as there is a slot. */
  awaitBegin(): Begun {
    for (;;) {
      const taken = Atomics.load(this.#words, this.#taken);
      const begun = this.begin();
      if (begun) return begun;
      Atomics.wait(this.#words, this.#taken, taken);
    }
  }

  /**
   * Where in a window the first record begins, behind it or `NOWHERE` where none does; null while that is not known.
   *
   * @param patience how long to wait for it, ms
   */
  startOf(window: number, patience: number): number | null {
    for (;;) {
      const divided = Atomics.load(this.#words, this.#divided);
      if (divided === window) return this.#words[this.#start]!;
      if (Atomics.wait(this.#words, this.#divided, divided, patience) === 'timed-out') return null;
    }
  }

  /** As `startOf`, as soon as it is known. */
  awaitStart(window: number): number {
    return this.startOf(window, Number.POSITIVE_INFINITY)!;
  }

  /**
   * Says that a window is divided.
   *
   * @param next where in the next one the first record begins, as `awaitStart` has it
   */
  divide(window: number, next: number): void {
    this.#words[this.#start] = next;
    Atomics.store(this.#words, this.#divided, window + 1);
    Atomics.notify(this.#words, this.#divided);
  }

  /** Says that a window is read. */
  give(window: number): void {
    const read = this.#readWord(window);
    Atomics.store(this.#words, read, window * SLOTS + this.#ownSlots + this.#own.indexOf(window) + 1);
    Atomics.notify(this.#words, read);
  }

  /**
   * The slot of a window, if it is read.
   *
   * @param patience how long to wait for it, ms
   */
  slotOf(window: number, patience: number): Slot | null {
    const word = this.#readWord(window);
    const before = Atomics.load(this.#words, word);
    if (patience > 0 && before <= window * SLOTS) Atomics.wait(this.#words, word, before, patience);
    const slot = Atomics.load(this.#words, word) - 1 - window * SLOTS;
    return slot < 0 ? null : this.#slot(slot);
  }

  /** Leaves the slots of all windows before one, which are read, to who has them. */
  take(window: number): void {
    Atomics.store(this.#words, this.#taken, window);
    if (window % WAKE_EVERY === 0) Atomics.notify(this.#words, this.#taken);
  }

  #slot(number: number): Slot {
    return new Slot(this.#words, this.#at + RING_SLOTS + number * SLOT_SIZE);
  }

  #readWord(window: number): number {
    return (this.#at + RING_READ + (window % SLOTS) * LINE) >>> 2;
  }
}

/** The slot that the chunk at a place in the memory lies in; 0 for none. */
export function slotAt(ringAt: number, chunkAt: number): number {
  const within = chunkAt - (ringAt + RING_SLOTS);
  return within < 0 || within >= SLOTS * SLOT_SIZE ? 0 : chunkAt - (within % SLOT_SIZE);
}

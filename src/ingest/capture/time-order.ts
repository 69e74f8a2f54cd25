/** Puts packets of several captures in one order of time, with as much in memory as a few chunks of each. */
import type { Nanoseconds } from '../../model/time.js';

export interface Timed {
  time: Nanoseconds;
}

/** Packets of one capture that are held back, as a later one may belong before them. */
const WINDOW = 4096;

/**
 * The packets of one capture by their times, as far as the window reaches; those of one time as they came.
 *
 * @param onLate called for each that came too late to be put in its place
 */
export async function* inOrder<T extends Timed>(
  batches: AsyncIterable<readonly T[]>,
  onLate: () => void,
  window = WINDOW,
): AsyncGenerator<T[]> {
  let held: T[] = [];
  let last: Nanoseconds | null = null;
  const release = (count: number): T[] => {
    const released = held.slice(0, count);
    held = held.slice(count);
    for (const { time } of released) {
      if (last !== null && time < last) onLate();
      else last = time;
    }
    return released;
  };
  for await (const batch of batches) {
    held = held.concat(batch);
    held.sort(byTime);
    if (held.length > window) yield release(held.length - window);
  }
  if (held.length > 0) yield release(held.length);
}

/**
 * The packets of all captures, by their times; of one time, those of the capture that was given first. They come many at
 * once: a turn of the event loop for each took longer than all else.
 */
export async function* mergeByTime<T extends Timed>(
  captures: readonly AsyncIterable<readonly T[]>[],
): AsyncGenerator<T[]> {
  const heads: Head<T>[] = [];
  for (const [place, capture] of captures.entries()) {
    const head = new Head(capture, place);
    if (await head.advance()) heads.push(head);
  }
  heads.sort(byHead);
  try {
    let ready: T[] = [];
    for (let head = heads[0]; head !== undefined; head = heads[0]) {
      ready.push(head.packet);
      if (head.isLast) {
        // What is taken meanwhile need not wait for what is read next.
        yield ready;
        ready = [];
      }
      const more = head.advance();
      if (!(more === true || (await more))) {
        heads.shift();
        continue;
      }
      // A few captures: the first sinks to its place among the others.
      let at = 0;
      while (at + 1 < heads.length && byHead(head, heads[at + 1]!) > 0) {
        heads[at] = heads[at + 1]!;
        at++;
      }
      heads[at] = head;
    }
  } finally {
    for (const head of heads) await head.close();
  }
}

/** The packet of a capture that comes next. */
class Head<T extends Timed> {
  readonly place: number;
  readonly #batches: AsyncIterator<readonly T[]>;
  #batch: readonly T[] = [];
  #at = 0;

  constructor(batches: AsyncIterable<readonly T[]>, place: number) {
    this.#batches = batches[Symbol.asyncIterator]();
    this.place = place;
  }

  get packet(): T {
    return this.#batch[this.#at]!;
  }

  /** No other packet of it was read yet. */
  get isLast(): boolean {
    return this.#at === this.#batch.length - 1;
  }

  /** @returns whether there is one */
  advance(): boolean | Promise<boolean> {
    this.#at++;
    return this.#at < this.#batch.length || this.#nextBatch();
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }

  async #nextBatch(): Promise<boolean> {
    this.#at = 0;
    for (;;) {
      const next = await this.#batches.next();
      if (next.done) return false;
      this.#batch = next.value;
      if (next.value.length > 0) return true;
    }
  }
}

function byHead<T extends Timed>(a: Head<T>, b: Head<T>): number {
  return byTime(a.packet, b.packet) || a.place - b.place;
}

function byTime(a: Timed, b: Timed): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}

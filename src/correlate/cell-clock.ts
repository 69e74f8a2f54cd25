import { type Nanoseconds, toNanoseconds } from '../model/time.js';

/** Makes times of two numbers. Neighbours mostly share their second, and often all of it: then nothing is made anew. */
export class CellClock {
  #seconds = -1;
  #second: Nanoseconds = 0n;
  #nanoseconds = -1;
  #last: Nanoseconds = 0n;

  time(seconds: number, nanoseconds: number): Nanoseconds {
    if (seconds !== this.#seconds) {
      this.#seconds = seconds;
      this.#second = toNanoseconds(seconds, 0);
    } else if (nanoseconds === this.#nanoseconds) return this.#last;
    this.#nanoseconds = nanoseconds;
    this.#last = this.#second + BigInt(nanoseconds);
    return this.#last;
  }
}

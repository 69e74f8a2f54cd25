import { boundAt, type Envelope, envelopeOf, type Point } from './envelope.js';

/** Bounds that are gathered before those that say nothing are left. */
const BATCH = 256;

/** What the packets from one node to another tell, in memory that does not grow with their number. */
export class Bounds {
  matched = 0;
  /** ns on the clock that points are placed by. */
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  #envelope: Envelope = [];
  /** x and y of each in turn. */
  #recent = new Float64Array(2 * BATCH);
  #count = 0;

  /** @returns whether it may be one of those that bound the most */
  add(x: number, y: number): boolean {
    this.matched++;
    if (x < this.first) this.first = x;
    if (x > this.last) this.last = x;
    if (this.#envelope.length > 0 && boundAt(this.#envelope, x) <= y) return false;
    if (2 * this.#count === this.#recent.length) this.#reduce();
    this.#recent[2 * this.#count] = x;
    this.#recent[2 * this.#count + 1] = y;
    this.#count++;
    return true;
  }

  envelope(): Envelope {
    if (this.#count > 0) this.#reduce();
    return this.#envelope;
  }

  #reduce(): void {
    const points: Point[] = [...this.#envelope];
    for (let i = 0; i < this.#count; i++) {
      points.push({ x: this.#recent[2 * i]!, y: this.#recent[2 * i + 1]! });
    }
    this.#envelope = envelopeOf(points);
    this.#count = 0;
    // An envelope of many points is sorted less often.
    const wanted = 4 * this.#envelope.length;
    if (wanted > this.#recent.length) this.#recent = new Float64Array(wanted);
  }
}

import type { Endpoint, Outcome } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import type { Attempt } from './attempt.js';
import type { Leg } from './leg.js';
import type { CaptureLegs } from './legs.js';
import type { PacketTrace } from './trace.js';

/** Attempts that hold what they read, at one time: diagnosis looks at one again and again before it goes to the next. */
const MOST_HELD = 512;

const NONE: Sighting[] = [];

/**
 * Attempts of one leg each.
 *
 * @param isWanted of which rows of the capture
 * @param build what a group of legs was, the same each time
 */
export function loneAttempts(
  legs: CaptureLegs,
  isWanted: (row: number) => boolean,
  build: (group: Leg[]) => Attempt,
): Attempt[] {
  const source = new Source(legs, build);
  return legs.rows(isWanted).map((row) => new LoneAttempt(source, row));
}

/** The attempt with nothing left in tables, for those who go over a few thousand of them many times. */
export function inFull(attempt: Attempt): Attempt {
  return attempt instanceof LoneAttempt ? attempt.inFull() : attempt;
}

/** Reads the attempts of one capture. */
class Source {
  readonly #legs: CaptureLegs;
  readonly #build: (group: Leg[]) => Attempt;
  /** A ring of those that hold what they read. */
  readonly #holders: LoneAttempt[] = [];
  #next = 0;

  constructor(legs: CaptureLegs, build: (group: Leg[]) => Attempt) {
    this.#legs = legs;
    this.#build = build;
  }

  read(row: number, known: Pick<Leg, 'client' | 'server'> | null): Attempt {
    return this.#build([this.#legs.leg(row, known)]);
  }

  /** Has another let go what it holds. */
  hold(attempt: LoneAttempt): void {
    this.#holders[this.#next]?.letGo();
    this.#holders[this.#next] = attempt;
    this.#next = (this.#next + 1) % MOST_HELD;
  }
}

/**
 * An attempt of a single TCP leg. A large capture has very many of them: each keeps what all are asked for, a fifth of
 * the whole, and reads the rest again from the capture's tables when it is looked at.
 */
class LoneAttempt implements Attempt {
  id = '';
  readonly client: Endpoint;
  readonly server: Endpoint;
  vip: string | null;
  readonly outcome: Outcome;
  readonly firstTime: Nanoseconds | null;
  readonly tries: number;
  readonly replies: number;
  readonly delayNs: Nanoseconds | null;
  readonly #source: Source;
  readonly #row: number;
  #whole: Attempt | null = null;

  constructor(source: Source, row: number) {
    const whole = source.read(row, null);
    this.client = whole.client;
    this.server = whole.server;
    this.vip = whole.vip;
    this.outcome = whole.outcome;
    this.firstTime = whole.firstTime;
    this.tries = whole.tries;
    this.replies = whole.replies;
    this.delayNs = whole.delayNs;
    this.#source = source;
    this.#row = row;
  }

  get protocol(): 'tcp' {
    return 'tcp';
  }

  get legs(): Leg[] {
    return this.#read().legs;
  }

  get traces(): PacketTrace[] {
    return this.#read().traces;
  }

  get others(): Sighting[] {
    return this.#read().others;
  }

  get otherSource(): Sighting[] {
    return NONE;
  }

  letGo(): void {
    this.#whole = null;
  }

  /** The same, with nothing left in the tables. */
  inFull(): Attempt {
    const { id, vip } = this;
    return { ...this.#source.read(this.#row, this), id, vip };
  }

  #read(): Attempt {
    if (this.#whole) return this.#whole;
    this.#whole = this.#source.read(this.#row, this);
    this.#source.hold(this);
    return this.#whole;
  }
}

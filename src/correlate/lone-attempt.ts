import type { Endpoint, Outcome, Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import type { Attempt } from './attempt.js';
import { partOf } from './build-attempt.js';
import type { Leg } from './leg.js';
import type { CaptureLegs } from './legs.js';
import type { LoneFacts } from './lone-facts.js';
import { traceOf } from './overheard.js';
import type { PacketTrace } from './trace.js';
import { type Vips, vipOfServers } from './vips.js';

/** Attempts that hold what they read, at one time: diagnosis looks at one again and again before it goes to the next. */
const MOST_HELD = 512;

const NONE: Sighting[] = [];

/**
 * Attempts of one leg each.
 *
 * @param rows theirs in the capture's table
 * @param build what a group of legs was, the same each time
 * @param vips as `build` knows them, where the capture's own clock is that of the result; else null
 */
export function loneAttempts(
  legs: CaptureLegs,
  rows: Int32Array,
  build: (group: Leg[]) => Attempt,
  vips: Vips | null,
): Attempt[] {
  const source = new Source(legs, build, vips);
  return Array.from(rows, (row) => new LoneAttempt(source, row));
}

/** The attempt with nothing left in tables, for those who go over a few thousand of them many times. */
export function inFull(attempt: Attempt): Attempt {
  return attempt instanceof LoneAttempt ? attempt.inFull() : attempt;
}

type Party = Pick<Attempt, 'client' | 'server' | 'vip'>;

/** Reads the attempts of one capture. */
class Source {
  readonly #legs: CaptureLegs;
  readonly #build: (group: Leg[]) => Attempt;
  readonly #vips: Vips | null;
  /** A ring of those that hold what they read. */
  readonly #holders: LoneAttempt[] = [];
  #next = 0;

  constructor(legs: CaptureLegs, build: (group: Leg[]) => Attempt, vips: Vips | null) {
    this.#legs = legs;
    this.#build = build;
    this.#vips = vips;
  }

  /** What became of it, as far as it can be told without making the whole. */
  facts(row: number): LoneFacts | null {
    return this.#vips && this.#legs.facts(row);
  }

  /** Who it was of: `facts` told what became of it. */
  party(row: number): Party {
    const { client, server } = this.#legs.ends(row);
    const vips = this.#vips!;
    const vip = vips.named.length === 0 ? null : vipOfServers([server.address], vips);
    return { client, server, vip };
  }

  /** The whole, of which nothing is known yet. */
  whole(row: number): Attempt {
    return this.#build([this.#legs.leg(row)]);
  }

  /** What is read when it is looked at. */
  read(row: number, attempt: LoneAttempt): Held {
    const sightings = this.#legs.sightings(row, attempt);
    const once = seenOnce(sightings);
    if (once) return once;
    const { legs, traces, others } = this.#build([this.#legs.leg(row, attempt, sightings)]);
    return { sightings, legs, traces, others };
  }

  standsFor(row: number): number {
    return this.#legs.standsFor(row);
  }

  unanswered(row: number): Role | null {
    return this.#legs.unanswered(row);
  }

  disowned(row: number): boolean {
    return this.#legs.disowned(row);
  }

  leg(row: number, attempt: LoneAttempt, sightings: Sighting[]): Leg {
    return this.#legs.leg(row, attempt, sightings);
  }

  /** Has another let go what it holds. */
  hold(attempt: LoneAttempt): void {
    this.#holders[this.#next]?.letGo();
    this.#holders[this.#next] = attempt;
    this.#next = (this.#next + 1) % MOST_HELD;
  }
}

/** What an attempt holds for as long as it is looked at. */
interface Held extends Pick<Attempt, 'traces' | 'others'> {
  sightings: Sighting[];
  /** Null until they are asked for: most of what is looked at shows in the packets. */
  legs: Leg[] | null;
}

/** Packets each of which was seen but once: nothing is to be made of them. Null of others. */
function seenOnce(sightings: Sighting[]): Held | null {
  let request: Sighting | null = null;
  let reply: Sighting | null = null;
  let other: Sighting | null = null;
  for (const sighting of sightings) {
    const part = partOf(sighting);
    if (part === 'requests' && request === null) request = sighting;
    else if (part === 'replies' && reply === null) reply = sighting;
    else if (part === 'others' && other === null) other = sighting;
    else return null;
  }
  const traces: PacketTrace[] = [];
  if (request !== null) traces.push(traceOf('request', 1, [request]));
  if (reply !== null) traces.push(traceOf('reply', 1, [reply]));
  return { sightings, legs: null, traces, others: other === null ? NONE : [other] };
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
  #held: Held | null = null;

  constructor(source: Source, row: number) {
    const plain = source.facts(row);
    const whole = plain === null ? source.whole(row) : null;
    const facts = plain ?? whole!;
    const party = whole ?? source.party(row);
    this.client = party.client;
    this.server = party.server;
    this.vip = party.vip;
    this.outcome = facts.outcome;
    this.firstTime = facts.firstTime;
    this.tries = facts.tries;
    this.replies = facts.replies;
    this.delayNs = facts.delayNs;
    this.#source = source;
    this.#row = row;
  }

  get protocol(): 'tcp' {
    return 'tcp';
  }

  get standsFor(): number {
    return this.#source.standsFor(this.#row);
  }

  get unanswered(): Role | null {
    return this.outcome === 'established' ? this.#source.unanswered(this.#row) : null;
  }

  get disowned(): boolean {
    return this.outcome === 'established' && this.#source.disowned(this.#row);
  }

  get legs(): Leg[] {
    const held = this.#read();
    held.legs ??= [this.#source.leg(this.#row, this, held.sightings)];
    return held.legs;
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
    this.#held = null;
  }

  /** The same, with nothing left in the tables. */
  inFull(): Attempt {
    const { legs, traces, others } = this;
    // All in one: objects that are spread take ten times as long.
    return {
      id: this.id,
      protocol: 'tcp',
      client: this.client,
      server: this.server,
      vip: this.vip,
      outcome: this.outcome,
      firstTime: this.firstTime,
      tries: this.tries,
      replies: this.replies,
      delayNs: this.delayNs,
      unanswered: this.unanswered,
      disowned: this.disowned,
      standsFor: this.standsFor,
      legs,
      traces,
      others,
      otherSource: NONE,
    };
  }

  #read(): Held {
    if (this.#held) return this.#held;
    this.#held = this.#source.read(this.#row, this);
    this.#source.hold(this);
    return this.#held;
  }
}

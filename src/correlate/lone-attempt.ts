import type { Endpoint, Outcome } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import type { Attempt } from './attempt.js';
import { partOf } from './build-attempt.js';
import type { Leg } from './leg.js';
import type { CaptureLegs } from './legs.js';
import type { LoneFacts } from './lone-facts.js';
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
  rows: readonly number[],
  build: (group: Leg[]) => Attempt,
  vips: Vips | null,
): Attempt[] {
  const source = new Source(legs, build, vips);
  return rows.map((row) => new LoneAttempt(source, row));
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

  /** @param known the same attempt, where it was read before */
  read(row: number, known: LoneAttempt | null): Attempt {
    const leg = this.#legs.leg(row, known);
    return (known && seenOnce(leg, known)) ?? this.#build([leg]);
  }

  /** Has another let go what it holds. */
  hold(attempt: LoneAttempt): void {
    this.#holders[this.#next]?.letGo();
    this.#holders[this.#next] = attempt;
    this.#next = (this.#next + 1) % MOST_HELD;
  }
}

/** What was read before with its packets, where each of them was seen but once: nothing is to be made of them. */
function seenOnce(leg: Leg, known: LoneAttempt): Attempt | null {
  let request: Sighting | null = null;
  let reply: Sighting | null = null;
  let other: Sighting | null = null;
  for (const sighting of leg.sightings) {
    const part = partOf(sighting);
    if (part === 'requests' && request === null) request = sighting;
    else if (part === 'replies' && reply === null) reply = sighting;
    else if (part === 'others' && other === null) other = sighting;
    else return null;
  }
  const traces: PacketTrace[] = [];
  if (request !== null) traces.push({ role: 'request', try: 1, sightings: [request] });
  if (reply !== null) traces.push({ role: 'reply', try: 1, sightings: [reply] });
  // All in one: two objects that are spread take ten times as long.
  return {
    id: '',
    protocol: 'tcp',
    client: known.client,
    server: known.server,
    vip: known.vip,
    outcome: known.outcome,
    firstTime: known.firstTime,
    tries: known.tries,
    replies: known.replies,
    delayNs: known.delayNs,
    legs: [leg],
    traces,
    others: other === null ? NONE : [other],
    otherSource: NONE,
  };
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
    const plain = source.facts(row);
    const whole = plain === null ? source.read(row, null) : null;
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

import type { Sighting } from '../model/sighting.js';
import { compareTimes } from './causal-order.js';
import { PASSAGE } from './group-copies.js';
import type { Groups } from './groups.js';
import type { Leg } from './leg.js';
import { Likeness, mix, TextNumbers } from './likeness.js';
import { endpointText } from './merge.js';
import { clientText } from './merge-datagrams.js';
import { contentHash, contentOf, sameDatagram } from './same-datagram.js';
import type { Tracks } from './tracked.js';

/** Copies of one content at one node, one after the other, that are compared: more at once are a flood's. */
const MAX_COPIES_COMPARED = 256;

/** Copies that one may have become, by their content alone: one of more is not worth looking for. */
const MAX_ALIKE = 16;

/** Two legs that may be the two sides of one translation: `front` as the client sent it, `back` as the server saw it. */
interface Translation {
  front: number;
  back: number;
  strength: Strength;
  /** By br_netfilter, between a bridge and its port. */
  bridged: boolean;
}

/**
 * The least certain first: the content alone is alike; one end is kept; the IP identification is the same; a conntrack
 * table names the two.
 */
const Strength = { alike: 0, kept: 1, same: 2, tracked: 3 } as const;
type Strength = (typeof Strength)[keyof typeof Strength];
const STRENGTHS = [Strength.tracked, Strength.same, Strength.kept, Strength.alike];

interface Copy {
  leg: number;
  sighting: Sighting;
}

/** What nodes were seen to translate. */
export class Translations {
  readonly #legs: readonly Leg[];
  readonly #tracks: Tracks;
  /** By number of the front and the back leg. */
  readonly #found = new Map<number, Translation>();
  /** Legs that one of too many like them may be the other side of. */
  readonly #contested = new Set<number>();

  constructor(legs: readonly Leg[], tracks: Tracks) {
    this.#legs = legs;
    this.#tracks = tracks;
    const byContent = new Map<string, Copy[]>();
    for (const copy of copiesThatMeet(legs)) {
      const key = `${contentOf(copy.sighting, legs[copy.leg]!.echo)} ${copy.sighting.point.node}`;
      const same = byContent.get(key);
      if (same) same.push(copy);
      else byContent.set(key, [copy]);
    }
    for (const copies of byContent.values()) this.#compare(copies);
  }

  #compare(copies: Copy[]): void {
    copies.sort((a, b) => compareTimes(a.sighting.time, b.sighting.time));
    for (const [i, into] of copies.entries()) {
      const partners: Copy[] = [];
      for (let j = i + 1; j < copies.length && j - i <= MAX_COPIES_COMPARED; j++) {
        const out = copies[j]!;
        if (out.sighting.time! - into.sighting.time! > PASSAGE) break;
        if (this.#passedOn(into, out)) partners.push(out);
      }
      // It went on as it came: nothing translated it here.
      if (partners.some((out) => out.leg === into.leg)) continue;
      this.#note(partners.map((out) => this.#translation(into, out)));
    }
  }

  /** Whether the second may be what a node made of the first. */
  #passedOn(into: Copy, out: Copy): boolean {
    if (!sameDatagram(into.sighting, out.sighting)) return false;
    if (isRouted(into.sighting, out.sighting)) return true;
    return isBridged(into.sighting, out.sighting) && this.#sameClient(into, out);
  }

  #sameClient(into: Copy, out: Copy): boolean {
    return clientText(this.#legs[into.leg]!) === clientText(this.#legs[out.leg]!);
  }

  #translation(into: Copy, out: Copy): Translation {
    // A reply comes in as the server sent it, and leaves as the client is to see it.
    const [front, back] = into.sighting.fromClient ? [into.leg, out.leg] : [out.leg, into.leg];
    const strength = this.#tracks(this.#legs[front]!, this.#legs[back]!)
      ? Strength.tracked
      : this.#strength(into, out);
    return { front, back, strength, bridged: !isRouted(into.sighting, out.sighting) };
  }

  #strength(into: Copy, out: Copy): Strength {
    const { identification } = into.sighting;
    if (identification !== null && identification === out.sighting.identification) return Strength.same;
    if (this.#sameClient(into, out)) return Strength.kept;
    const [one, other] = [this.#legs[into.leg]!, this.#legs[out.leg]!];
    const samePort = one.client.port === other.client.port && one.echo?.identifier === other.echo?.identifier;
    return samePort && endpointText(one.server) === endpointText(other.server)
      ? Strength.kept
      : Strength.alike;
  }

  /** @param candidates all that one copy may have become */
  #note(candidates: readonly Translation[]): void {
    const best = candidates.reduce((most, { strength }) => Math.max(most, strength), 0);
    const equal = candidates.filter(({ strength }) => strength === best);
    if (best === Strength.alike && equal.length > MAX_ALIKE) {
      for (const { front, back } of equal) this.#contested.add(front).add(back);
      return;
    }
    for (const translation of equal) {
      const key = translation.front * this.#legs.length + translation.back;
      if (translation.strength > (this.#found.get(key)?.strength ?? -1)) this.#found.set(key, translation);
    }
  }

  #contestedIn(groups: Groups): ReadonlySet<number> {
    return new Set([...this.#contested].map((leg) => groups.find(leg)));
  }

  /**
   * Joins those of which neither side has another candidate that is as good, the surest first: a leg that has found its
   * other side is no candidate for more. What a bridge translates is routed after, and may be translated again.
   */
  join(groups: Groups): void {
    for (const bridged of [true, false]) {
      let left = [...this.#found.values()].filter((translation) => translation.bridged === bridged);
      for (const strength of STRENGTHS) {
        const equal = distinct(left.filter((t) => t.strength === strength).map((t) => sidesOf(t, groups)));
        const fronts = countOf(equal.map(([front]) => front));
        const backs = countOf(equal.map(([, back]) => back));
        // Also those that could not be told apart: nothing weaker decides between them.
        left = left.filter((t) => {
          const [front, back] = sidesOf(t, groups);
          return !fronts.has(front) && !backs.has(back);
        });
        const contested = strength === Strength.alike ? this.#contestedIn(groups) : NONE;
        for (const [front, back] of equal) {
          const only = fronts.get(front) === 1 && backs.get(back) === 1;
          if (only && !contested.has(front) && !contested.has(back)) groups.join(front, back);
        }
      }
    }
  }
}

/** The copies that may be of one content with a copy of another leg at the same node, where any has come farther. */
function copiesThatMeet(legs: readonly Leg[]): Copy[] {
  const size = legs.reduce((sum, leg) => sum + leg.sightings.length, 0);
  const seen: Sighting[] = [];
  const owners = new Int32Array(size);
  const hashes = new Int32Array(size);
  // A node that passes a packet on takes a hop from it, or is seen to by another interface.
  const places = new Int32Array(size);
  const names = new TextNumbers();
  for (let leg = 0; leg < legs.length; leg++) {
    const { sightings, echo } = legs[leg]!;
    for (const sighting of sightings) {
      const { payload, time, point, ttl } = sighting;
      if (payload === null || time === null) continue;
      const i = seen.push(sighting) - 1;
      owners[i] = leg;
      hashes[i] = mix(contentHash(sighting, echo), names.of(point.node));
      places[i] = names.of(point.interface ?? '') * 256 + ttl;
    }
  }
  const alike = new Likeness(hashes.subarray(0, seen.length));
  const legsMeet = alike.shared((a, b) => owners[a] !== owners[b]);
  const placesMeet = alike.shared((a, b) => places[a] !== places[b]);
  const copies: Copy[] = [];
  for (let i = 0; i < seen.length; i++) {
    if (legsMeet[i] === 1 && placesMeet[i] === 1) copies.push({ leg: owners[i]!, sighting: seen[i]! });
  }
  return copies;
}

const NONE: ReadonlySet<number> = new Set();

type Sides = readonly [front: number, back: number];

/** By what the two legs are a part of by now. */
function sidesOf({ front, back }: Translation, groups: Groups): Sides {
  return [groups.find(front), groups.find(back)];
}

function distinct(all: readonly Sides[]): Sides[] {
  const known = new Map(all.filter(([front, back]) => front !== back).map((sides) => [sides.join(), sides]));
  return [...known.values()];
}

function countOf(values: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** It came in and left with one hop less. */
function isRouted(into: Sighting, out: Sighting): boolean {
  return into.direction !== 'out' && out.direction !== 'in' && into.ttl === out.ttl + 1;
}

/** It went on from a bridge's port to the bridge, or the other way: br_netfilter translates in between. */
function isBridged(into: Sighting, out: Sighting): boolean {
  return (
    into.direction !== null &&
    into.direction === out.direction &&
    into.ttl === out.ttl &&
    into.point.interface !== out.point.interface &&
    into.encapsulations.length === out.encapsulations.length
  );
}

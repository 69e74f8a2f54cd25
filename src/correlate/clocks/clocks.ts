import type { AnalysisClock } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { type Nanoseconds, timeText } from '../../model/time.js';
import type { Aligned } from '../causal-order.js';
import { Bounds } from './bounds.js';
import { pairOf, type SolvedClock, solve } from './solve.js';

/** A clock with its times in full. */
interface Clock extends SolvedClock {
  /** The first of the nodes that packets join it to. */
  root: number;
  /** By the root's clock. */
  since: Nanoseconds;
  /** How far it was ahead then. */
  ahead: Nanoseconds;
}

/**
 * How far the nodes' clocks are apart, from packets that two nodes saw: a packet cannot arrive before it was sent, so
 * each one bounds the difference from one side, and what went both ways, be it over other nodes, brackets it. An answer
 * that another node saw than what it answers does as much. Of clocks that nobody sets the difference is a straight line
 * over time (Paxson 1998; Moon, Skelly and Towsley 1999).
 *
 * Nodes that no packet joins to the first, but to each other, are placed by the first of them.
 *
 * It reckons in numbers, with times since each node's first one: a number holds nanoseconds of a hundred days.
 */
export class Clocks {
  readonly #nodes: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;
  /** Each node's first time. */
  readonly #bases: (Nanoseconds | null)[];
  /** By `from * nodes + to`: of the later node minus the earlier one, over the time of the one that was given first. */
  readonly #bounds = new Map<number, Bounds>();
  #clocks: (Clock | null)[] | null = null;

  /** A sighting's time by the first node's clock, or by that of the first that its node is joined to. */
  readonly aligned: Aligned = ({ time, point }) => (time === null ? null : this.#toRoot(point.node, time));

  /** @param nodes in the order of the inputs; the first is the reference */
  constructor(nodes: readonly string[]) {
    this.#nodes = [...nodes];
    this.#indexes = new Map(nodes.map((node, i) => [node, i]));
    this.#bases = nodes.map(() => null);
  }

  /** Takes in one packet's sightings in causal order, as far as hop limits alone order them. */
  observe(ordered: readonly Sighting[]): void {
    for (let i = 1; i < ordered.length; i++) {
      const before = ordered[i - 1]!;
      const after = ordered[i]!;
      // Between equal hop limits the order came from directions, or (not usable here) from the clocks themselves.
      const ordering = before.ttl > after.ttl || (before.direction === 'out' && after.direction === 'in');
      if (ordering) this.observeBoth(before, after);
    }
  }

  /** Takes in two sightings of which the one came before the other for certain: of one packet, or of one and its answer. */
  observeBoth(before: Sighting, after: Sighting): void {
    if (before.point.node === after.point.node || before.time === null || after.time === null) return;
    const from = this.#indexes.get(before.point.node)!;
    const to = this.#indexes.get(after.point.node)!;
    const sent = this.#sinceBase(from, before.time);
    const received = this.#sinceBase(to, after.time);
    this.#boundsOf(from, to).add(from < to ? sent : received, received - sent);
    this.#clocks = null;
  }

  /** Whether packets tell how far the two nodes' clocks are apart; of one node's own they need not. */
  areJoined(one: string, other: string): boolean {
    return one === other || this.#rootOf(one) === this.#rootOf(other);
  }

  /** What a node's clock showed when a packet was seen, be it elsewhere; null where that is not known. */
  timeAt(node: string, { time, point }: Pick<Sighting, 'time' | 'point'>): Nanoseconds | null {
    if (time === null || !this.areJoined(point.node, node)) return null;
    return point.node === node ? time : this.#fromRoot(node, this.#toRoot(point.node, time));
  }

  /** For every node; the first is off by 0 against itself. */
  describe(): AnalysisClock[] {
    return this.#nodes.map((node, i) => {
      if (i === 0) return { node, offsetNs: 0, uncertaintyNs: 0, driftPpm: 0, matched: 0 };
      const clock = this.#clock(node);
      if (clock?.root !== 0) return { node, offsetNs: null, uncertaintyNs: null, driftPpm: null, matched: 0 };
      const { ahead, since, uncertainty, drift, matched, bound, wasSet } = clock;
      return {
        node,
        offsetNs: Number(ahead),
        uncertaintyNs: uncertainty === null ? null : Math.ceil(uncertainty),
        driftPpm: drift === null ? null : Number((drift * 1e6).toFixed(3)),
        matched,
        at: timeText(since),
        ...(bound !== null && { bound }),
        ...(wasSet && { wasSet }),
      };
    });
  }

  #sinceBase(node: number, time: Nanoseconds): number {
    const base = this.#bases[node];
    if (base != null) return Number(time - base);
    this.#bases[node] = time;
    return 0;
  }

  #boundsOf(from: number, to: number): Bounds {
    const key = from * this.#nodes.length + to;
    let bounds = this.#bounds.get(key);
    if (!bounds) {
      bounds = new Bounds();
      this.#bounds.set(key, bounds);
    }
    return bounds;
  }

  #toRoot(node: string, time: Nanoseconds): Nanoseconds {
    const clock = this.#clock(node);
    if (!clock) return time;
    const { ahead, since, drift } = clock;
    const level = time - ahead;
    return drift === null ? level : level - drifted(level - since, drift / (1 + drift));
  }

  #fromRoot(node: string, time: Nanoseconds): Nanoseconds {
    const clock = this.#clock(node);
    if (!clock) return time;
    const { ahead, since, drift } = clock;
    return drift === null ? time + ahead : time + ahead + drifted(time - since, drift);
  }

  #rootOf(node: string): number | string {
    return this.#clock(node)?.root ?? this.#indexes.get(node) ?? node;
  }

  /** Null for a root, which needs none. */
  #clock(node: string): Clock | null {
    this.#clocks ??= this.#solve();
    return this.#clocks[this.#indexes.get(node)!] ?? null;
  }

  #solve(): (Clock | null)[] {
    const { length } = this.#nodes;
    const pairs = [];
    for (let a = 0; a < length; a++) {
      for (let b = a + 1; b < length; b++) {
        const [forth, back] = [this.#bounds.get(a * length + b), this.#bounds.get(b * length + a)];
        if (forth || back) pairs.push(pairOf(a, b, forth, back));
      }
    }
    const clocks: (Clock | null)[] = new Array(length).fill(null);
    for (let root = 0; root < length; root++) {
      const start = this.#bases[root];
      if (clocks[root] || start == null) continue;
      for (const [i, clock] of solve(length, pairs, root).entries()) {
        if (!clock || i === root) continue;
        const since = start + BigInt(Math.round(clock.at));
        const ahead = this.#bases[i]! - start + BigInt(Math.round(clock.offset));
        clocks[i] = { ...clock, root, since, ahead };
      }
    }
    return clocks;
  }
}

function drifted(time: Nanoseconds, drift: number): Nanoseconds {
  return BigInt(Math.round(Number(time) * drift));
}

import { Doubts } from '../doubts.js';
import type { Hop, Verdict } from '../verdict.js';
import type { FilterPacket } from './packet.js';
import type { Passage, PassageDrop, PassageStep } from './passage.js';
import type { FilterNode } from './rule-set.js';

/** How often the ways of one packet may part before the likeliest alone is followed. */
export const PARTINGS_LIMIT = 4096;

/** One of the ways that a packet takes through a node, while it is worked out. */
export interface Way {
  packet: FilterPacket;
  steps: PassageStep[];
  /** What chance decided since the last step, in words. */
  picks: string[];
  chance: number;
  doubts: Doubts;
  /** Doubts about rules that can only drop, and what these answer with, if anything; shared by all ways of one packet. */
  doubtfulDrops: Map<string, string | null>;
  /** Which sets rules asked for in vain. */
  missedSets: Doubts;
  /** What rules may ask, telling `doubts` and `missedSets`. */
  node: FilterNode;
  nodeFor: NodeFor;
  /** Which halves of its connection's translation are settled (nf_nat_initialized). */
  bound: { destination: boolean; source: boolean };
  /** That its connection is none that was known before, and will be only if the packet gets through. */
  unconfirmed: boolean;
  verdict: Verdict | null;
  /** What was in doubt when it came to its route decision on the way in; null where it did not. */
  doubtsBeforeRoute: readonly string[] | null;
  hops: Hop[];
  /** Null while it is on its way. */
  end: WayEnd | null;
  /** Shared by all ways of one packet. */
  partings: { count: number };
}

/** Makes what rules may ask, with a place for what it has to assume, and for the sets that a packet is not in. */
export type NodeFor = (doubts: Doubts, missedSets: Doubts) => FilterNode;

export interface WayEnd {
  result: Passage['result'];
  drop: PassageDrop | null;
}

export function startWay(packet: FilterPacket, nodeFor: NodeFor): Way {
  const doubts = new Doubts();
  const missedSets = new Doubts();
  return {
    packet,
    steps: [],
    picks: [],
    chance: 1,
    doubts,
    doubtfulDrops: new Map(),
    missedSets,
    node: nodeFor(doubts, missedSets),
    nodeFor,
    bound: { destination: false, source: false },
    unconfirmed: false,
    verdict: null,
    doubtsBeforeRoute: null,
    hops: [],
    end: null,
    partings: { count: 0 },
  };
}

/** A copy that goes another way with this part of the chance. */
export function partWay(way: Way, share: number): Way {
  const doubts = new Doubts();
  doubts.addAll(way.doubts);
  const missedSets = new Doubts();
  missedSets.addAll(way.missedSets);
  way.partings.count++;
  return {
    ...way,
    packet: copyPacket(way.packet),
    steps: [...way.steps],
    picks: [...way.picks],
    chance: way.chance * share,
    doubts,
    missedSets,
    node: way.nodeFor(doubts, missedSets),
    bound: { ...way.bound },
  };
}

function copyPacket(packet: FilterPacket): FilterPacket {
  return { ...packet, connection: packet.connection && { ...packet.connection } };
}

/** Adds a step, with what chance had decided before it. */
export function addStep(way: Way, step: PassageStep): void {
  const picked = way.picks.length === 0 ? '' : ` (${way.picks.join(', ')})`;
  way.picks = [];
  way.steps.push({ ...step, text: `${step.text}${picked}` });
}

export function toPassage(way: Way): Passage {
  const { packet, hops, verdict, steps, chance } = way;
  const { result, drop } = way.end!;
  // A connection enters the table with its first packet that gets through (nf_conntrack_confirm).
  const lost = result === 'dropped' && way.unconfirmed;
  const leaves = result === 'forward' || result === 'output';
  return {
    result,
    drop,
    packet,
    hops: leaves ? hops : [],
    verdict,
    connection: lost ? null : packet.connection,
    steps,
    chance,
    unknown: way.doubts.lines,
    unknownBeforeRoute: [...(way.doubtsBeforeRoute ?? way.doubts.lines)],
    missedSets: way.missedSets.lines,
    unknownDrops: way.doubts.lines.filter((line) => way.doubtfulDrops.has(line)),
    unknownResets: way.doubts.lines.filter((line) => way.doubtfulDrops.get(line) === 'tcp-reset'),
  };
}

/**
 * Joins ways that differ only in how they came about, so that rules of chance without effect part nothing.
 */
export function joinEqual(ways: readonly Way[]): Way[] {
  if (ways.length < 2) return [...ways];
  const joined = new Map<string, Way>();
  for (const way of ways) {
    const { packet, doubts, doubtsBeforeRoute, hops, end, bound } = way;
    const drop = end?.drop?.by === 'routing' ? end.drop.verdict.why : end?.drop;
    const key = JSON.stringify([packet, doubts.lines, doubtsBeforeRoute, hops, end?.result, drop, bound]);
    const same = joined.get(key);
    if (same) same.chance += way.chance;
    else joined.set(key, way);
  }
  return [...joined.values()];
}

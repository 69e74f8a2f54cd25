import type { Hop, Verdict } from '../verdict.js';
import type { Connection, FilterPacket } from './packet.js';
import type { Hook, RuleSource } from './rule-set.js';

/** A packet before it meets a node. What is left out is 0 or unknown. */
export interface PacketQuestion {
  /** Null where the kernel is to choose it: an own packet of a socket bound to no address. */
  source: string | null;
  destination: string;
  protocol: string;
  sourcePort?: number | null;
  destinationPort?: number | null;
  tcp?: FilterPacket['tcp'];
  icmp?: FilterPacket['icmp'];
  mark?: number;
  tos?: number;
  ttl?: number;
  macSource?: string | null;
}

/** One of the ways that a packet may go through a node. Where chance decides (a backend is picked), there are several. */
export interface Passage {
  /** `local` and `broadcast`: delivered on the node. `forward`, `output`: leaves by one of `hops`. */
  result: 'local' | 'broadcast' | 'forward' | 'output' | 'dropped' | 'queued';
  /** Null unless dropped. */
  drop: PassageDrop | null;
  /** As it is in the end: translated and marked. */
  packet: FilterPacket;
  /** Empty but for `forward` and `output`. */
  hops: Hop[];
  /** The last route decision; null where the packet did not get that far. */
  verdict: Verdict | null;
  /** The connection that it belongs to, to be handed to `receive` and `send` with later packets; null where untracked. */
  connection: Connection | null;
  /** What changed the packet or decided on it, in order. */
  steps: PassageStep[];
  /** How likely this way is, from 0 to 1; all ways of one packet add up to 1. */
  chance: number;
  /** What had to be assumed, of rules and of routing. Empty: the snapshot alone decides. */
  unknown: string[];
  /**
   * Those of `unknown` that were assumed before the route decision on the way in, and may have changed what it was asked
   * (its mark, its addresses); all, where the packet came to none.
   */
  unknownBeforeRoute: string[];
  /** Those of `unknown` that are about rules which could at most have dropped the packet as well. */
  unknownDrops: string[];
  /** Those of `unknownDrops` whose rules would have answered with a RST. */
  unknownResets: string[];
  /** Rules that would have matched if a set had the packet, or had it not: `10.0.0.5 is not in the set …`. */
  missedSets: string[];
}

export type PassageDrop =
  | { by: 'routing'; verdict: Verdict }
  | {
      by: 'netfilter';
      hook: Hook;
      chain: string;
      /** Null where the chain's policy dropped it. */
      rule: RuleSource | null;
      /** What a reject answers with (`tcp-reset`, `icmp-port-unreachable`); null for a plain drop. */
      answer: string | null;
      /** The rule asked for the way back to the source. */
      check: boolean;
    };

/** By a rule, or by a chain's policy. */
export type FilterDrop = Extract<PassageDrop, { by: 'netfilter' }>;

export interface PassageStep {
  /** `routing` for a route decision, `conntrack` where a tracked connection is recognised and translated. */
  at: Hook | 'routing' | 'conntrack';
  /** `192.168.1.100:80 becomes 10.244.1.10:8080 (random 1 of 3)`, `mark becomes 0x4000`, … */
  text: string;
  source: RuleSource | null;
}

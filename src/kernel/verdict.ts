import type { Route, Rule } from '../model/snapshot.js';

/** The kernel's decision on a packet, in the words of `returnpath route`. */
export type VerdictName =
  | 'local'
  | 'broadcast'
  | 'forward'
  | 'output'
  | 'rp-filter'
  | 'martian-source'
  | 'martian-destination'
  | 'no-route'
  | 'forwarding-off'
  | 'prohibit'
  | 'blackhole'
  | 'unreachable';

/** A way that a packet may be sent: more than one where the route is multipath. */
export interface Hop {
  dev: string;
  /** Next hop; null where the destination is on the link. */
  via: string | null;
}

/** Why a lookup gave no route to send by. */
export type LookupError = 'no-route' | 'prohibit' | 'blackhole' | 'unreachable';

/** One walk over rules and tables (fib_lookup, fib6_rule_lookup). */
export interface LookupResult {
  /** Null where a route was found. */
  error: LookupError | null;
  /** The route that decided, also an error route; null where none or where a rule's action decided. */
  route: Route | null;
  /** The rule that decided; null where none matched, or where no rules are searched (the three default ones). */
  rule: Rule | null;
  /** Table of `route`. */
  table: string | null;
  /** Prefix length of the route; -1 without one. */
  prefixLength: number;
  /** The next hops that may be taken: those that are alive. */
  hops: Hop[];
}

/** How the source address was validated (fib_validate_source); IPv4 input alone. */
export interface SourceCheck {
  /** 0 off, 1 strict, 2 loose: the larger of the two below. */
  rpFilter: number;
  rpFilterAll: number;
  rpFilterInterface: number;
  /** Accepted or refused without a lookup, as rp_filter is 0. */
  shortCut: boolean;
  /** The lookup of the way back; null on the short cut. */
  wayBack: LookupResult | null;
  /** What the lookup saw as incoming interface (that of the request's way out, or `lo`), which `iif` rules match. */
  wayBackInterface: string;
  /** The mark that the lookup of the way back saw: the packet's under `src_valid_mark` alone. */
  wayBackMark: number;
  /** `rp-filter` and `martian-source` are drops. */
  result: 'accepted' | 'rp-filter' | 'martian-source';
}

export interface Verdict {
  verdict: VerdictName;
  /** Plain words for a person. */
  why: string;
  /** Of `forward` and `output`: the device and next hop, the first of `hops` where there are several. */
  dev: string | null;
  via: string | null;
  table: string | null;
  /** Every next hop that may be taken; empty but for `forward` and `output`. */
  hops: Hop[];
  /** Of `output` and `local`: the source address, which the kernel picks where none was given; null where it cannot
   * be told, as next hops differ in it. */
  preferredSource: string | null;
  /** The lookup of the destination; null where the packet did not get that far. */
  lookup: LookupResult | null;
  /** The validation of the source; null where the packet did not get that far, and for IPv6 and output. */
  sourceCheck: SourceCheck | null;
  /** What the answer had to assume. Empty: it rests on the snapshot alone. */
  unknown: string[];
}

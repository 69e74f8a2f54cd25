/**
 * A node's packet filter and NAT rules, compiled: what iptables-save, ip6tables-save and nft say in their own words
 * becomes one shape here, and each rule a sequence of steps that look at a packet and change it.
 */
import type { LookupQuestion } from '../model.js';
import type { LookupResult } from '../verdict.js';
import type { SetQuestion, Unknown } from './ipset/ip-sets.js';
import type { FilterPacket } from './packet.js';

export const HOOKS = [
  'ingress',
  'prerouting',
  'input',
  'forward',
  'output',
  'postrouting',
  'egress',
] as const;
/** Where in the kernel's path a base chain hangs (enum nf_inet_hooks, enum nf_dev_hooks). */
export type Hook = (typeof HOOKS)[number];

/** Hooks of a device: behind the packet sockets of a capture on the way in, and before them on the way out. */
export function isDeviceHook(hook: Hook): hook is 'ingress' | 'egress' {
  return hook === 'ingress' || hook === 'egress';
}

export interface RuleSet {
  baseChains: BaseChain[];
  /** What could not be read, naming file and line: said with every answer, for it may hold any rule. */
  unknown: string[];
}

export interface BaseChain {
  /** Tables of the `inet` family are for both. */
  families: readonly (4 | 6)[];
  hook: Hook;
  /** NF_IP_PRI_*: lower comes first. Conntrack itself is at -200. */
  priority: number;
  /** `nat` chains see the first packet of a connection alone; `route` ones make an own packet be routed anew. */
  type: 'filter' | 'nat' | 'route';
  policy: 'accept' | 'drop';
  chain: Chain;
  /** Of a device hook: where it hangs, `eth*` for each that begins so; empty where the listing does not tell. */
  devices?: readonly string[];
}

export interface Chain {
  /** As a person finds it: `iptables nat KUBE-SERVICES`, `nft ip kube-proxy service-…`. */
  name: string;
  rules: Rule[];
}

export interface Rule {
  /** In order; the rule ends with the first that is `false` or a verdict. */
  steps: Step[];
  source: RuleSource;
  /** Whether all that it can do is to drop: a doubt about it is then none about another drop. */
  onlyDrops: boolean;
}

export interface RuleSource {
  /** `iptables-save.txt`, `ip6tables-save.txt` or `nft.json`. */
  file: string;
  /** From 1; null for nft, whose rules have a handle in `text`. */
  line: number | null;
  /** The rule in its own words, on one line. */
  text: string;
  /** How many packets it has counted, since it was made or its counters were reset; null where that is not known. */
  packets: number | null;
}

/**
 * One match or statement.
 *
 * @param packet may be changed (its mark, its connection's mark)
 * @returns true: on with the next step; false: the rule does not match; a verdict; or, where chance decides, all that
 *   may come of it
 */
export type Step = (packet: FilterPacket, node: FilterNode) => StepResult;
export type StepResult = boolean | FilterVerdict | readonly Branch[];

export interface Branch {
  /** What it means in words, for the trace: `random 1 of 3`. */
  text: string;
  /** From 0 to 1. */
  chance: number;
  result: boolean | FilterVerdict;
}

export type FilterVerdict =
  | { kind: 'accept' | 'return' }
  /** `check`: the rule asked for the way back to the source (`-m rpfilter`, nft `fib`), and that is why. */
  | { kind: 'drop'; check?: boolean }
  /** `answer`: what goes back, as `icmp-port-unreachable` or `tcp-reset`. */
  | { kind: 'reject'; answer: string; check?: boolean }
  | { kind: 'jump' | 'goto'; chain: Chain }
  /** What is null stays as it is. Accepts as well. */
  | { kind: 'dnat' | 'snat'; address: string | null; port: number | null }
  /** The address is that of the device which the packet leaves by (masquerade) or came in by (redirect). */
  | { kind: 'masquerade' | 'redirect'; port: number | null }
  /** Neither tracked nor translated from here on; goes on with the next rule. */
  | { kind: 'notrack' }
  /** Handed to user space (NFQUEUE, queue), or stolen: what becomes of it is not in the rules. */
  | { kind: 'queue' | 'stolen' };

/** What rules ask of the node beyond the packet. */
export interface FilterNode {
  /** The node's own routing of a flow, as fib and rpfilter expressions ask for it. */
  lookup(flow: LookupQuestion): LookupResult;
  /** `local`, `unicast`, `broadcast`, `multicast`, … (inet_addr_type); of one interface where it is named. */
  addressType(address: string, device: string | null): string;
  /** Group of a link, MAC of a link, and so on, where a match asks for it; null where there is no such link. */
  link(name: string): {
    group: string;
    mac: string | null;
    kind: string | null;
    master: string | null;
    ifindex: number;
  } | null;
  /** Whether a packet is in the node's ipset of that name; what is missing where that is not known. */
  ipset(name: string, packet: FilterPacket, question: SetQuestion): boolean | Unknown;
  /** Tells of a rule that all else would have had match: `10.0.0.5 is not in the set x, which … asks for`. */
  missedSet(text: string): void;
  /** Tells what the answer had to assume: `iptables-save.txt line 12: "-m recent" is not modelled: taken as no match`. */
  doubt(text: string): void;
}

/** A change to a node, as an administrator's command asks for it: read, and not yet held against any snapshot. */
import type { Family } from '../../model/address.js';
import type { Rule, Snapshot } from '../../model/snapshot.js';

/** Changes snapshots, and says in words what was changed. @throws UsageError where a kernel would refuse it */
export type ChangeSnapshots = (snapshots: readonly Snapshot[]) => {
  snapshots: Snapshot[];
  notes: string[];
};

export type Change = SysctlChange | RuleChange | RouteChange | AddressChange | IptablesChange;

interface Asked {
  /** Null where none is named: there is only one then. */
  node: string | null;
  netns: string | null;
  /** As it was given, with the node. */
  text: string;
  /** The command alone, as the node's shell would take it; `KEY=VALUE` of a sysctl. */
  command: string;
}

export interface SysctlChange extends Asked {
  kind: 'sysctl';
  /** As `sysctl -a` writes it, but that the dots of an interface may still be dots. */
  key: string;
  value: string;
}

export interface RuleChange extends Asked {
  kind: 'rule';
  verb: 'add' | 'delete';
  rule: RuleRequest;
}

/** Null: not said. `action` and `table` are the kernel's to fill in, where a rule is added. */
export type RuleRequest = Omit<Rule, 'priority' | 'action' | 'unknown'> & {
  priority: number | null;
  action: string | null;
};

export type RouteVerb = 'add' | 'append' | 'prepend' | 'replace' | 'change' | 'delete';

export interface RouteChange extends Asked {
  kind: 'route';
  verb: RouteVerb;
  route: RouteRequest;
}

export interface HopRequest {
  gateway: string | null;
  interface: string | null;
  onlink: boolean;
  weight: number;
}

/** Null: not said. */
export interface RouteRequest {
  family: Family;
  type: string | null;
  /** `ADDRESS/LENGTH`, host bits as they were given. */
  destination: string;
  from: string | null;
  table: string | null;
  protocol: string | null;
  scope: string | null;
  metric: number | null;
  tos: number;
  prefsrc: string | null;
  /** IPv6 alone: `low`, `medium` or `high`. */
  preference: string | null;
  /** `via`, `dev` and `onlink`; all of it unsaid where `nexthop`s are given. */
  hop: HopRequest;
  /** What `nexthop` words give; empty where there is none. */
  nextHops: HopRequest[];
}

export interface AddressChange extends Asked {
  kind: 'address';
  verb: 'add' | 'replace' | 'change' | 'delete';
  address: AddressRequest;
}

export interface AddressRequest {
  family: Family;
  interface: string;
  address: string;
  prefixLength: number;
  /** Whether a prefix length was given, or a peer. */
  exact: boolean;
  peer: string | null;
  broadcast: string | null;
  scope: string;
  metric: number;
  /** As `ip -j addr` prints them: `noprefixroute`, `nodad`, `dynamic`, … */
  flags: string[];
}

export type IptablesVerb = 'append' | 'insert' | 'replace' | 'delete';

/** Of one rule in one chain. */
export interface IptablesChange extends Asked {
  kind: 'iptables';
  verb: IptablesVerb;
  family: Family;
  table: string;
  chain: string;
  /** From 1: the place to insert at, or the rule to replace or delete; null where the rule itself is named. */
  position: number | null;
  /** Matches and target as given, in the words that `iptables-save` has for them; empty for a delete by number. */
  rule: string;
}

import type { Rule } from '../model/snapshot.js';
import type { LocalInterfaces } from './addresses.js';
import type { Doubts } from './doubts.js';
import type { Flow } from './flow.js';
import { contains, type Prefix, toPrefix } from './prefix.js';
import { protocolNumber } from './protocols.js';
import { tableName } from './table-name.js';

/** A rule with its selectors parsed. */
export interface CompiledRule {
  rule: Rule;
  from: Prefix | null;
  to: Prefix | null;
  /** Canonical name of the table; null where the action is no lookup. */
  table: string | null;
  /** On what a question may leave out. */
  selectors: readonly Selector[];
  /** Where `goto` leads; null where no rule has that priority (the kernel then passes over it). */
  target: number | null;
}

/** Sorts by priority, keeping the file's order within one, and resolves `goto`. */
export function compileRules(rules: readonly Rule[]): CompiledRule[] {
  const sorted = [...rules].sort((a, b) => a.priority - b.priority);
  return sorted.map((rule) => {
    const at = sorted.findIndex((r) => rule.gotoPriority !== null && r.priority === rule.gotoPriority);
    return {
      rule,
      from: rule.from === null ? null : toPrefix(rule.from),
      to: rule.to === null ? null : toPrefix(rule.to),
      table: rule.table === null ? null : tableName(rule.table),
      selectors: packetSelectors(rule),
      target: at < 0 ? null : at,
    };
  });
}

/**
 * Whether these are the three rules of a fresh namespace. As long as they are, IPv4 searches `local` and `main`
 * as one trie (fib_trie_unmerge() ends that).
 */
export function areDefaultRules(rules: readonly Rule[]): boolean {
  const defaults: readonly [number, string][] = [
    [0, 'local'],
    [32766, 'main'],
    [32767, 'default'],
  ];
  return (
    rules.length === defaults.length &&
    defaults.every(([priority, table], i) => {
      const rule = rules[i]!;
      return (
        rule.priority === priority &&
        rule.action === 'lookup' &&
        tableName(rule.table ?? '') === table &&
        isBare(rule)
      );
    })
  );
}

/** No selector at all. */
function isBare(rule: Rule): boolean {
  const selectors: (keyof Rule)[] = [
    'from',
    'to',
    'iif',
    'oif',
    'fwmark',
    'tos',
    'ipProtocol',
    'sourcePorts',
    'destinationPorts',
    'uidRange',
    'suppressPrefixLength',
    'suppressInterfaceGroup',
  ];
  return !rule.not && rule.unknown.length === 0 && selectors.every((key) => rule[key] === null);
}

/**
 * fib_rule_requires_fldissect(): what comes in is dissected, and only then has a protocol and ports to the rules,
 * if there is a rule on these that is not for output alone.
 */
export function needsDissection(rule: Rule): boolean {
  const onTransport = rule.ipProtocol !== null || rule.sourcePorts !== null || rule.destinationPorts !== null;
  return onTransport && rule.iif !== 'lo';
}

const L3MDEV = /^l3mdev\b/;

/** Whether it looks into the table of the VRF that a flow is of (fib_rules_l3mdev()), and matches no other flow. */
export function isVrfRule({ rule }: CompiledRule): boolean {
  return rule.unknown.some((selector) => L3MDEV.test(selector));
}

/** fib_rule_match(), with fib4_rule_match() or fib6_rule_match(). */
export function ruleMatches(
  compiled: CompiledRule,
  flow: Flow,
  interfaces: LocalInterfaces,
  doubts: Doubts,
): boolean {
  const { rule } = compiled;
  return selects(compiled, flow, interfaces, doubts) !== rule.not;
}

function selects(compiled: CompiledRule, flow: Flow, interfaces: LocalInterfaces, doubts: Doubts): boolean {
  const { rule, from, to, selectors } = compiled;
  if (to && !contains(to, flow.destination)) return false;
  if (from && !sourceMatches(from, flow)) return false;
  if (rule.iif !== null && rule.iif !== flow.iif && rule.iif !== interfaces.vrfs.of(flow.iif)) return false;
  if (rule.oif !== null && rule.oif !== flow.oif) return false;
  if (selectors.length === 0 && rule.unknown.length === 0) return true;
  // What the question tells comes before what has to be assumed: a doubt is told only where it decides.
  for (const { value, test } of selectors) {
    const told = value(flow);
    if (told !== null && !test(told)) return false;
  }
  for (const selector of rule.unknown) {
    if (L3MDEV.test(selector)) {
      const vrf = interfaces.vrfs.ofFlow(flow);
      if (vrf === null) return false;
      if (interfaces.vrfs.table(vrf, flow.destination.family) !== null) continue;
      doubts.add(
        `which table is that of the VRF ${vrf} is not told: rule ${rule.priority} is taken as no match`,
      );
      return false;
    }
    // What no tunnel device gave a key has none.
    if (/^tun_id\b/.test(selector) && !interfaces.mayKeepTunnelKey(flow.iif)) return false;
    doubts.add(
      `rule ${rule.priority} has the selector "${selector}", which is not modelled: taken as no match`,
    );
    return false;
  }
  let matched = true;
  for (const { name, value, test } of selectors) {
    if (value(flow) !== null) continue;
    doubts.add(`rule ${rule.priority} asks for the packet's ${name}, which is not known: taken as 0`);
    if (!test(0)) matched = false;
  }
  return matched;
}

/** An unset IPv4 source is 0.0.0.0 to a rule; an unset IPv6 one matches no `from`. */
function sourceMatches(from: Prefix, flow: Flow): boolean {
  if (flow.source) return contains(from, flow.source);
  return from.family === 4 && from.words[0] === 0;
}

interface Selector {
  name: string;
  value: (flow: Flow) => number | null;
  test: (value: number) => boolean;
}

/** The selectors on what a question may leave out. */
function packetSelectors(rule: Rule): Selector[] {
  const selectors: Selector[] = [];
  const within = (range: [number, number]) => (value: number) => value >= range[0] && value <= range[1];
  if (rule.fwmark !== null) {
    const mask = rule.fwmask ?? 0xffffffff;
    const mark = rule.fwmark;
    selectors.push({
      name: 'mark',
      value: (flow) => flow.mark,
      test: (value) => ((value ^ mark) & mask) === 0,
    });
  }
  if (rule.tos !== null && rule.tos !== 0) {
    const tos = rule.tos;
    selectors.push({ name: 'TOS', value: (flow) => flow.tos, test: (value) => value === tos });
  }
  if (rule.ipProtocol !== null) {
    const protocol = numberOf(rule.ipProtocol);
    selectors.push({ name: 'protocol', value: flowProtocol, test: (value) => value === protocol });
  }
  if (rule.sourcePorts) {
    selectors.push({ name: 'source port', value: (flow) => flow.sourcePort, test: within(rule.sourcePorts) });
  }
  if (rule.destinationPorts) {
    selectors.push({
      name: 'destination port',
      value: (flow) => flow.destinationPort,
      test: within(rule.destinationPorts),
    });
  }
  if (rule.uidRange) selectors.push({ name: 'user', value: (flow) => flow.uid, test: within(rule.uidRange) });
  return selectors;
}

const flowProtocol = (flow: Flow) => (flow.protocol === null ? null : numberOf(flow.protocol));

/** -1 where the name is not known, which no packet has; `ip` prints those without a name as `ipproto-N`. */
function numberOf(name: string): number {
  return protocolNumber(name.replace(/^ipproto-/, '')) ?? -1;
}

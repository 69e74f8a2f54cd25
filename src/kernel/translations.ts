/**
 * Which addresses NAT puts behind which, read from a node's rule sets, IPVS and connection tracking without asking
 * under what conditions: enough to tell whose backend an address is, not which one a packet would get.
 */
import { canonicalAddress } from '../model/address.js';
import type { Snapshot } from '../model/snapshot.js';
import { ipvsServicesOf, ipvsTargets } from './ipvs.js';

/** Addresses that packets to `address` may be translated to, by this node's rules and connections. */
export function translationsOf(snapshot: Snapshot, address: string): Set<string> {
  const found = new Set<string>();
  for (const text of [snapshot.iptables, snapshot.ip6tables]) {
    if (text !== null) addIptables(text, address, found);
  }
  if (snapshot.nft !== null) addNft(snapshot.nft, address, found);
  for (const { original, reply } of snapshot.conntrack ?? []) {
    if (original.destination === address && reply.source !== address) found.add(reply.source);
  }
  for (const target of ipvsTargets(ipvsServicesOf(snapshot, address))) found.add(target);
  found.delete(address);
  return found;
}

/** Every address that this node's rules and connections translate packets to, whatever they were sent to. */
export function translationTargets(snapshot: Snapshot): Set<string> {
  const found = new Set<string>();
  for (const text of [snapshot.iptables, snapshot.ip6tables]) {
    for (const [, target] of (text ?? '').matchAll(/ --to-destination (\S+)/g)) addTarget(target!, found);
  }
  if (snapshot.nft !== null) {
    walk(snapshot.nft as Json, (key, value) => {
      if (key === 'dnat') addNftTarget(value, found);
    });
  }
  for (const { original, reply } of snapshot.conntrack ?? []) {
    if (reply.source !== original.destination) found.add(reply.source);
  }
  for (const target of ipvsTargets(snapshot.ipvs ?? [])) found.add(target);
  return found;
}

interface IptablesRule {
  chain: string;
  destination: string | null;
  target: string | null;
  to: string | null;
}

const BUILT_IN = new Set(['PREROUTING', 'OUTPUT', 'INPUT', 'FORWARD', 'POSTROUTING']);

/** Follows the rules that name the address (`-d`) through the chains that they jump to, to their DNAT targets. */
function addIptables(text: string, address: string, found: Set<string>): void {
  const rules = text
    .split('\n')
    .filter((line) => line.startsWith('-A '))
    .map(parseRule);
  const visited = new Set<string>();
  const take = (rule: IptablesRule) => {
    if (rule.to !== null) addTarget(rule.to, found);
    if (rule.target !== null && !BUILT_IN.has(rule.target)) follow(rule.target);
  };
  const follow = (chain: string) => {
    if (visited.has(chain)) return;
    visited.add(chain);
    for (const rule of rules) {
      // A rule for another destination leads elsewhere.
      if (rule.chain === chain && (rule.destination === null || rule.destination === address)) take(rule);
    }
  };
  for (const rule of rules) if (rule.destination === address) take(rule);
}

function parseRule(line: string): IptablesRule {
  const words = line.split(' ');
  const after = (flag: string) => {
    const at = words.indexOf(flag);
    return at < 0 || words[at - 1] === '!' ? null : (words[at + 1] ?? null);
  };
  return {
    chain: words[1]!,
    destination: after('-d')?.replace(/\/(32|128)$/, '') ?? null,
    target: after('-j') ?? after('-g'),
    to: after('--to-destination'),
  };
}

/** `10.244.1.10:8080`, `10.244.1.10`, `[fd00::1]:80`, `10.0.0.1-10.0.0.9:80` (both ends of a range). */
function addTarget(to: string, found: Set<string>): void {
  const host = to.startsWith('[') ? to.slice(1, to.indexOf(']')) : to.replace(/(?<=\.\d+):.*$/, '');
  for (const part of host.split('-')) {
    const address = canonicalAddress(part);
    if (address !== null) found.add(address);
  }
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The same for nft: from every rule, set or map element that names the address, through jumps, to `dnat`. */
function addNft(ruleset: unknown, address: string, found: Set<string>): void {
  const objects = (ruleset as { nftables?: { [kind: string]: Json }[] } | null)?.nftables;
  if (!Array.isArray(objects)) return;
  const rules: { chain: string; expr: Json }[] = [];
  const starts: Json[] = [];
  for (const object of objects) {
    if (object === null || typeof object !== 'object') continue;
    const rule = object.rule as { chain?: string; expr?: Json } | undefined;
    if (rule?.chain !== undefined && rule.expr !== undefined) {
      rules.push({ chain: rule.chain, expr: rule.expr });
      if (mentions(rule.expr, address)) starts.push(rule.expr);
    }
    const map = object.map as { elem?: Json } | undefined;
    for (const element of Array.isArray(map?.elem) ? map.elem : []) {
      if (Array.isArray(element) && mentions(element[0]!, address)) starts.push(element[1]!);
    }
  }
  const visited = new Set<string>();
  const take = (expression: Json) => {
    walk(expression, (key, value) => {
      if (key === 'dnat') addNftTarget(value, found);
      if ((key === 'jump' || key === 'goto') && value !== null && typeof value === 'object') {
        const { target } = value as { target?: string };
        if (target === undefined || visited.has(target)) return;
        visited.add(target);
        for (const rule of rules) if (rule.chain === target) take(rule.expr);
      }
    });
  };
  for (const start of starts) take(start);
}

function mentions(value: Json, text: string): boolean {
  if (typeof value === 'string') return value === text;
  if (Array.isArray(value)) return value.some((v) => mentions(v, text));
  return value !== null && typeof value === 'object' && Object.values(value).some((v) => mentions(v, text));
}

function walk(value: Json, visit: (key: string, value: Json) => void): void {
  if (Array.isArray(value)) for (const v of value) walk(v, visit);
  else if (value !== null && typeof value === 'object') {
    for (const [key, v] of Object.entries(value)) {
      visit(key, v);
      walk(v, visit);
    }
  }
}

/** Every address within a `dnat` statement, be it one or the data of a map. */
function addNftTarget(value: Json, found: Set<string>): void {
  if (typeof value === 'string') {
    const address = canonicalAddress(value);
    if (address !== null) found.add(address);
  } else if (value !== null && typeof value === 'object') {
    for (const v of Object.values(value)) addNftTarget(v, found);
  }
}

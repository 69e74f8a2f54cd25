/** Rules that are put into a node's firewall, in the words of whichever tool made it. */
import { ruleText } from '../../../kernel/netfilter/nft/text.js';
import type { FilterDrop } from '../../../kernel/netfilter/passage.js';
import type { Snapshot } from '../../../model/snapshot.js';
import type { Station } from '../../../network/station.js';
import { shellWord } from '../../shell-word.js';
import { nftObjects, nftStep, type Step, step } from '../step.js';

/** What a rule is to match: null and absent are not asked for. */
export interface Selector {
  family: 4 | 6;
  /** `ADDRESS` or `ADDRESS/LENGTH`. */
  source: string | null;
  destination: string | null;
  protocol: string;
  sourcePort: number | null;
  destinationPort: number | null;
  input: string | null;
  /** Of ICMP; absent: of any. */
  icmpType?: number;
  /** Only what answers a tracked connection. */
  established: boolean;
}

/** A chain of the node's rules, and the rule in it that dropped; null for the chain's policy. */
export type RulePlace =
  | {
      tool: 'iptables' | 'ip6tables';
      table: string;
      chain: string;
      position: number | null;
      rule: string | null;
    }
  | { tool: 'nft'; family: string; table: string; chain: string; handle: number | null; rule: string | null };

/** Whether the node's rules are iptables', as far as the snapshot tells: then others are best made so as well. */
export function hasIptables({ iptables, ip6tables, nft }: Snapshot, family: 4 | 6): boolean {
  const text = family === 6 ? ip6tables : iptables;
  return text !== null && (/^\*/m.test(text) || nft === null);
}

/** Where a drop was, for a command; null where the listing does not name it well enough. */
export function placeOfDrop({ snapshot }: Station, { chain, rule }: FilterDrop): RulePlace | null {
  const [tool = '', ...words] = chain.split(' ');
  if (tool === 'nft') {
    const [family = '', table = '', name = ''] = words;
    if (rule === null) return { tool, family, table, chain: name, handle: null, rule: null };
    const handle = /\(handle (\d+)\)$/.exec(rule.text)?.[1];
    return handle === undefined
      ? null
      : {
          tool,
          family,
          table,
          chain: name,
          handle: Number(handle),
          rule: rule.text.replace(/ \(handle \d+\)$/, ''),
        };
  }
  if (tool !== 'iptables' && tool !== 'ip6tables') return null;
  const [table = '', name = ''] = words;
  if (rule === null) return { tool, table, chain: name, position: null, rule: null };
  const lines = (tool === 'iptables' ? snapshot.iptables : snapshot.ip6tables)?.split('\n') ?? [];
  const own = /^-A (\S+)/.exec(rule.text)?.[1] ?? name;
  const start = lines.findLastIndex((line, i) => i < (rule.line ?? 0) && line.startsWith('*'));
  const before = lines.slice(start, rule.line ?? 0).map((line) => line.trim().replace(/^\[\d+:\d+\]\s*/, ''));
  const position = before.filter((line) => line.startsWith(`-A ${own} `)).length;
  return position < 1 ? null : { tool, table, chain: own, position, rule: rule.text };
}

/** Lets in what the selector names, right before the rule that dropped it; for a policy, at the chain's end. */
export function acceptAt(station: Station, place: RulePlace, selector: Selector): Step {
  if (place.tool !== 'nft') {
    const { tool, table, chain, position } = place;
    const rule = `${iptablesMatches(selector)} -j ACCEPT`;
    const verb = position === null ? `-A ${chain}` : `-I ${chain} ${position}`;
    return step(station, `${tool}${table === 'filter' ? '' : ` -t ${table}`} ${verb} ${rule}`);
  }
  const { family, table, chain, handle } = place;
  const expr = [...nftMatches(selector), { accept: null }];
  const verb = handle === null ? 'add' : 'insert';
  const at = handle === null ? '' : ` handle ${handle}`;
  const command = `nft ${shellWord(`${verb} rule ${family} ${table} ${chain}${at} ${ruleText(expr, null)}`)}`;
  const rule = { rule: { family, table, chain, expr } };
  return nftStep(station, command, (listing) => {
    const before = listing.findIndex((object) => handle !== null && isRule(object, { ...place, handle }));
    return before < 0 ? [...listing, rule] : listing.toSpliced(before, 0, rule);
  });
}

/** The expressions of a rule of the listing; null where it is not there. */
export function nftRule(snapshot: Snapshot, place: RulePlace): unknown[] | null {
  const object = nftObjects(snapshot).find((one) => isRule(one, place)) as
    | { rule: { expr?: unknown } }
    | undefined;
  return Array.isArray(object?.rule.expr) ? object.rule.expr : null;
}

export function isRule(object: unknown, place: RulePlace): boolean {
  const rule = (object as { rule?: Record<string, unknown> } | null)?.rule;
  if (place.tool !== 'nft' || !rule) return false;
  const { family, table, chain, handle } = place;
  return rule.family === family && rule.table === table && rule.chain === chain && rule.handle === handle;
}

function iptablesMatches(selector: Selector): string {
  const { source, destination, protocol, sourcePort, destinationPort, input, established } = selector;
  const parts = [
    input === null ? '' : `-i ${shellWord(input)}`,
    source === null ? '' : `-s ${source}`,
    destination === null ? '' : `-d ${destination}`,
    `-p ${protocol}`,
  ];
  const ports = [
    sourcePort === null ? '' : `--sport ${sourcePort}`,
    destinationPort === null ? '' : `--dport ${destinationPort}`,
  ].filter((part) => part !== '');
  if (ports.length > 0) parts.push(`-m ${protocol} ${ports.join(' ')}`);
  if (selector.icmpType !== undefined)
    parts.push(
      selector.family === 6
        ? `-m icmp6 --icmpv6-type ${selector.icmpType}`
        : `-m icmp --icmp-type ${selector.icmpType}`,
    );
  if (established) parts.push('-m conntrack --ctstate ESTABLISHED');
  return parts.filter((part) => part !== '').join(' ');
}

function nftMatches(selector: Selector): unknown[] {
  const { family, source, destination, protocol, sourcePort, destinationPort, input, established } = selector;
  const ip = family === 6 ? 'ip6' : 'ip';
  const equal = (left: unknown, right: unknown) => ({ match: { op: '==', left, right } });
  const field = (name: string, key: string) => ({ payload: { protocol: name, field: key } });
  const ports = sourcePort !== null || destinationPort !== null;
  return [
    input === null ? null : equal({ meta: { key: 'iifname' } }, input),
    source === null ? null : equal(field(ip, 'saddr'), nftPrefix(source)),
    destination === null ? null : equal(field(ip, 'daddr'), nftPrefix(destination)),
    ports ? null : equal({ meta: { key: 'l4proto' } }, protocol),
    selector.icmpType === undefined
      ? null
      : equal(field(family === 6 ? 'icmpv6' : 'icmp', 'type'), selector.icmpType),
    sourcePort === null ? null : equal(field(protocol, 'sport'), sourcePort),
    destinationPort === null ? null : equal(field(protocol, 'dport'), destinationPort),
    established ? { match: { op: 'in', left: { ct: { key: 'state' } }, right: 'established' } } : null,
  ].filter((match) => match !== null);
}

function nftPrefix(text: string): unknown {
  const [addr, length] = text.split('/', 2);
  return length === undefined ? addr : { prefix: { addr, len: Number(length) } };
}

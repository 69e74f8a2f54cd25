import type { Snapshot } from '../../model/snapshot.js';
import { compileIptables, tableChains } from './iptables/iptables.js';
import { compileNft } from './nft/nft.js';
import { ruleCounts } from './rule-counts.js';
import type { BaseChain, RuleSet } from './rule-set.js';
import { tracksConnections } from './tracking.js';

/** All that a node's rule files say to packets of one family. */
export interface NodeRules {
  chains: BaseChain[];
  /** What every answer has to assume. */
  unknown: string[];
  /** Whether anything makes the kernel track connections. */
  tracks: boolean;
}

/** Reads `iptables-save.txt` or `ip6tables-save.txt`, and `nft.json`, as far as they are in the snapshot. */
export function nodeRules(snapshot: Snapshot, family: 4 | 6): NodeRules {
  const text = family === 4 ? snapshot.iptables : snapshot.ip6tables;
  const file = family === 4 ? 'iptables-save.txt' : 'ip6tables-save.txt';
  const sets: RuleSet[] = [];
  if (text !== null) sets.push(compileIptables(text, family, file, ruleCounts(snapshot.nft, family)));
  if (snapshot.nft !== null) {
    const isShown = shownBy(snapshot);
    sets.push(compileNft(snapshot.nft, { skipTables: isShown }));
  }
  const unknown = sets.flatMap((set) => set.unknown);
  // What an empty file is of cannot be told: of no rules, or of a command that failed.
  if ((text === null || text.trim() === '') && snapshot.nft === null) {
    const state = text === null ? 'missing' : 'empty or missing';
    unknown.push(`${file} and nft.json are ${state}: no translation or filter is known`);
  } else if (snapshot.nft === null && INCOMPATIBLE.test(text ?? '')) {
    unknown.push(`nft.json is missing: ${file} says that there are tables which it cannot show`);
  } else if (snapshot.nft === null) {
    const unlisted = UNLISTED.exec(text ?? '')?.[1];
    if (unlisted) unknown.push(`of ${file} the tables ${unlisted} are missing: their rules are not known`);
  }
  const chains = sets.flatMap((set) => set.baseChains).filter((base) => base.families.includes(family));
  return { chains, unknown, tracks: tracksConnections(snapshot, family) };
}

/** Whether `nodeRules` says the same of both, by identity. */
export function sameRuleFiles(a: Snapshot, b: Snapshot): boolean {
  const names = ['iptables', 'ip6tables', 'nft', 'conntrack'] as const;
  return names.every((name) => a[name] === b[name]);
}

/** iptables-nft-save's own words for what was made with nft. */
const INCOMPATIBLE = /^# Table `.*' is incompatible, use 'nft' tool\./m;

/** What is noted of a listing of single tables, as `iptables -t nat -nvL` makes it. */
const UNLISTED = /^# Not listed: (.+)$/m;

/**
 * The tables of nft's listing that are iptables-nft's, whose rules it shows as opaque expressions: those whose
 * chains are all in iptables-save's output.
 */
function shownBy(snapshot: Snapshot): (family: string, table: string) => boolean {
  const shown: Readonly<Record<string, ReadonlyMap<string, ReadonlySet<string>>>> = {
    ip: tableChains(snapshot.iptables ?? ''),
    ip6: tableChains(snapshot.ip6tables ?? ''),
  };
  const listed = nftChains(snapshot.nft);
  return (family, table) => {
    const chains = shown[family]?.get(table);
    const there = listed.get(`${family} ${table}`) ?? [];
    return chains !== undefined && there.every((chain) => chains.has(chain));
  };
}

interface NftObject {
  chain?: { family?: unknown; table?: unknown; name?: unknown };
}

function nftChains(ruleset: unknown): Map<string, string[]> {
  const chains = new Map<string, string[]>();
  const objects = (ruleset as { nftables?: (NftObject | null)[] } | null)?.nftables;
  for (const object of Array.isArray(objects) ? objects : []) {
    const chain = object?.chain;
    if (!chain) continue;
    const table = `${chain.family} ${chain.table}`;
    chains.set(table, [...(chains.get(table) ?? []), String(chain.name)]);
  }
  return chains;
}

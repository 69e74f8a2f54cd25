/** The output of `nft -j list ruleset` (libnftables-json(5)) as rules that can be run. */

import { nftPriority } from '../../../ingest/snapshot/nft-priority.js';
import {
  type BaseChain,
  type Chain,
  HOOKS,
  type Hook,
  isDeviceHook,
  type Rule,
  type RuleSet,
} from '../rule-set.js';
import { integer, text } from './json.js';
import { type NftChain, type NftTable, readListing } from './listing.js';
import { leftOut } from './other-hooks.js';
import { compileRule } from './rule.js';
import type { Scope } from './scope.js';

export interface NftOptions {
  /** Tables to leave out, as another file tells of them in better words (those of iptables-nft). */
  skipTables?: (family: string, table: string) => boolean;
}

const FAMILIES: Readonly<Record<string, readonly (4 | 6)[]>> = {
  ip: [4],
  ip6: [6],
  inet: [4, 6],
  netdev: [4, 6],
};

/**
 * Compiles the tables of the families `ip`, `ip6`, `inet` and `netdev`.
 *
 * @param ruleset parsed JSON of any shape; null is an empty rule set
 */
export function compileNft(ruleset: unknown, options: NftOptions = {}): RuleSet {
  const unknown: string[] = [];
  const baseChains: BaseChain[] = [];
  for (const table of readListing(ruleset, unknown)) {
    if (options.skipTables?.(table.family, table.name)) continue;
    unknown.push(...leftOut(table));
    const families = FAMILIES[table.family];
    // A dormant table is registered nowhere.
    if (families && !table.dormant) baseChains.push(...compileTable(table, families, unknown));
  }
  return { baseChains, unknown };
}

function compileTable(table: NftTable, families: readonly (4 | 6)[], unknown: string[]): BaseChain[] {
  const chains = new Map<string, Chain>();
  for (const chain of table.chains.values()) chains.set(chain.name, lazyChain(table, chain, chains));
  const named = `${table.family} ${table.name}`;
  return [...table.chains.values()].flatMap((chain) =>
    baseChain(chain, chains.get(chain.name)!, named, families, unknown),
  );
}

/** Compiled when a packet first comes to it: of a large cluster's chains, one packet sees a handful. */
function lazyChain(table: NftTable, { name, rules }: NftChain, chains: ReadonlyMap<string, Chain>): Chain {
  const { family, sets, objects } = table;
  let compiled: Rule[] | null = null;
  const chain: Chain = {
    name: `nft ${family} ${table.name} ${name}`,
    get rules() {
      compiled ??= rules.map((rule, index) => {
        const handle = typeof rule.handle === 'number' ? ` handle ${rule.handle}` : '';
        const place = `nft.json ${family} ${table.name} ${name}${handle}`;
        const scope: Scope = { place, chain, index, family, sets, chains, objects };
        return compileRule(rule, scope);
      });
      return compiled;
    },
  };
  return chain;
}

function baseChain(
  { name, body }: NftChain,
  chain: Chain,
  table: string,
  families: readonly (4 | 6)[],
  unknown: string[],
): BaseChain[] {
  const hook = HOOKS.find((one): one is Hook => one === body.hook);
  if (!hook) return [];
  const priority = integer(body.prio) ?? nftPriority(text(body.prio) ?? '', 'ip');
  if (priority === null) {
    unknown.push(
      `nft.json ${table} ${name}: the priority ${JSON.stringify(body.prio)} cannot be read: taken as 0`,
    );
  }
  const type = body.type === 'nat' || body.type === 'route' ? body.type : 'filter';
  const policy = body.policy === 'drop' ? 'drop' : 'accept';
  const base: BaseChain = { families, hook, priority: priority ?? 0, type, policy, chain };
  return [isDeviceHook(hook) ? { ...base, devices: devicesOf(body.dev) } : base];
}

/** The JSON of some versions (1.0.6 is Debian 12's) names no device. */
function devicesOf(dev: unknown): string[] {
  return (Array.isArray(dev) ? dev : [dev]).flatMap((name) => text(name) ?? []);
}

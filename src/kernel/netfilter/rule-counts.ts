import { list, record } from './nft/json.js';

/** How many packets each rule of a chain has counted, in order; null for one that does not count. */
export type RuleCounts = (table: string, chain: string) => readonly (number | null)[];

/**
 * The counts of nft's listing: it shows iptables-nft's rules as well, each with its counter, which iptables-save leaves
 * out.
 */
export function ruleCounts(nft: unknown, family: 4 | 6): RuleCounts {
  // Few chains of the many that there may be are ever asked for.
  let counts: ReadonlyMap<string, readonly (number | null)[]> | null = null;
  return (table, chain) => {
    counts ??= countsOf(nft, family);
    return counts.get(`${table}\n${chain}`) ?? [];
  };
}

function countsOf(nft: unknown, family: 4 | 6): ReadonlyMap<string, readonly (number | null)[]> {
  const counts = new Map<string, (number | null)[]>();
  const own = family === 4 ? 'ip' : 'ip6';
  for (const object of list(record(nft)?.nftables)) {
    const rule = record(record(object)?.rule);
    if (!rule || rule.family !== own) continue;
    const key = `${rule.table}\n${rule.chain}`;
    const count = countOf(list(rule.expr));
    const chain = counts.get(key);
    if (chain) chain.push(count);
    else counts.set(key, [count]);
  }
  return counts;
}

/** What the counter of a rule stands at, of its own and not one that several share. */
export function countOf(expressions: readonly unknown[]): number | null {
  for (const expression of expressions) {
    const packets = record(record(expression)?.counter)?.packets;
    if (typeof packets === 'number') return packets;
  }
  return null;
}

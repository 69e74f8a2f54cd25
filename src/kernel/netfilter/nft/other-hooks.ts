/** Chains that IP packets pass, too, and that are not followed: those of bridges. */

import { kindOf, list, record, text } from './json.js';
import type { NftTable } from './listing.js';

/** What may come between an IP packet and its way. */
const DECIDING = new Set([
  'drop',
  'reject',
  'queue',
  'fwd',
  'dnat',
  'snat',
  'redirect',
  'mangle',
  'vmap',
  'xt',
  'unread',
]);

/** A line for each base chain that is left out and might decide. */
export function leftOut(table: NftTable): string[] {
  if (table.family !== 'bridge' || table.dormant) return [];
  return [...table.chains.values()].flatMap(({ name, body }) => {
    const hook = text(body.hook);
    if (hook === null) return [];
    if (body.policy !== 'drop' && !mayDecide(table, name, new Set())) return [];
    const place = `nft.json bridge ${table.name} ${name}`;
    return [`${place}: rules of the bridge ${hook} hook are not modelled: taken as accepting`];
  });
}

function mayDecide(table: NftTable, name: string, seen: Set<string>): boolean {
  if (seen.has(name)) return false;
  seen.add(name);
  const chain = table.chains.get(name);
  return (chain?.rules ?? []).some(({ expr }) =>
    list(expr).some((statement) => {
      const [kind = '', body] = kindOf(statement) ?? [];
      if (DECIDING.has(kind)) return true;
      return (kind === 'jump' || kind === 'goto') && mayDecide(table, text(record(body)?.target) ?? '', seen);
    }),
  );
}

import type { Snapshot } from '../../model/snapshot.js';
import { Refusal } from './refusal.js';

const RESERVED = new Set(['main', 'local', 'default']);

/** The tables that a snapshot names by a name of the node's own rt_tables. */
export function namedTables({ routes4, routes6, rules4, rules6 }: Snapshot): string[] {
  const tables = [...(routes4 ?? []), ...(routes6 ?? []), ...(rules4 ?? []), ...(rules6 ?? [])].map(
    (entry) => entry.table,
  );
  const names = tables.filter(
    (table): table is string => table !== null && !/^\d+$/.test(table) && !RESERVED.has(table),
  );
  return [...new Set(names)];
}

/**
 * Which number a name stands for is in the node's rt_tables, which no snapshot has: only a name that its routes or
 * rules use is known.
 *
 * @throws Refusal
 */
export function requireTable(snapshot: Snapshot, table: string | null): void {
  if (table === null || /^\d+$/.test(table) || RESERVED.has(table)) return;
  const known = namedTables(snapshot);
  if (known.includes(table)) return;
  const names = known.length > 0 ? `, or one of ${known.join(', ')}` : '';
  throw new Refusal(
    `"${table}" is not a valid table ID`,
    `no route or rule of the node names it: give the number${names}`,
  );
}

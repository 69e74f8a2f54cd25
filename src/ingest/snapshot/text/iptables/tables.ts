/** Which tables the chains of a listing are of: neither `iptables -L` nor `-S` says. */

/** A line that names a chain. */
export interface Head {
  /** Of the text, from 0. */
  at: number;
  chain: string;
  /** Null for a chain that a user made. */
  policy: string | null;
  /** What a command that stands above says; null where none does. */
  table: string | null;
}

export interface Section {
  /** Null where it cannot be told. */
  table: string | null;
  heads: Head[];
}

/** In the order in which a table lists them. */
const BUILT_IN = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

/** The built-in chains of each table. `security` has those of `filter`, and is hardly ever in use. */
const TABLES: readonly [table: string, chains: string][] = [
  ['filter', 'INPUT FORWARD OUTPUT'],
  ['nat', 'PREROUTING INPUT OUTPUT POSTROUTING'],
  // Before Linux 2.6.36.
  ['nat', 'PREROUTING OUTPUT POSTROUTING'],
  ['mangle', 'PREROUTING INPUT FORWARD OUTPUT POSTROUTING'],
  ['raw', 'PREROUTING OUTPUT'],
];

/** Those that decide on packets, for what is said of tables that are missing. */
export const DECIDING = ['filter', 'nat', 'mangle', 'raw'];

/** The tables, as the chains come: each has its built-in chains first, in the order in which a packet comes to them. */
export function sectionsOf(heads: readonly Head[]): Section[] {
  const groups: Head[][] = [];
  let last: Head | null = null;
  for (const head of heads) {
    if (last === null || begins(head, last)) groups.push([]);
    groups.at(-1)!.push(head);
    last = head;
  }
  return groups.map((group) => ({ table: group[0]!.table ?? tableOf(group), heads: group }));
}

function begins(head: Head, last: Head): boolean {
  if (head.table !== last.table) return true;
  if (head.policy === null) return false;
  return last.policy === null || BUILT_IN.indexOf(head.chain) <= BUILT_IN.indexOf(last.chain);
}

function tableOf(heads: readonly Head[]): string | null {
  const chains = heads.filter(({ policy }) => policy !== null).map(({ chain }) => chain);
  return TABLES.find(([, own]) => own === chains.join(' '))?.[0] ?? null;
}

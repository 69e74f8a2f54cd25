import { type JsonObject, kindOf, list, record, text } from './json.js';
import { NamedSet } from './scope.js';

/** What `nft -j list ruleset` says, sorted by table. */
export interface NftTable {
  family: string;
  name: string;
  /** Its chains hang in no hook. */
  dormant: boolean;
  chains: Map<string, NftChain>;
  sets: Map<string, NamedSet>;
  /** Bodies of `limit` and `quota` objects: `limit l1`. */
  objects: Map<string, unknown>;
}

export interface NftChain {
  name: string;
  body: JsonObject;
  rules: JsonObject[];
}

/** @param unknown gets a line for each part that cannot be read */
export function readListing(ruleset: unknown, unknown: string[]): NftTable[] {
  if (ruleset === null || ruleset === undefined) return [];
  const objects = record(ruleset)?.nftables;
  if (!Array.isArray(objects)) {
    unknown.push('nft.json: not the output of nft -j list ruleset: its rules are not known');
    return [];
  }
  const tables = new Map<string, NftTable>();
  for (const [i, object] of objects.entries()) {
    const [kind, body] = kindOf(object) ?? [];
    const fields = record(body);
    if (kind === 'metainfo') continue;
    if (kind === 'unread' && typeof body === 'string') {
      unknown.push(`nft.json: "${body}" cannot be read: taken as not there`);
      continue;
    }
    if (kind === undefined || !fields || !add(tables, kind, fields)) {
      unknown.push(`nft.json: part ${i + 1} of the listing cannot be read: taken as not there`);
    }
  }
  markChanging(tables.values());
  return [...tables.values()];
}

/** @returns false where it lacks what it needs */
function add(tables: Map<string, NftTable>, kind: string, body: JsonObject): boolean {
  const family = text(body.family);
  const tableName = text(kind === 'table' ? body.name : body.table);
  const name = text(body.name);
  if (family === null || tableName === null) return false;
  const table = tableOf(tables, family, tableName);
  switch (kind) {
    case 'table':
      // Version 1.0.6 and its neighbours print flags by their first letter.
      table.dormant = list(body.flags).some((flag) => flag === 'dormant' || flag === 'd');
      return true;
    case 'chain':
      if (name === null) return false;
      chainOf(table, name).body = body;
      return true;
    case 'rule': {
      const chain = text(body.chain);
      if (chain === null || !Array.isArray(body.expr)) return false;
      chainOf(table, chain).rules.push(body);
      return true;
    }
    case 'set':
    case 'map':
    case 'meter':
      if (name === null) return false;
      table.sets.set(name, new NamedSet(name, body.elem, list(body.flags)));
      return true;
    case 'limit':
    case 'quota':
      table.objects.set(`${kind} ${name}`, body);
      return true;
    default:
      // Counters, helpers, flowtables and what else decides on no packet.
      return true;
  }
}

function tableOf(tables: Map<string, NftTable>, family: string, name: string): NftTable {
  const key = `${family} ${name}`;
  let table = tables.get(key);
  if (!table) {
    table = { family, name, dormant: false, chains: new Map(), sets: new Map(), objects: new Map() };
    tables.set(key, table);
  }
  return table;
}

function chainOf(table: NftTable, name: string): NftChain {
  let chain = table.chains.get(name);
  if (!chain) {
    chain = { name, body: {}, rules: [] };
    table.chains.set(name, chain);
  }
  return chain;
}

/** Older versions do not print `dynamic`: a set that a rule adds to changes as well. */
function markChanging(tables: Iterable<NftTable>): void {
  for (const { chains, sets } of tables) {
    for (const { rules } of chains.values()) {
      for (const { expr } of rules) {
        for (const statement of list(expr)) {
          const [kind, body] = kindOf(statement) ?? [];
          if (kind !== 'set' && kind !== 'map') continue;
          const fields = record(body);
          const set = sets.get((text(fields?.[kind]) ?? '').replace(/^@/, ''));
          if (set) set.changing = true;
        }
      }
    }
  }
}

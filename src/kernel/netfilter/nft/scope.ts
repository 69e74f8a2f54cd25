import type { Chain, FilterNode } from '../rule-set.js';
import { type Element, ElementTable, parseKey } from './elements.js';
import { kindOf, list, record, text } from './json.js';
import type { DataType } from './types.js';

/** What a table's rules may name, and where the rule that is being compiled stands. */
export interface Scope {
  /** `nft.json ip filter input handle 12` */
  place: string;
  /** The chain that the rule stands in, and how many stand before it. */
  chain: Chain;
  index: number;
  /** `ip`, `ip6` or `inet` */
  family: string;
  sets: ReadonlyMap<string, NamedSet>;
  chains: ReadonlyMap<string, Chain>;
  /** Bodies of `limit` and `quota` objects: `limit l1`. */
  objects: ReadonlyMap<string, unknown>;
}

export function doubt(scope: Scope, node: FilterNode, what: string): void {
  node.doubt(`${scope.place}: ${what}`);
}

/** A set or map with a name, whose elements are read in the way that each of its uses has them. */
export class NamedSet {
  readonly name: string;
  /** Whether packets put elements in (`flags dynamic`, or a rule that does so): its content changes. */
  changing: boolean;
  /** Whether elements may go by themselves (`flags timeout`). */
  readonly expires: boolean;
  readonly elements: unknown;
  private readonly tables = new Map<string, ElementTable<unknown>>();

  /** @param flags in nft's words */
  constructor(name: string, elements: unknown, flags: readonly unknown[]) {
    this.name = name;
    this.elements = elements;
    this.changing = flags.includes('dynamic');
    this.expires = flags.includes('timeout');
  }

  /** @param use names what `make` makes of the elements, which is then done once */
  table<T>(use: string, make: () => ElementTable<T>): ElementTable<T> {
    let table = this.tables.get(use) as ElementTable<T> | undefined;
    if (!table) {
      table = make();
      this.tables.set(use, table);
    }
    return table;
  }
}

export interface FoundElements<T> {
  table: ElementTable<T>;
  /** Null for an anonymous set. */
  set: NamedSet | null;
}

/**
 * The elements of `"@name"` or `{"set": […]}`; a map's are pairs.
 *
 * @param use names the kind of data, for maps that several rules use
 * @param parseData null for sets; gives null for data that cannot be read
 * @returns null where there is no such set, or where the value names none
 */
export function findElements<T>(
  value: unknown,
  types: readonly DataType[],
  scope: Scope,
  use: string,
  parseData: (data: unknown) => T | null,
): FoundElements<T> | null {
  const name = text(value);
  if (name?.startsWith('@')) {
    const set = scope.sets.get(name.slice(1));
    if (!set) return null;
    const key = `${use} ${types.map((type) => type.name).join(' ')}`;
    return { set, table: set.table(key, () => readElements(set.elements, types, use, parseData)) };
  }
  const body = record(value);
  if (!body || !('set' in body)) return null;
  return { set: null, table: readElements(body.set, types, use, parseData) };
}

/** What is assumed of elements that packets put in, or that go by themselves; null where none do. */
export function assumption({ set }: FoundElements<unknown>): string | null {
  if (set?.changing) return `the elements of ${set.name} change with traffic: taken as listed`;
  return set?.expires
    ? `the elements of ${set.name} go by themselves after some time: taken as listed`
    : null;
}

export const UNREAD = 'an element that it is looked up in cannot be read';

/** The `use` of elements that are no pairs. */
export const MEMBERS = 'members';

function readElements<T>(
  elements: unknown,
  types: readonly DataType[],
  use: string,
  parseData: (data: unknown) => T | null,
): ElementTable<T> {
  const read: Element<T>[] = [];
  let unread = 0;
  for (const element of list(elements)) {
    const [key, data] = use === MEMBERS ? [element, true] : pair(element);
    const patterns = parseKey(key, types);
    const parsed = patterns && parseData(data);
    if (patterns && parsed !== null) read.push({ patterns, data: parsed as T });
    else unread++;
  }
  return new ElementTable(read, unread);
}

/** `[key, data]`; where the data has a timeout or comment, some versions wrap both: `{"elem": {"val": [key, data]}}`. */
function pair(element: unknown): readonly unknown[] {
  const kind = kindOf(element);
  const members = kind?.[0] === 'elem' ? record(kind[1])?.val : element;
  return Array.isArray(members) ? members : [null, null];
}

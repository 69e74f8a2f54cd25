import type { NextHop, Route } from '../model/snapshot.js';
import type { Doubts } from './doubts.js';
import type { Flow } from './flow.js';
import { contains, type Prefix, prefixKey, toPrefix } from './prefix.js';
import { tableName } from './table-name.js';
import type { Hop, LookupError } from './verdict.js';

/** What a table says of a destination. */
export type TableAnswer =
  | { kind: 'none' }
  | { kind: 'throw' }
  | { kind: 'error'; error: LookupError; route: Route; prefixLength: number }
  | RouteAnswer;

interface RouteAnswer {
  kind: 'route';
  route: Route;
  prefixLength: number;
  hops: Hop[];
}

export interface FibEntry {
  route: Route;
  prefix: Prefix;
  from: Prefix | null;
  /** Position of the route's table in a merged trie: `local` before `main`. */
  tableOrder: number;
}

/** What the state of the node makes of a next hop. */
export interface HopState {
  /** Whether it may be taken: not dead, and its link not down where that counts. */
  isAlive(hop: NextHop, doubts: Doubts): boolean;
  /**
   * Whether a host, which forwards nothing, takes it at first sight: not where its gateway did not answer to
   * neighbour discovery (RFC 4191 section 3.2). Null where that makes no difference to any hop.
   */
  isReachable?: ((hop: NextHop) => boolean) | null;
  /** The gateway that packets are really handed to; null where they go to the destination on the link. */
  gateway(hop: NextHop): string | null;
}

const NONE: TableAnswer = { kind: 'none' };
const THROW: TableAnswer = { kind: 'throw' };

/** fib_props[].error of fib_semantics.c, and ip6_rt_type_to_error(). */
const ERRORS: ReadonlyMap<string, LookupError> = new Map([
  ['blackhole', 'blackhole'],
  ['unreachable', 'unreachable'],
  ['prohibit', 'prohibit'],
  ['nat', 'blackhole'],
]);

/** A routing table: for each prefix length, longest first, the routes by prefix. */
export class Table {
  private readonly levels: { length: number; entries: Map<number | string, FibEntry[]> }[] = [];
  private readonly hops: HopState;

  constructor(entries: readonly FibEntry[], hops: HopState) {
    this.hops = hops;
    const byLength = new Map<number, Map<number | string, FibEntry[]>>();
    for (const entry of entries) {
      const level = byLength.get(entry.prefix.length) ?? new Map<number | string, FibEntry[]>();
      byLength.set(entry.prefix.length, level);
      const key = prefixKey(entry.prefix.words, entry.prefix.length);
      append(level, key, entry);
    }
    for (const length of [...byLength.keys()].sort((a, b) => b - a)) {
      const level = byLength.get(length)!;
      for (const list of level.values()) list.sort(precedence);
      this.levels.push({ length, entries: level });
    }
  }

  /** fib_table_lookup(), with `flow.oif` narrowing the next hops. */
  lookup4(flow: Flow, doubts: Doubts): TableAnswer {
    for (const { length, entries } of this.levels) {
      for (const entry of entries.get(prefixKey(flow.destination.words, length)) ?? []) {
        const { route } = entry;
        if (route.tos !== 0 && !tosMatches(route, flow, doubts)) continue;
        const answer = this.answer(entry, flow.oif, doubts);
        if (answer) return answer;
      }
    }
    return NONE;
  }

  /**
   * fib6_table_lookup(): where the routers that answer lead nowhere, those that do not are tried as well.
   *
   * @param strictInterface the only device to go by; null where any may be taken
   */
  lookup6(flow: Flow, strictInterface: string | null, doubts: Doubts): TableAnswer {
    if (this.hops.isReachable) {
      const answer = this.search6(flow, strictInterface, this.hops.isReachable, doubts);
      if (answer.kind !== 'none') return answer;
    }
    return this.search6(flow, strictInterface, null, doubts);
  }

  private search6(
    flow: Flow,
    strictInterface: string | null,
    isReachable: HopState['isReachable'],
    doubts: Doubts,
  ): TableAnswer {
    let backtracks = false;
    for (const { length, entries } of this.levels) {
      const list = entries.get(prefixKey(flow.destination.words, length));
      if (!list) continue;
      for (const group of visible6(list, flow, backtracks || length === 0)) {
        backtracks = true;
        const answer = this.best6(group, preferredDevice(flow), strictInterface, isReachable, doubts);
        if (answer) return answer;
      }
    }
    return NONE;
  }

  /** All routes of the table with this prefix length, in the order that they are tried. */
  *entriesOf(length: number): Generator<FibEntry> {
    for (const level of this.levels) {
      if (level.length !== length) continue;
      for (const list of level.entries.values()) yield* list;
    }
  }

  /** find_rr_leaf(): of the routes of the smallest metric that can be used, the first of the highest score. */
  private best6(
    group: readonly FibEntry[],
    device: string | null,
    strictInterface: string | null,
    isReachable: HopState['isReachable'],
    doubts: Doubts,
  ): TableAnswer | null {
    let best: { metric: number; score: number; answer: TableAnswer } | null = null;
    for (const entry of group) {
      const { route } = entry;
      if (best && route.metric > best.metric) break;
      if (isReachable && route.nextHops.length > 0 && !route.nextHops.some(isReachable)) continue;
      const answer = this.answer(entry, strictInterface, doubts);
      if (!answer) continue;
      const score = score6(route, answer, device);
      if (!best || score > best.score) best = { metric: route.metric, score, answer };
    }
    return best?.answer ?? null;
  }

  /** Null where the route cannot be used, and the next one is tried. */
  private answer(entry: FibEntry, device: string | null, doubts: Doubts): TableAnswer | null {
    const { route } = entry;
    // IPv6 hangs its error routes on `lo`, so that none is found where another device is asked for.
    const isError = route.type === 'throw' || ERRORS.has(route.type);
    // One by a next hop object is taken before devices are looked at (__find_rr_leaf()).
    const onLoopback = isError && route.family === 6 && route.nextHopId === undefined;
    if (onLoopback && device !== null && device !== 'lo') return null;
    if (route.type === 'throw') return THROW;
    const prefixLength = entry.prefix.length;
    const error = ERRORS.get(route.type);
    if (error) return { kind: 'error', error, route, prefixLength };
    const hops: Hop[] = [];
    for (const hop of route.nextHops) {
      if (device !== null && hop.interface !== device) continue;
      if (!this.hops.isAlive(hop, doubts)) continue;
      hops.push({ dev: hop.interface ?? '', via: this.hops.gateway(hop) });
      // fib_select_path() leaves the first one that goes by the asked-for device, fib6_select_path() takes any.
      if (device !== null && route.family === 4) break;
    }
    return hops.length === 0 ? null : { kind: 'route', route, prefixLength, hops };
  }
}

/** ip6_pol_route_input() asks for the device that the packet came in by, as if it were to leave there. */
function preferredDevice({ oif, iif }: Flow): string | null {
  return oif ?? (iif === 'lo' ? null : iif);
}

/** rt6_score_route(): router preference (RFC 4191) before the device that is asked for. */
function score6(route: Route, answer: TableAnswer, device: string | null): number {
  const preference = { low: 1, high: 3 }[route.preference ?? ''] ?? 2;
  const fits = answer.kind === 'route' && answer.hops.some((hop) => hop.dev === device);
  return preference * 4 + (device === null || fits ? 2 : 0);
}

function append<K>(lists: Map<K, FibEntry[]>, key: K, entry: FibEntry): void {
  const list = lists.get(key);
  if (list) list.push(entry);
  else lists.set(key, [entry]);
}

/** fib_insert_alias(): merged tables by table, then higher TOS first, then the metric, then the file's order. */
function precedence(a: FibEntry, b: FibEntry): number {
  return a.tableOrder - b.tableOrder || b.route.tos - a.route.tos || a.route.metric - b.route.metric;
}

function tosMatches(route: Route, flow: Flow, doubts: Doubts): boolean {
  if (flow.tos !== null) return route.tos === flow.tos;
  doubts.add(`a route to ${route.destination} asks for a TOS, which is not known: taken as 0`);
  return false;
}

/**
 * The routes of one destination in the order that they are tried, in groups of equal rank.
 *
 * fib6_node_lookup_1(): source-specific routes are searched first, and hide the plain ones beside them from other
 * sources. They do not at ::/0, the tree's root, nor where fib6_backtrack() comes from a longer prefix, none of
 * whose routes can be used.
 */
function visible6(list: readonly FibEntry[], flow: Flow, plainToo: boolean): FibEntry[][] {
  const plain = list.filter((entry) => !entry.from);
  if (plain.length === list.length) return [plain];
  const groups: FibEntry[][] = [];
  const matching = list
    .filter((entry) => entry.from && flow.source && contains(entry.from, flow.source))
    .sort((a, b) => b.from!.length - a.from!.length || precedence(a, b));
  for (const entry of matching) {
    const last = groups.at(-1);
    if (last && last[0]!.from!.length === entry.from!.length) last.push(entry);
    else groups.push([entry]);
  }
  return groups.length > 0 || plainToo ? [...groups, plain] : [];
}

/** The tables of one family. */
export class Fib {
  private readonly tables = new Map<string, Table>();
  /** `local` and `main` as the one trie that they are under the default rules. */
  readonly merged: Table;
  /** fib_has_custom_local_routes: a `local` route that the kernel did not make itself. */
  readonly hasCustomLocalRoutes: boolean;

  constructor(routes: readonly Route[], hops: HopState) {
    const byTable = new Map<string, FibEntry[]>();
    for (const route of routes) {
      const name = tableName(route.table);
      const entry = {
        route,
        prefix: toPrefix(route.destination),
        from: route.from === null ? null : toPrefix(route.from),
        tableOrder: name === 'local' ? 0 : 1,
      };
      append(byTable, name, entry);
    }
    for (const [name, entries] of byTable) this.tables.set(name, new Table(entries, hops));
    this.merged = new Table([...(byTable.get('local') ?? []), ...(byTable.get('main') ?? [])], hops);
    this.hasCustomLocalRoutes = routes.some((r) => r.type === 'local' && r.protocol !== 'kernel');
  }

  table(name: string): Table | null {
    return this.tables.get(tableName(name)) ?? null;
  }
}

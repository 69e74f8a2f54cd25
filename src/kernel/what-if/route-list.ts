import type { NextHop, Route } from '../../model/snapshot.js';
import { tableName } from '../table-name.js';

/** Whether two routes stand in one list of the kernel's: of one table, destination and source. */
function isBeside(a: Route, b: Pick<Route, 'table' | 'destination' | 'from'>): boolean {
  return a.destination === b.destination && a.from === b.from && tableName(a.table) === tableName(b.table);
}

/** The routes beside this one, in the order that they are tried. */
export function beside(
  routes: readonly Route[],
  route: Pick<Route, 'table' | 'destination' | 'from'>,
): Route[] {
  return routes.filter((other) => isBeside(other, route));
}

/** The routes with one before another of them; behind those beside it, or of its table, where that is null. */
export function insertBefore(routes: readonly Route[], route: Route, before: Route | null): Route[] {
  if (before) return routes.flatMap((other) => (other === before ? [route, other] : [other]));
  let at = routes.findLastIndex((other) => isBeside(other, route));
  if (at < 0) at = routes.findLastIndex((other) => tableName(other.table) === tableName(route.table));
  if (at < 0) at = routes.length - 1;
  return [...routes.slice(0, at + 1), route, ...routes.slice(at + 1)];
}

/** The routes with one in another's place. */
export function replaceRoute(routes: readonly Route[], old: Route, by: Route): Route[] {
  return routes.map((other) => (other === old ? by : other));
}

export function withoutRoute(routes: readonly Route[], route: Route): Route[] {
  return routes.filter((other) => other !== route);
}

/** A route with its next hops' flags changed; one with a single hop carries them itself, as `ip` prints it. */
export function withHops(route: Route, nextHops: NextHop[]): Route {
  const flags = nextHops.length === 1 ? nextHops[0]!.flags : route.flags;
  return { ...route, nextHops, flags };
}

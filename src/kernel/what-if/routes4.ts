import type { NextHop, Route, Snapshot } from '../../model/snapshot.js';
import type { HopRequest, RouteRequest, RouteVerb } from './change.js';
import { Devices } from './devices.js';
import { addressType4 } from './lookup4.js';
import { networkOf } from './network.js';
import { checkNextHop4 } from './next-hop4.js';
import { Refusal } from './refusal.js';
import { beside, insertBefore, replaceRoute, withoutRoute } from './route-list.js';
import { SCOPES, scopeNumber } from './values.js';

/** fib_props[] of fib_semantics.c: those that are an answer in themselves have no next hop. */
export const ERROR_TYPES = new Set(['blackhole', 'unreachable', 'prohibit', 'throw']);
/** The widest scope that a route of the type may have. */
const TYPE_SCOPES: Readonly<Record<string, string>> = {
  local: 'host',
  broadcast: 'link',
  anycast: 'link',
  nat: 'nowhere',
};

/** inet_rtm_newroute(). @throws Refusal */
export function addRoute4(snapshot: Snapshot, request: RouteRequest, verb: RouteVerb): Route[] {
  const route = createRoute(snapshot, request);
  return insertAlias(snapshot.routes4 ?? [], route, verb);
}

/** fib_create_info(). @throws Refusal */
function createRoute(snapshot: Snapshot, request: RouteRequest): Route {
  const { destination, prefsrc, hop } = request;
  const type = request.type ?? 'unicast';
  const table = request.table ?? 'main';
  checkPrefix(request);
  const devices = new Devices(snapshot);
  for (const { interface: name } of [hop, ...request.nextHops]) if (name !== null) devices.require(name);
  const scope = scopeNumber(request.scope!);
  if (scopeNumber(TYPE_SCOPES[type] ?? 'global') > scope) {
    throw new Refusal('Invalid scope', `a ${type} route is of scope ${TYPE_SCOPES[type]}`);
  }
  const nextHops = nextHopsOf(snapshot, request, type, scope, table);
  const isError = ERROR_TYPES.has(type);
  if (!isError && prefsrc !== null && prefsrc !== '0.0.0.0') checkPrefsrc(snapshot, request, type);
  const linkdown = nextHops.length > 1 && nextHops.every((next) => next.flags.includes('linkdown'));
  return {
    family: 4,
    type,
    destination,
    from: null,
    table,
    protocol: printedProtocol(request.protocol),
    scope: request.scope!,
    metric: request.metric ?? 0,
    tos: request.tos,
    prefsrc: prefsrc === '0.0.0.0' ? null : prefsrc,
    nextHops,
    flags: nextHops.length === 1 ? nextHops[0]!.flags : linkdown ? ['linkdown'] : [],
  };
}

/** `ip` does not print the protocol of what is added by hand. */
export function printedProtocol(protocol: string | null): string | null {
  return protocol === 'boot' ? null : protocol;
}

function checkPrefix({ destination, tos }: RouteRequest): void {
  if (tos & 3) throw new Refusal('Invalid dsfield (tos): ECN bits must be 0', 'clear the lowest two bits');
  const [address = '', length = ''] = destination.split('/');
  const network = networkOf(address, Number(length));
  if (network !== destination) {
    throw new Refusal('Invalid prefix for given prefix length', `write ${network}, or ${address}/32`);
  }
}

function nextHopsOf(
  snapshot: Snapshot,
  request: RouteRequest,
  type: string,
  scope: number,
  table: string,
): NextHop[] {
  const { hop } = request;
  const several = request.nextHops.length > 0;
  if (ERROR_TYPES.has(type)) {
    if (several || hop.gateway !== null || hop.interface !== null) {
      const words = 'Gateway, device and multipath can not be specified for this route type';
      throw new Refusal(words, `a ${type} route has none`);
    }
    return [];
  }
  if (type === 'nat') throw new Refusal('Invalid route type', 'the kernel has no such routes any more');
  if (scope > SCOPES.get('host')!) throw new Refusal('Invalid scope', 'use global, link or host');
  const hops: HopRequest[] = several ? request.nextHops : [hop];
  if (scope !== SCOPES.get('host')) {
    const made = hops.map((next) => checkNextHop4(snapshot, next, table, scope));
    // Of a single one the weight is not told.
    return made.length === 1 ? [{ ...made[0]!, weight: 1 }] : made;
  }
  const only = hops[0]!;
  if (hops.length > 1) {
    throw new Refusal('Route with host scope can not have multiple nexthops', 'give one device with `dev`');
  }
  if (only.gateway !== null && only.gateway !== '0.0.0.0') {
    throw new Refusal('Route with host scope can not have a gateway', 'give a device with `dev`');
  }
  if (only.interface === null) throw new Refusal('No such device', 'give the device with `dev`');
  // A host route's link is not looked at.
  return [{ gateway: null, interface: only.interface, weight: 1, flags: only.onlink ? ['onlink'] : [] }];
}

/** fib_valid_prefsrc() */
function checkPrefsrc(snapshot: Snapshot, { prefsrc, destination }: RouteRequest, type: string): void {
  const address = prefsrc!;
  if (type === 'local' && destination.split('/')[0] === address) return;
  if (addressType4(snapshot, address) === 'local') return;
  throw new Refusal('Invalid prefsrc address', `${address} is no address of the node's`);
}

/** fib_table_insert(): where a route goes among those of its destination. @throws Refusal */
export function insertAlias(routes: readonly Route[], route: Route, verb: RouteVerb): Route[] {
  const list = beside(routes, route);
  const isEqual = (other: Route) => other.tos === route.tos && other.metric === route.metric;
  const first = list.find(
    (other) => other.tos <= route.tos && (other.metric >= route.metric || other.tos < route.tos),
  );
  const creates = verb !== 'change';
  if (!first || !isEqual(first)) {
    if (!creates) throw new Refusal('No such file or directory', nothingThere(route));
    return insertBefore(routes, route, first ?? null);
  }
  if (verb === 'add')
    throw new Refusal('File exists', `${describe(first)} is there; use replace, append or another metric`);
  const equals = list.slice(list.indexOf(first));
  const run = equals.slice(0, endOf(equals, isEqual));
  const same = run.find((other) => isSameInfo(other, route));
  if (verb === 'replace' || verb === 'change') {
    if (same && same !== first) throw new Refusal('File exists', `${describe(same)} is there`);
    return same ? [...routes] : replaceRoute(routes, first, route);
  }
  if (same) throw new Refusal('File exists', `${describe(same)} is there, the same`);
  // Appended: before what follows the equal ones.
  return insertBefore(routes, route, verb === 'append' ? (equals[run.length] ?? null) : first);
}

function endOf(list: readonly Route[], isEqual: (route: Route) => boolean): number {
  const end = list.findIndex((route) => !isEqual(route));
  return end < 0 ? list.length : end;
}

export function nothingThere({ destination, table }: { destination: string; table: string | null }): string {
  return `there is no such route to ${destination} in table ${table ?? 'main'}`;
}

export function describe(route: Route): string {
  const hops = route.nextHops.map(({ gateway, interface: name }) =>
    gateway === null ? `dev ${name}` : `via ${gateway} dev ${name}`,
  );
  const type = route.type === 'unicast' ? '' : `${route.type} `;
  return [`${type}${route.destination}`, ...hops].join(' ');
}

/** fib_find_info(): the kernel keeps one fib_info for routes that are the same in all this. */
function isSameInfo(a: Route, b: Route): boolean {
  return (
    a.nextHopId === b.nextHopId &&
    a.type === b.type &&
    (a.protocol ?? 'boot') === (b.protocol ?? 'boot') &&
    a.scope === b.scope &&
    a.prefsrc === b.prefsrc &&
    a.nextHops.length === b.nextHops.length &&
    a.nextHops.every((hop, i) => {
      const other = b.nextHops[i]!;
      return (
        hop.gateway === other.gateway &&
        hop.interface === other.interface &&
        hop.weight === other.weight &&
        hop.flags.includes('onlink') === other.flags.includes('onlink')
      );
    })
  );
}

/** inet_rtm_delroute(), fib_table_delete(). @throws Refusal */
export function deleteRoute4(snapshot: Snapshot, request: RouteRequest): Route[] {
  checkPrefix(request);
  const devices = new Devices(snapshot);
  for (const { interface: name } of [request.hop, ...request.nextHops])
    if (name !== null) devices.require(name);
  const { destination, type, scope, prefsrc, protocol, tos } = request;
  const routes = snapshot.routes4 ?? [];
  const found = beside(routes, { destination, from: null, table: request.table ?? 'main' }).find(
    (route) =>
      route.tos === tos &&
      (type === null || route.type === type) &&
      (scope === null || scope === 'nowhere' || route.scope === scope) &&
      (prefsrc === null || route.prefsrc === prefsrc) &&
      (protocol === null || protocol === 'unspec' || (route.protocol ?? 'boot') === protocol) &&
      hopsMatch(route, request),
  );
  if (!found) throw new Refusal('No such process', nothingThere(request));
  return withoutRoute(routes, found);
}

/** fib_nh_match() */
function hopsMatch(route: Route, { metric, hop, nextHops }: RouteRequest): boolean {
  if (metric !== null && metric !== 0 && route.metric !== metric) return false;
  const told = hop.interface !== null || hop.gateway !== null;
  if (route.nextHopId !== undefined) return !told && nextHops.length === 0;
  if (told) return hopMatches(route.nextHops[0], hop);
  if (nextHops.length === 0) return true;
  // A route without a way, as unreachable, has one next hop that is empty.
  const own = route.nextHops.length > 0 ? route.nextHops : [undefined];
  return nextHops.length >= own.length && own.every((next, i) => hopMatches(next, nextHops[i]!));
}

function hopMatches(hop: NextHop | undefined, wanted: HopRequest): boolean {
  return (
    (wanted.interface === null || hop?.interface === wanted.interface) &&
    (wanted.gateway === null || hop?.gateway === wanted.gateway)
  );
}

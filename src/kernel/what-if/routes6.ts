import type { NextHop, Route, Snapshot } from '../../model/snapshot.js';
import type { HopRequest, RouteRequest, RouteVerb } from './change.js';
import { Devices } from './devices.js';
import { networkOf } from './network.js';
import { checkDevice6, checkGateway6, holdsAddress6 } from './next-hop6.js';
import { Refusal } from './refusal.js';
import { beside, insertBefore, replaceRoute, withHops, withoutRoute } from './route-list.js';
import { describe, ERROR_TYPES, nothingThere, printedProtocol } from './routes4.js';

/** IP6_RT_PRIO_USER */
const DEFAULT_METRIC = 1024;

/** inet6_rtm_newroute(). @throws Refusal */
export function addRoute6(snapshot: Snapshot, request: RouteRequest, verb: RouteVerb): Route[] {
  const devices = new Devices(snapshot);
  const hops = request.nextHops.length > 0 ? request.nextHops : [request.hop];
  for (const { interface: name } of hops) if (name !== null) devices.require(name);
  if (request.tos !== 0) {
    throw new Refusal('Invalid dsfield (tos): option not available for IPv6', 'leave `tos` out');
  }
  if (request.nextHops.some((hop) => hop.gateway === null)) {
    const words = 'Device only routes can not be added for IPv6 using the multipath API';
    throw new Refusal(words, 'give each nexthop a gateway with `via`, or add one route after the other');
  }
  const made = hops.map((hop) => createRoute(snapshot, request, hop));
  for (const [i, route] of made.entries()) {
    if (made.slice(0, i).some((other) => isSameHop(other.nextHops[0]!, route.nextHops[0]!))) {
      throw new Refusal('File exists', 'two of the next hops are the same');
    }
  }
  // ip6_route_multipath_add() adds one after the other: only the first may replace what is there, or collide.
  if (made.length === 1) made[0]!.nextHops[0]!.weight = 1;
  return made.reduce(
    (routes, route, i) => insertRoute6(routes, route, i === 0 ? verb : 'append'),
    snapshot.routes6 ?? [],
  );
}

/** ip6_route_info_create(), for one next hop. @throws Refusal */
function createRoute(snapshot: Snapshot, request: RouteRequest, hop: HopRequest): Route {
  const type = request.type ?? 'unicast';
  const nextHop = nextHopOf(snapshot, request, type, hop);
  const { prefsrc } = request;
  if (prefsrc !== null && prefsrc !== '::') checkPrefsrc(snapshot, prefsrc, nextHop.interface!);
  return {
    family: 6,
    type,
    destination: masked(request.destination),
    from: request.from === null ? null : masked(request.from),
    table: request.table ?? 'main',
    protocol: request.protocol === 'unspec' ? null : printedProtocol(request.protocol),
    scope: 'global',
    metric: request.metric || DEFAULT_METRIC,
    tos: 0,
    prefsrc: prefsrc === '::' ? null : prefsrc,
    preference: request.preference ?? 'medium',
    nextHops: [nextHop],
    flags: nextHop.flags,
  };
}

function masked(prefix: string): string {
  const [address = '', length = ''] = prefix.split('/');
  return networkOf(address, Number(length));
}

/** fib6_nh_init() */
function nextHopOf(snapshot: Snapshot, { table }: RouteRequest, type: string, hop: HopRequest): NextHop {
  const { gateway, onlink, weight } = hop;
  const devices = new Devices(snapshot);
  if (onlink && hop.interface === null) {
    throw new Refusal('Nexthop device required for onlink', 'give it with `dev`');
  }
  if (onlink && !devices.isUp(hop.interface!)) {
    throw new Refusal('Nexthop device is not up', `${hop.interface} is down`);
  }
  // "Reset the nexthop device to the loopback device in case of reject routes."
  if (ERROR_TYPES.has(type))
    return { gateway: null, interface: 'lo', weight: 1, flags: onlink ? ['onlink'] : [] };
  const device = gateway === null ? hop.interface : checkGateway6(snapshot, hop, table ?? 'main');
  checkDevice6(devices, device);
  const flags = type === 'local' ? (onlink ? ['onlink'] : []) : devices.hopFlags(6, device, onlink);
  return { gateway, interface: device, weight, flags };
}

/** ipv6_chk_addr(): an address of link scope has to be on the route's device. */
function checkPrefsrc(snapshot: Snapshot, prefsrc: string, device: string): void {
  const narrow = prefsrc.startsWith('fe80:') || prefsrc === '::1';
  const tentative = (snapshot.addresses ?? []).some(
    (a) => a.address === prefsrc && a.flags.includes('tentative'),
  );
  if (holdsAddress6(snapshot, prefsrc, narrow ? device : null) && !tentative) return;
  throw new Refusal(
    'Invalid source address',
    `${prefsrc} is no address of the node's${narrow ? ` on ${device}` : ''}`,
  );
}

/** rt6_qualify_for_ecmp(): what router advertisements made is never one way of several. */
function canShare(route: Route): boolean {
  const single = route.nextHopId === undefined && route.protocol !== 'ra';
  return single && route.nextHops.some((hop) => hop.gateway !== null);
}

function isSameHop(a: NextHop, b: NextHop): boolean {
  return a.interface === b.interface && a.gateway === b.gateway;
}

/** fib6_add_rt2node(): a route through a gateway joins those of its metric. @throws Refusal */
export function insertRoute6(routes: readonly Route[], route: Route, verb: RouteVerb): Route[] {
  const list = beside(routes, route);
  const equals = list.filter((other) => other.metric === route.metric);
  if (verb === 'add' && equals.length > 0) {
    throw new Refusal(
      'File exists',
      `${describe(equals[0]!)} is there; use replace, append or another metric`,
    );
  }
  if (verb === 'replace' || verb === 'change') {
    const old = equals.find((other) => canShare(other) === canShare(route)) ?? equals[0];
    if (old) return replaceRoute(routes, old, route);
    if (verb === 'change') throw new Refusal('No such file or directory', nothingThere(route));
  }
  const hop = route.nextHops[0]!;
  const same = equals.find((other) => other.nextHops.some((next) => isSameHop(next, hop)));
  if (same) throw new Refusal('File exists', `${describe(same)} is there`);
  const sibling = canShare(route) ? equals.find(canShare) : undefined;
  if (sibling) {
    return replaceRoute(routes, sibling, { ...sibling, flags: [], nextHops: [...sibling.nextHops, hop] });
  }
  return insertBefore(routes, route, list.find((other) => other.metric > route.metric) ?? null);
}

/** inet6_rtm_delroute(). @throws Refusal */
export function deleteRoute6(snapshot: Snapshot, request: RouteRequest): Route[] {
  const devices = new Devices(snapshot);
  const hops = request.nextHops.length > 0 ? request.nextHops : [request.hop];
  for (const { interface: name } of hops) if (name !== null) devices.require(name);
  if (request.tos !== 0) {
    throw new Refusal('Invalid dsfield (tos): option not available for IPv6', 'leave `tos` out');
  }
  return hops.reduce((routes, hop) => deleteHop(routes, request, hop), [...(snapshot.routes6 ?? [])]);
}

/** ip6_route_del(): with a gateway one next hop goes, without one the route with all of them. */
function deleteHop(routes: readonly Route[], request: RouteRequest, wanted: HopRequest): Route[] {
  const key = {
    destination: masked(request.destination),
    from: request.from === null ? null : masked(request.from),
    table: request.table ?? 'main',
  };
  const { metric, protocol } = request;
  for (const route of beside(routes, key)) {
    if (metric !== null && metric !== 0 && route.metric !== metric) continue;
    if (protocol !== null && protocol !== 'unspec' && (route.protocol ?? 'boot') !== protocol) continue;
    if (route.nextHopId !== undefined) return withoutRoute(routes, route);
    const hop = route.nextHops.find(
      (next) =>
        (wanted.interface === null || next.interface === wanted.interface) &&
        (wanted.gateway === null || next.gateway === wanted.gateway),
    );
    if (!hop) continue;
    if (wanted.gateway === null || route.nextHops.length === 1) return withoutRoute(routes, route);
    const left = withHops(
      route,
      route.nextHops.filter((next) => next !== hop),
    );
    return replaceRoute(routes, route, left);
  }
  throw new Refusal('No such process', nothingThere(request));
}

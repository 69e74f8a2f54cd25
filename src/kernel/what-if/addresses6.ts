/** inet6_rtm_newaddr() and inet6_rtm_deladdr() of net/ipv6/addrconf.c, when duplicate address detection is over. */
import type { InterfaceAddress, Route, Snapshot } from '../../model/snapshot.js';
import { isLinkLocal, isLoopback, isMulticast, isUnspecified, toAddress } from '../prefix.js';
import { joinAnycast, leaveAnycast } from './anycast.js';
import type { AddressRequest } from './change.js';
import { Devices } from './devices.js';
import { hasLocalTable, insertQuietly, kernelRoute } from './kernel-routes6.js';
import { inNetwork, networkOf } from './network.js';
import { notModelled, Refusal } from './refusal.js';
import { beside, withoutRoute } from './route-list.js';

/** IP6_RT_PRIO_ADDRCONF */
const PREFIX_METRIC = 256;

/** @throws Refusal */
export function addAddress6(snapshot: Snapshot, request: AddressRequest, replaces: boolean): Snapshot {
  const devices = new Devices(snapshot);
  const { interface: name, address, prefixLength, peer, flags } = request;
  const addresses = snapshot.addresses ?? [];
  const existing = addresses.find((own) => own.interface === name && own.address === address);
  if (existing) {
    if (replaces)
      throw notModelled('replacing an IPv6 address that is there', 'delete it first, and add it again');
    throw new Refusal('File exists', `${name} has ${address}; delete it first`);
  }
  checkAddress(devices, request);
  const settled = isSettled(devices, request);
  const own: InterfaceAddress = {
    interface: name,
    address,
    prefixLength,
    peer,
    broadcast: null,
    scope: scopeOf(address),
    flags: settled ? flags : ['tentative', ...flags],
  };
  const changed = { ...snapshot, addresses: insertAddress(addresses, own) };
  if (!snapshot.routes6) return changed;
  let routes = withMulticast(snapshot, devices, name);
  if (!flags.includes('noprefixroute')) {
    routes = prefixRoute(routes, devices, own, networkOf(address, prefixLength), request.metric);
  }
  if (!settled) return { ...changed, routes6: routes };
  if (hasLocalTable(snapshot)) {
    routes = insertQuietly(routes, kernelRoute('local', `${address}/128`, 'local', name, 0, []));
    if (devices.setting(6, name, 'forwarding', 0) !== 0) routes = joinAnycast(routes, own);
  }
  if (peer !== null) routes = prefixRoute(routes, devices, own, `${peer}/128`, request.metric);
  return { ...changed, routes6: routes };
}

/** ipv6_add_addr() */
function checkAddress(devices: Devices, { interface: name, address: text }: AddressRequest): void {
  const address = toAddress(text);
  const foreign = isLoopback(address) && !devices.isLoopback(name);
  if (isUnspecified(address) || isMulticast(address) || foreign) {
    throw new Refusal('Cannot assign requested address', `${text} can be no address of ${name}`);
  }
  if (devices.setting(6, name, 'disable_ipv6', 0) !== 0) {
    throw new Refusal('IPv6 is disabled on this device', `net.ipv6.conf.${name}.disable_ipv6 is 1`);
  }
}

/** addrconf_dad_begin(): whether the address can be used, as soon as it is found to be nobody else's. */
function isSettled(devices: Devices, { interface: name, flags }: AddressRequest): boolean {
  const detects = ['all', name].some((of) => devices.setting(6, of, 'accept_dad', of === 'all' ? 0 : 1) > 0);
  const noArp = devices.find(name)?.flags.includes('NOARP') ?? false;
  if (!detects || flags.includes('nodad') || noArp || devices.isLoopback(name)) return true;
  return devices.isUp(name) && devices.hasCarrier(name);
}

function scopeOf(text: string): string {
  const address = toAddress(text);
  if (isLoopback(address)) return 'host';
  if (isLinkLocal(address)) return 'link';
  return address.words[0]! >>> 22 === 0x3fb ? 'site' : 'global';
}

/** ipv6_link_dev_addr(): the wider scopes first, and in one the newest. */
function insertAddress(addresses: readonly InterfaceAddress[], own: InterfaceAddress): InterfaceAddress[] {
  const rank = (of: InterfaceAddress) => ({ global: 2, site: 1 })[of.scope] ?? 0;
  const isBefore = (other: InterfaceAddress) =>
    other.interface === own.interface && (!other.address.includes(':') || rank(other) > rank(own));
  let at = addresses.findLastIndex(isBefore) + 1;
  if (at === 0) {
    at = addresses.findIndex((other) => other.interface === own.interface);
    if (at < 0) at = addresses.length;
  }
  return [...addresses.slice(0, at), own, ...addresses.slice(at)];
}

/** addrconf_add_mroute(): of a device that had no carrier when it was set up. */
function withMulticast(snapshot: Snapshot, devices: Devices, name: string): Route[] {
  const routes = snapshot.routes6!;
  if (!hasLocalTable(snapshot) || !devices.isUp(name) || devices.isLoopback(name)) return routes;
  return insertQuietly(
    routes,
    kernelRoute('multicast', 'ff00::/8', 'local', name, PREFIX_METRIC, devices.hopFlags(6, name, false)),
  );
}

/** addrconf_prefix_route() */
function prefixRoute(
  routes: readonly Route[],
  devices: Devices,
  own: InterfaceAddress,
  destination: string,
  metric: number,
): Route[] {
  if (!devices.isUp(own.interface)) return [...routes];
  const flags = devices.hopFlags(6, own.interface, false);
  return insertQuietly(
    routes,
    kernelRoute('unicast', destination, 'main', own.interface, metric || PREFIX_METRIC, flags),
  );
}

/** @throws Refusal */
export function deleteAddress6(snapshot: Snapshot, request: AddressRequest): Snapshot {
  const { interface: name, address, prefixLength } = request;
  const addresses = snapshot.addresses ?? [];
  const mine = addresses.filter((own) => own.interface === name && own.address.includes(':'));
  const own = mine.find((other) => other.address === address && other.prefixLength === prefixLength);
  if (!own) {
    const has = mine.map((other) => `${other.address}/${other.prefixLength}`).join(', ');
    throw new Refusal('Cannot assign requested address', `${name} has ${has || 'no IPv6 address'}`);
  }
  const left = addresses.filter((other) => other !== own);
  const changed = { ...snapshot, addresses: left };
  if (!snapshot.routes6) return changed;
  let routes: Route[] = snapshot.routes6;
  routes = leaveAnycast(routes, own, left);
  if (own.peer !== null) routes = deleteFirst(routes, `${own.peer}/128`, 'main', name, true);
  routes = deleteFirst(routes, `${address}/128`, 'local', name, true);
  if (ownsPrefixRoute(own, left)) {
    routes = deleteFirst(routes, networkOf(address, prefixLength), 'main', name, false);
  }
  return { ...changed, routes6: routes.map((route) => withoutSource(route, own)) };
}

/** check_cleanup_prefix_route(): no other address of the interface is of the same network. */
function ownsPrefixRoute(own: InterfaceAddress, left: readonly InterfaceAddress[]): boolean {
  if (own.flags.includes('noprefixroute') || own.flags.includes('dynamic')) return false;
  return !left.some(
    (other) =>
      other.interface === own.interface &&
      other.address.includes(':') &&
      other.prefixLength === own.prefixLength &&
      inNetwork(own.address, own.prefixLength, other.address),
  );
}

/** addrconf_get_prefix_route(): the first by the device. */
function deleteFirst(
  routes: readonly Route[],
  destination: string,
  table: string,
  device: string,
  gatewayToo: boolean,
): Route[] {
  const found = beside(routes, { destination, from: null, table }).find(
    ({ type, nextHops: [hop] }) =>
      (table !== 'local' || type === 'local') &&
      hop?.interface === device &&
      (gatewayToo || hop.gateway === null),
  );
  return found ? withoutRoute(routes, found) : [...routes];
}

/** fib6_remove_prefsrc(): routes stay, and lose the source that they gave. */
function withoutSource(route: Route, own: InterfaceAddress): Route {
  const gone = route.prefsrc === own.address && route.nextHops[0]?.interface === own.interface;
  return gone ? { ...route, prefsrc: null } : route;
}

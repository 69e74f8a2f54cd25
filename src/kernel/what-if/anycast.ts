/** A router's subnet-router anycast addresses (RFC 4291 section 2.6.1): addrconf_join_anycast() of addrconf.c. */
import type { InterfaceAddress, Route } from '../../model/snapshot.js';
import { insertQuietly, kernelRoute } from './kernel-routes6.js';
import { networkEnds } from './network.js';
import { beside, withoutRoute } from './route-list.js';

export function joinAnycast(routes: readonly Route[], own: InterfaceAddress): Route[] {
  const address = anycastOf(own);
  if (address === null || own.flags.includes('tentative') || findAnycast(routes, own, address))
    return [...routes];
  return insertQuietly(routes, kernelRoute('anycast', `${address}/128`, 'local', own.interface, 0, []));
}

/** @param others addresses that the node keeps */
export function leaveAnycast(
  routes: readonly Route[],
  own: InterfaceAddress,
  others: readonly InterfaceAddress[],
): Route[] {
  const address = anycastOf(own);
  if (address === null) return [...routes];
  const shared = others.some((other) => other.interface === own.interface && anycastOf(other) === address);
  const route = shared ? undefined : findAnycast(routes, own, address);
  return route ? withoutRoute(routes, route) : [...routes];
}

/** Null where there is none: RFC 6164 has none on links between two routers. */
function anycastOf({ address, prefixLength }: InterfaceAddress): string | null {
  if (!address.includes(':') || prefixLength >= 127) return null;
  const { first } = networkEnds(address, prefixLength);
  return first === '::' ? null : first;
}

function findAnycast(routes: readonly Route[], own: InterfaceAddress, address: string): Route | undefined {
  return beside(routes, { destination: `${address}/128`, from: null, table: 'local' }).find(
    (route) => route.type === 'anycast' && route.nextHops[0]?.interface === own.interface,
  );
}

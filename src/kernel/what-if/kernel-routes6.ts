/** The routes of IPv6 that the kernel makes itself. */
import type { Route, Snapshot } from '../../model/snapshot.js';
import { Refusal } from './refusal.js';
import { insertRoute6 } from './routes6.js';

export function kernelRoute(
  type: string,
  destination: string,
  table: string,
  device: string,
  metric: number,
  flags: string[],
): Route {
  return {
    family: 6,
    type,
    destination,
    from: null,
    table,
    protocol: 'kernel',
    scope: 'global',
    metric,
    tos: 0,
    prefsrc: null,
    preference: 'medium',
    nextHops: [{ gateway: null, interface: device, weight: 1, flags }],
    flags,
  };
}

/** The kernel's own insertions: what is there already stays. */
export function insertQuietly(routes: readonly Route[], route: Route): Route[] {
  try {
    return insertRoute6(routes, route, 'append');
  } catch (error) {
    if (error instanceof Refusal) return [...routes];
    throw error;
  }
}

/** Whether the listing has it: if not, the model completes it from the addresses. */
export function hasLocalTable(snapshot: Snapshot): boolean {
  return (snapshot.routes6 ?? []).some((route) => route.table === 'local' || route.table === '255');
}

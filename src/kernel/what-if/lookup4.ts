import type { Route, Snapshot } from '../../model/snapshot.js';
import { addressType } from '../address-type.js';
import { LocalInterfaces } from '../addresses.js';
import { Doubts } from '../doubts.js';
import { outputFlow } from '../flow.js';
import { RoutingPolicy } from '../lookup.js';
import { prepare } from '../state.js';
import { InterfaceSettings } from '../sysctl.js';
import { Devices } from './devices.js';
import { withHops } from './route-list.js';
import { scopeNumber } from './values.js';

/** The route that leads to a gateway. */
export interface GatewayRoute {
  type: string;
  scope: number;
  interface: string | null;
}

/**
 * The lookup of a gateway in fib_check_nh_v4_gw(): in the route's own table and then by the rules, among routes of
 * a narrow enough scope, links that are down included.
 *
 * @param table null for main, which is not asked apart
 * @returns null where nothing leads there
 */
export function lookupGateway4(
  snapshot: Snapshot,
  gateway: string,
  device: string | null,
  table: string | null,
  scope: number,
): GatewayRoute | null {
  const devices = new Devices(snapshot);
  const routes4 = (snapshot.routes4 ?? [])
    .filter((route) => scopeNumber(route.scope) >= scope)
    .map((route) => ignoringLinkState(route, devices));
  const among = { ...snapshot, routes4 };
  const policy = new RoutingPolicy(
    among,
    4,
    new LocalInterfaces(among),
    new InterfaceSettings(among, 'net.ipv4.conf'),
  );
  const doubts = new Doubts();
  const flow = {
    ...outputFlow({ source: null, destination: gateway, mark: 0, tos: 0, uid: 0 }),
    oif: device,
    protocol: '0',
    sourcePort: 0,
    destinationPort: 0,
  };
  const own = table === null ? null : policy.fib.table(table)?.lookup4(flow, doubts);
  const found = own?.kind === 'route' ? own : policy.lookup(flow, doubts);
  if ('error' in found && found.error !== null) return null;
  const { route, hops } = found;
  return route && { type: route.type, scope: scopeNumber(route.scope), interface: hops[0]?.dev || null };
}

function ignoringLinkState(route: Route, devices: Devices): Route {
  const hops = route.nextHops.map((hop) => {
    const flags = hop.flags.filter((flag) => flag !== 'linkdown' && flag !== 'dead');
    return { ...hop, flags: devices.isReallyDead(route, hop) ? [...flags, 'dead'] : flags };
  });
  return withHops(route, hops);
}

/** inet_addr_type_dev_table(): what an address is to the node, by whatever device. */
export function addressType4(snapshot: Snapshot, address: string): string {
  return addressType(prepare(snapshot), address, null, new Doubts());
}

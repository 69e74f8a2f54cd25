import type { InterfaceAddress, Route, Snapshot } from '../../model/snapshot.js';
import { LocalInterfaces } from '../addresses.js';
import { Doubts } from '../doubts.js';
import { type Flow, outputFlow } from '../flow.js';
import { RoutingPolicy } from '../lookup.js';
import { isLinkLocal, isMulticast, isUnspecified, toAddress } from '../prefix.js';
import { InterfaceSettings } from '../sysctl.js';
import type { Hop } from '../verdict.js';
import type { HopRequest } from './change.js';
import { Devices } from './devices.js';
import { Refusal } from './refusal.js';
import { withHops } from './route-list.js';

const LOCAL_GATEWAY = 'Gateway can not be a local address';
const UNREACHABLE = 'No route to host';

/**
 * fib6_nh_init() of net/ipv6/route.c for a hop with a gateway: the device that it goes by.
 *
 * @param table of the route; null where there is none to look in first
 * @throws Refusal
 */
export function checkGateway6(snapshot: Snapshot, hop: HopRequest, table: string): string {
  const devices = new Devices(snapshot);
  if (hop.onlink) {
    if (hop.interface === null) throw new Refusal('Nexthop device required for onlink', 'give it with `dev`');
    if (!devices.isUp(hop.interface))
      throw new Refusal('Nexthop device is not up', `${hop.interface} is down`);
  }
  const device = validateGateway(snapshot, hop, table);
  checkDevice6(devices, device);
  return device;
}

/** What fib6_nh_init() asks of the device of any next hop. @throws Refusal */
export function checkDevice6(devices: Devices, device: string | null): asserts device is string {
  if (device === null)
    throw new Refusal('No such device', 'give the device with `dev`, or a gateway with `via`');
  if (devices.setting(6, device, 'disable_ipv6', 0) !== 0) {
    throw new Refusal('IPv6 is disabled on nexthop device', `net.ipv6.conf.${device}.disable_ipv6 is 1`);
  }
  if (!devices.isUp(device)) throw new Refusal('Nexthop device is not up', `${device} is down`);
}

/** ip6_validate_gw() */
function validateGateway(snapshot: Snapshot, hop: HopRequest, table: string): string {
  const gateway = toAddress(hop.gateway!);
  const devices = new Devices(snapshot);
  const isOwn = (dev: string) => holdsAddress6(snapshot, gateway.text, isLinkLocal(gateway) ? dev : null);
  const notOwn = `${gateway.text} is the node's own; name the other end`;
  if (hop.interface !== null && isOwn(hop.interface)) throw new Refusal(LOCAL_GATEWAY, notOwn);
  let device = hop.interface;
  if (!isLinkLocal(gateway)) {
    if (isMulticast(gateway) || isUnspecified(gateway) || gateway.text === '::1') {
      throw new Refusal('Invalid gateway address', `${gateway.text} is no host's`);
    }
    if (hop.onlink) checkOnlink(snapshot, gateway.text, device!);
    else device = findGateway(snapshot, gateway.text, device, table);
  }
  if (device === null) throw new Refusal('Egress device not specified', 'give it with `dev`');
  if (devices.isLoopback(device)) {
    throw new Refusal('Egress device can not be loopback device for this route', 'give another with `dev`');
  }
  if (hop.interface === null && isOwn(device)) throw new Refusal(LOCAL_GATEWAY, notOwn);
  return device;
}

/** ip6_route_check_nh_onlink(): no other device's network may hold the gateway; a default route does not count. */
function checkOnlink(snapshot: Snapshot, gateway: string, device: string): void {
  const found = policyOf(snapshot, true)
    .fib.table('main')
    ?.lookup6(flowTo(gateway, device), null, new Doubts());
  if (found?.kind !== 'route' || found.route.destination.startsWith('::/')) return;
  const { route, hops } = found;
  if (route.type === 'unicast' && hops.some((hop) => hop.dev === device || isReject(route, hop))) return;
  const words = 'Nexthop has invalid gateway or device mismatch';
  throw new Refusal(words, `${gateway} is reached by ${hops[0]!.dev}: ${route.destination}`);
}

/** fib6_is_reject(): "We cannot add true routes via loopback here, they would result in kernel looping". */
function isReject(route: Route, hop: Hop): boolean {
  return route.type === 'unicast' && hop.dev === 'lo';
}

/** ip6_route_check_nh() */
function findGateway(snapshot: Snapshot, gateway: string, device: string | null, table: string): string {
  if (!snapshot.routes6) return device ?? new Devices(snapshot).byAddress(gateway);
  const flow = flowTo(gateway, device);
  // Of routes of one metric the first is as good as any (rt6_score_route()).
  const fitting = (route: Route, hop: Hop) => (hop.via === null && !isReject(route, hop) ? hop.dev : null);
  const own = policyOf(snapshot, true).fib.table(table)?.lookup6(flow, device, new Doubts());
  const inTable = own?.kind === 'route' ? fitting(own.route, own.hops[0]!) : null;
  if (inTable !== null) return inTable;
  const result = policyOf(snapshot, false).lookup(flow, new Doubts(), device);
  const found = result.error === null ? fitting(result.route!, result.hops[0]!) : null;
  if (found !== null) return found;
  const by = device === null ? '' : ` by ${device}`;
  throw new Refusal(
    UNREACHABLE,
    `${gateway} is on no network that the node is on${by}; name another, or add \`onlink\``,
  );
}

function policyOf(snapshot: Snapshot, ignoreLinkState: boolean): RoutingPolicy {
  const devices = new Devices(snapshot);
  const among = ignoreLinkState
    ? { ...snapshot, routes6: (snapshot.routes6 ?? []).map((route) => ignoringLinkState(route, devices)) }
    : snapshot;
  return new RoutingPolicy(
    among,
    6,
    new LocalInterfaces(among),
    new InterfaceSettings(among, 'net.ipv6.conf'),
  );
}

function ignoringLinkState(route: Route, devices: Devices): Route {
  return withHops(
    route,
    route.nextHops.map((hop) => {
      const flags = hop.flags.filter((flag) => flag !== 'linkdown' && flag !== 'dead');
      return { ...hop, flags: devices.isReallyDead(route, hop) ? [...flags, 'dead'] : flags };
    }),
  );
}

function flowTo(gateway: string, device: string | null): Flow {
  return {
    ...outputFlow({ source: null, destination: gateway, mark: 0, tos: 0, uid: 0 }),
    oif: device,
    protocol: '0',
    sourcePort: 0,
    destinationPort: 0,
  };
}

/**
 * ipv6_chk_addr_and_flags(): whether the node holds an address.
 *
 * @param device where not null, the one that it has to be on
 */
export function holdsAddress6(snapshot: Snapshot, address: string, device: string | null): boolean {
  return (snapshot.addresses ?? []).some(
    (own: InterfaceAddress) => own.address === address && (device === null || own.interface === device),
  );
}

import type { NextHop, Snapshot } from '../../model/snapshot.js';
import type { HopRequest } from './change.js';
import { Devices } from './devices.js';
import { addressType4, lookupGateway4 } from './lookup4.js';
import { checkGateway6 } from './next-hop6.js';
import { Refusal } from './refusal.js';
import { SCOPES } from './values.js';

const LINK = SCOPES.get('link')!;

/**
 * fib_check_nh() of fib_semantics.c: the device that a next hop goes by, and its state.
 *
 * @param table of the route
 * @param scope of the route, as a number
 * @throws Refusal
 */
export function checkNextHop4(snapshot: Snapshot, hop: HopRequest, table: string, scope: number): NextHop {
  const { gateway, weight, onlink } = hop;
  const devices = new Devices(snapshot);
  if (gateway === null || gateway === '0.0.0.0') {
    const device = checkDevice(devices, hop);
    return { gateway: null, interface: device, weight, flags: devices.hopFlags(4, device, false) };
  }
  if (gateway.includes(':')) {
    const device = checkGateway6(snapshot, hop, table);
    return { gateway, interface: device, weight, flags: onlink ? ['onlink'] : [] };
  }
  const device = onlink
    ? checkOnlink(snapshot, hop.interface, gateway, scope)
    : checkGateway(snapshot, hop, gateway, table, scope);
  return { gateway, interface: device, weight, flags: devices.hopFlags(4, device, onlink) };
}

/** fib_check_nh_nongw() */
function checkDevice(devices: Devices, { interface: device, onlink }: HopRequest): string {
  if (onlink) {
    const words = 'Invalid flags for nexthop - PERVASIVE and ONLINK can not be set';
    throw new Refusal(words, '`onlink` goes with a gateway');
  }
  if (device === null)
    throw new Refusal('No such device', 'give the device with `dev`, or a gateway with `via`');
  if (!devices.isUp(device)) throw new Refusal('Device for nexthop is not up', `${device} is down`);
  return device;
}

function checkOnlink(snapshot: Snapshot, device: string | null, gateway: string, scope: number): string {
  if (scope >= LINK)
    throw new Refusal('Nexthop has invalid scope', 'a route through a gateway is of scope global');
  if (device === null) throw new Refusal('Nexthop device required for onlink', 'give it with `dev`');
  if (!new Devices(snapshot).isUp(device)) throw new Refusal('Nexthop device is not up', `${device} is down`);
  const type = addressType4(snapshot, gateway);
  if (type !== 'unicast') {
    throw new Refusal('Nexthop has invalid gateway', `${gateway} is a ${type} address of the node's own`);
  }
  return device;
}

/** fib_check_nh_v4_gw() */
function checkGateway(
  snapshot: Snapshot,
  { interface: device }: HopRequest,
  gateway: string,
  table: string,
  scope: number,
): string {
  if (!snapshot.routes4) return device ?? new Devices(snapshot).byAddress(gateway);
  const found = lookupGateway4(
    snapshot,
    gateway,
    device,
    table === 'main' ? null : table,
    Math.max(scope + 1, LINK),
  );
  if (!found) {
    const by = device === null ? '' : ` by ${device}`;
    throw new Refusal(
      'Nexthop has invalid gateway',
      `${gateway} is on no network that the node is on${by}; name another, or add \`onlink\` with a device`,
    );
  }
  if (found.type !== 'unicast' && found.type !== 'local') {
    throw new Refusal('Nexthop has invalid gateway', `${gateway} is a ${found.type} address`);
  }
  if (found.interface === null)
    throw new Refusal('No egress device for nexthop gateway', 'give it with `dev`');
  if (!new Devices(snapshot).isUp(found.interface))
    throw new Refusal('Network is down', `${found.interface} is down`);
  return found.interface;
}

/** Which of a node's IPv4 addresses the kernel takes as source where none is given (inet_select_addr() of devinet.c). */
import type { InterfaceAddress } from '../model/snapshot.js';
import type { Doubts } from './doubts.js';
import { contains, type Prefix, toAddress, toPrefix } from './prefix.js';
import type { KernelState } from './state.js';

/** `rt_scope` by name, as `ip` prints it: the larger, the narrower. */
const SCOPES: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };

/** By name, or by number where it has none. */
function scopeOf(name: string): number {
  return SCOPES[name] ?? (/^\d+$/.test(name) ? Number(name) : 0);
}

/** The IPv4 addresses of an interface in the kernel's order. */
export function addressesOf(state: KernelState, name: string): InterfaceAddress[] {
  return state.interfaces.localAddresses.filter((a) => a.interface === name && !a.address.includes(':'));
}

/**
 * Whether an address's scope is wide enough. Addresses of host scope count as of link scope where the interface
 * has route_localnet (confirm_addr_indev() and inet_select_addr() alike).
 */
export function isWithinScope(
  state: KernelState,
  own: InterfaceAddress,
  maximum: string,
  doubts: Doubts,
): boolean {
  const scope = Math.min(scopeOf(own.scope), SCOPES.host!);
  const limit = scopeOf(maximum);
  if (scope <= limit) return true;
  return limit >= SCOPES.link! && state.settings4.or(own.interface, 'route_localnet', doubts);
}

/**
 * The device's first primary address in the subnet of the next hop, else its first, else the first of another
 * interface; null where there is none.
 *
 * @param towards the next hop, or the destination on the link; null where there is none, or it is of IPv6
 * @param maximum the narrowest scope that will do
 */
export function selectSource4(
  state: KernelState,
  device: string,
  towards: string | null,
  maximum: string,
  doubts: Doubts,
): string | null {
  const target = towards === null || towards.includes(':') ? null : toAddress(towards);
  let first: string | null = null;
  for (const own of primariesOf(state, device)) {
    if (!isWithinScope(state, own, maximum, doubts)) continue;
    if (!target || contains(subnetOf(own), target)) return own.address;
    first ??= own.address;
  }
  return first ?? selectElsewhere(state, scopeOf(maximum));
}

/** in_dev_select_addr() of all devices, in the order of their index. */
function selectElsewhere(state: KernelState, limit: number): string | null {
  for (const { name } of state.snapshot.links ?? []) {
    for (const own of primariesOf(state, name)) {
      const scope = scopeOf(own.scope);
      if (scope !== SCOPES.link && scope <= limit) return own.address;
    }
  }
  return null;
}

function primariesOf(state: KernelState, device: string): InterfaceAddress[] {
  return addressesOf(state, device).filter((a) => !a.flags.includes('secondary'));
}

const subnets = new WeakMap<InterfaceAddress, Prefix>();

/** inet_ifa_match(): a point-to-point address is in the subnet of its other end. */
export function subnetOf(own: InterfaceAddress): Prefix {
  let subnet = subnets.get(own);
  if (!subnet) {
    subnet = toPrefix(`${own.peer ?? own.address}/${own.prefixLength}`);
    subnets.set(own, subnet);
  }
  return subnet;
}

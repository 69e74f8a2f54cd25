import type { InterfaceAddress } from '../../model/snapshot.js';
import { addressType } from '../address-type.js';
import type { Doubts } from '../doubts.js';
import { type Address, contains, type Prefix, toPrefix } from '../prefix.js';
import type { KernelState } from '../state.js';

/** `rt_scope` by name, as `ip addr` prints it: the larger, the narrower. */
const SCOPES: Readonly<Record<string, number>> = { global: 0, site: 200, link: 253, host: 254, nowhere: 255 };

export type MaximumScope = 'link' | 'host';

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
  maximum: MaximumScope,
  doubts: Doubts,
): boolean {
  const scope = SCOPES[own.scope] ?? 0;
  const limit = SCOPES[maximum]!;
  if (scope <= limit) return true;
  return limit >= SCOPES.link! && state.settings4.or(own.interface, 'route_localnet', doubts);
}

/** inet_confirm_addr(): whether the interface (any, where null) has the address, and `peer` in one subnet with it. */
export function confirmAddress(
  state: KernelState,
  name: string | null,
  address: Address,
  peer: Address | null,
  maximum: MaximumScope,
  doubts: Doubts,
): boolean {
  const names = name === null ? devicesWithAddresses(state) : [name];
  return names.some((device) => {
    const all = addressesOf(state, device);
    const has = all.some((a) => a.address === address.text && isWithinScope(state, a, maximum, doubts));
    return has && sharesSubnet(all, address, peer);
  });
}

/** inet_addr_onlink(), and the subnet part of confirm_addr_indev(): one subnet of the interface holds both. */
export function sharesSubnet(all: readonly InterfaceAddress[], one: Address, other: Address | null): boolean {
  return all.some((a) => {
    const subnet = subnetOf(a);
    return contains(subnet, one) && (other === null || contains(subnet, other));
  });
}

/** inet_ifa_match(): a point-to-point address is in the subnet of its other end. */
export function subnetOf(own: InterfaceAddress): Prefix {
  return toPrefix(`${own.peer ?? own.address}/${own.prefixLength}`);
}

function devicesWithAddresses(state: KernelState): string[] {
  return [...new Set(state.interfaces.localAddresses.map((a) => a.interface))];
}

/** inet_addr_type() is RTN_LOCAL. */
export function isLocal(state: KernelState, address: Address, doubts: Doubts): boolean {
  if (!state.snapshot.routes4) {
    doubts.add('ip-route.json is missing: only the addresses of ip-addr.json are known to be local');
    if (!state.snapshot.addresses) doubts.add('ip-addr.json is missing: no address is known');
  }
  return addressType(state, address.text, null, doubts) === 'local';
}

import type { InterfaceAddress } from '../../model/snapshot.js';
import { addressType } from '../address-type.js';
import type { Doubts } from '../doubts.js';
import { type Address, contains } from '../prefix.js';
import { addressesOf, isWithinScope, subnetOf } from '../source-address4.js';
import type { KernelState } from '../state.js';

export type MaximumScope = 'link' | 'host';

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

import type { Doubts } from '../doubts.js';
import { type Address, isUnspecified } from '../prefix.js';
import type { KernelState } from '../state.js';
import { confirmAddress } from './confirm-address.js';

/**
 * arp_ignore() of net/ipv4/arp.c, for a target that the node has.
 *
 * @returns why no answer is given; null where arp_ignore lets it
 */
export function ignored(
  state: KernelState,
  device: string,
  target: Address,
  sender: Address,
  doubts: Doubts,
): string | null {
  const setting = state.settings4.max(device, 'arp_ignore', doubts);
  const level = setting.value;
  if (level < 1 || (level > 3 && level !== 8)) return null;
  const text = `arp_ignore=${level} (max of all=${setting.all}, ${device}=${setting.own})`;
  if (level === 8) return `${text} answers nothing`;
  if (!state.interfaces.addressesKnown) {
    doubts.add(
      `ip-addr.json is missing: ${device} is taken to have ${target.text}, with ${sender.text} in its subnet`,
    );
    return null;
  }
  if (level === 3) {
    const wide = confirmAddress(state, null, target, null, 'link', doubts);
    return wide ? null : `${text} answers for no address of host scope, and ${target.text} has no other`;
  }
  // A probe (RFC 5227) has no sender that could be of another subnet.
  const peer = level === 2 && !isUnspecified(sender) ? sender : null;
  if (confirmAddress(state, device, target, peer, 'host', doubts)) return null;
  if (!state.interfaces.holds(device, target.text)) {
    return `${text} answers for the addresses of ${device} alone, and ${target.text} is ${holdersText(state, target)}`;
  }
  if (peer === null) return `${text}: ${target.text} is not in the subnet of its own point-to-point address`;
  return `${text} answers within the subnet alone, and ${peer.text} is not in that of ${target.text} on ${device}`;
}

function holdersText(state: KernelState, target: Address): string {
  const holders = state.interfaces.localAddresses.filter((a) => a.address === target.text);
  return holders.length === 0
    ? 'local by a route, on no interface'
    : `on ${holders.map((a) => a.interface).join(' and ')}`;
}

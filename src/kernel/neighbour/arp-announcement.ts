import { Doubts } from '../doubts.js';
import { type Address, toAddress } from '../prefix.js';
import { addressesOf, selectSource4 } from '../source-address4.js';
import type { KernelState } from '../state.js';
import { isLocal, sharesSubnet } from './confirm-address.js';
import { withAssumptions } from './neighbour-answer.js';

/** A neighbour that the node has to resolve before it can send a packet to it. */
export interface Resolution {
  /** The device that the packet leaves by. */
  interface: string;
  /** The next hop. */
  target: string;
  /** The packet's source when it leaves, translated if it is; null where no packet waits, as when an entry is probed again. */
  packetSource: string | null;
}

/** The sender that a node gives in a request, as its neighbours get to see and learn it. */
export interface SenderChoice {
  /** `0.0.0.0` where the kernel finds none and asks nevertheless; null where it does not ask at all. */
  sender: string | null;
  why: string;
  /** What the answer had to assume. */
  unknown: string[];
}

/**
 * The sender address of the ARP request for a neighbour: arp_solicit() of net/ipv4/arp.c. The MAC in it is always
 * that of the interface.
 *
 * @throws RangeError where an address is none
 */
export function arpAnnouncement(state: KernelState, resolution: Resolution): SenderChoice {
  const doubts = new Doubts();
  const target = toAddress(resolution.target);
  const source = resolution.packetSource === null ? null : toAddress(resolution.packetSource);
  const [sender, why] = choose(state, resolution.interface, target, source, doubts);
  return { sender, why: withAssumptions(why, doubts), unknown: doubts.lines };
}

function choose(
  state: KernelState,
  device: string,
  target: Address,
  source: Address | null,
  doubts: Doubts,
): [sender: string | null, why: string] {
  const silent = resolvesNothing(state, device, doubts);
  if (silent !== null) return [null, silent];
  if (!state.interfaces.addressesKnown) doubts.add('ip-addr.json is missing: no address is known');

  const { value, all, own } = state.settings4.max(device, 'arp_announce', doubts);
  const level = `arp_announce=${value} (max of all=${all}, ${device}=${own})`;
  if (value !== 2 && source && isLocal(state, source, doubts)) {
    if (value !== 1)
      return [source.text, `${level}: ${source.text} is the packet's source, and the node's own`];
    if (sharesSubnet(addressesOf(state, device), target, source)) {
      return [source.text, `${level}: the packet's source is in one subnet of ${device} with ${target.text}`];
    }
  }
  const selected = selectSource4(state, device, target.text, 'link', doubts);
  const why = selected
    ? `${level}: ${selected} is the address for ${target.text} that ${device} has or the node finds elsewhere`
    : `${level}: the node has no address that may be told`;
  return [selected ?? '0.0.0.0', why];
}

/** arp_constructor(): such devices' neighbours are known without asking. */
export function resolvesNothing(state: KernelState, device: string, doubts: Doubts): string | null {
  const link = state.interfaces.link(device);
  if (!link) {
    doubts.add(`the state of ${device} is not known: taken as up`);
    return null;
  }
  if (!link.flags.includes('UP')) return `${device} is down`;
  const unasked = ['NOARP', 'LOOPBACK', 'POINTOPOINT'].find((flag) => link.flags.includes(flag));
  return unasked ? `${device} resolves no neighbours (${unasked})` : null;
}

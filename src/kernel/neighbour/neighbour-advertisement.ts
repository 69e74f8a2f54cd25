import type { InterfaceAddress } from '../../model/snapshot.js';
import { Doubts } from '../doubts.js';
import { type Address, isMulticast, isUnspecified, toAddress } from '../prefix.js';
import type { KernelState } from '../state.js';
import { filtersOf } from './link-filters.js';
import { type Decision, type NeighbourAnswer, neighbourAnswer, refuse } from './neighbour-answer.js';
import { type Receiver, receiverAt } from './receiver.js';

/** A neighbour solicitation that came in, sent to the target's solicited-node group (RFC 4861 section 7.2.2). */
export interface NeighbourSolicitation {
  /** The device that it came in by; for a VLAN's frames, the VLAN device. */
  interface: string;
  target: string;
  /** `::` in duplicate address detection (RFC 4862 section 5.4). */
  source: string;
}

/**
 * Whether the kernel answers a neighbour solicitation: ndisc_recv_ns() of net/ipv6/ndisc.c. Unlike in ARP, an
 * address counts on its own interface alone, and no setting widens that. ip6tables and nft see solicitations as
 * any other packet, which is no part of it; answers by proxy may be late by net.ipv6.neigh.DEV.proxy_delay.
 *
 * @throws RangeError where an address is none
 */
export function neighbourAdvertisement(
  state: KernelState,
  solicitation: NeighbourSolicitation,
): NeighbourAnswer {
  const doubts = new Doubts();
  const target = toAddress(solicitation.target);
  const isProbe = isUnspecified(toAddress(solicitation.source));
  const receiver = receiverAt(state, solicitation.interface, doubts);
  if (state.interfaces.vrfs.of(receiver.name) !== null) {
    doubts.add(`${receiver.name} is in a VRF, whose table is not modelled for neighbour discovery`);
  }
  return neighbourAnswer(decide(state, receiver, target, isProbe, doubts), receiver, doubts);
}

function decide(
  state: KernelState,
  receiver: Receiver,
  target: Address,
  isProbe: boolean,
  doubts: Doubts,
): Decision {
  const { name: device, link, deaf } = receiver;
  const { settings6: settings } = state;
  if (deaf !== null) return refuse(deaf);
  // addrconf_join_solict(): such a device joins no solicited-node group.
  if (link?.flags.includes('NOARP') || link?.type === 'loopback') {
    return refuse(`${device} does no neighbour discovery`);
  }
  if (isMulticast(target)) return refuse(`${target.text} is a multicast group`);
  if (settings.known(device, 'disable_ipv6') === 1) return refuse(`${device} has disable_ipv6`);
  for (const line of filtersOf(state, null, device)) doubts.add(line);

  if (!state.interfaces.addressesKnown) doubts.add('ip-addr.json is missing: no address is known');
  const own = addressOn(state, device, target);
  if (own) return answerOwn(own, isProbe);
  if (isAnycast(state, device, target, doubts)) {
    return { by: 'anycast', why: `${target.text} is an anycast address of ${device}` };
  }
  return answerFor(state, device, target, doubts);
}

/** ipv6_get_ifaddr(), strictly on the device or on the VRF that it is a port of. */
function addressOn(state: KernelState, device: string, target: Address): InterfaceAddress | null {
  const names = [device, state.interfaces.vrfs.of(device)];
  for (const name of names) {
    const found = state.interfaces.localAddresses.find(
      (a) => a.interface === name && a.address === target.text,
    );
    if (found) return found;
  }
  return null;
}

function answerOwn(own: InterfaceAddress, isProbe: boolean): Decision {
  const where = `${own.address} is on ${own.interface}`;
  const failed = own.flags.includes('dadfailed');
  const optimistic = own.flags.includes('optimistic') && !failed;
  if (optimistic && isProbe) return refuse(`${where}, and not yet certain to be its own (optimistic)`);
  if (failed) return refuse(`${where}, and duplicate address detection has failed (dadfailed)`);
  if (own.flags.includes('tentative') && !optimistic) {
    return refuse(`${where}, and not yet known to be its own (tentative)`);
  }
  return { by: 'own-address', why: where };
}

/** ipv6_chk_acast_addr(): those of routers (RFC 4291 section 2.6.1) and of sockets, which have a route each. */
function isAnycast(state: KernelState, device: string, target: Address, doubts: Doubts): boolean {
  if (!state.snapshot.routes6) {
    doubts.add('ip-route6.json is missing: no anycast address is known');
    return false;
  }
  return state.snapshot.routes6.some(
    (route) =>
      route.type === 'anycast' &&
      route.destination === `${target.text}/128` &&
      route.nextHops.some((hop) => hop.interface === device),
  );
}

function answerFor(state: KernelState, device: string, target: Address, doubts: Doubts): Decision {
  const { settings6: settings } = state;
  const elsewhere = state.interfaces.localAddresses.filter((a) => a.address === target.text);
  const where =
    elsewhere.length === 0
      ? `${target.text} is not the node's own`
      : `${target.text} is on ${elsewhere.map((a) => a.interface).join(' and ')}, and ${device} answers for its own addresses alone`;
  if (!settings.or(device, 'proxy_ndp', doubts)) return refuse(where);
  const { neighbours } = state.snapshot;
  const entries = (neighbours ?? []).filter((n) => n.proxy);
  if (!entries.some((n) => n.interface === device && n.address === target.text)) {
    if (entries.length === 0) {
      doubts.add('proxy entries are listed by `ip neigh show proxy` alone: taken as none');
    }
    return refuse(`${where}; ${device} has proxy_ndp, and no proxy entry for it`);
  }
  if (settings.own(device, 'forwarding', doubts) === 0) {
    return refuse(`${where}; it has a proxy entry, but net.ipv6.conf.${device}.forwarding is 0`);
  }
  return { by: 'proxy-entry', why: `a proxy entry on ${device} answers for ${target.text} (proxy_ndp)` };
}

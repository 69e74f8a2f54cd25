import { Doubts } from '../doubts.js';
import { hopsText, routeText } from '../explain.js';
import { inputIPv4 } from '../input.js';
import { outputIPv4 } from '../output.js';
import { type Address, isLoopback, isMulticast, isUnspecified, toAddress } from '../prefix.js';
import type { KernelState } from '../state.js';
import type { Hop, Verdict } from '../verdict.js';
import { ignored } from './arp-ignore.js';
import { isLocal } from './confirm-address.js';
import { filtersOf } from './link-filters.js';
import { type Decision, type NeighbourAnswer, neighbourAnswer, refuse } from './neighbour-answer.js';
import { type Receiver, receiverAt } from './receiver.js';

/** An ARP request that came in, broadcast or to the device's own MAC. */
export interface ArpRequest {
  /** The device that it came in by; for a VLAN's frames, the VLAN device. */
  interface: string;
  target: string;
  /** 0.0.0.0 in a probe (RFC 5227 section 2.1.1), the target itself in gratuitous ARP. */
  sender: string;
}

/** What of a packet an ARP request is to routing rules: it has no mark, protocol or ports. */
const NO_PACKET = { mark: 0, tos: 0, protocol: '0', sourcePort: 0, destinationPort: 0 };

/**
 * Whether the kernel answers an ARP request: arp_rcv() and arp_process() of net/ipv4/arp.c. A program that
 * answers by itself (MetalLB's speaker) is no part of it, nor are arptables. Answers by proxy may be late by
 * net.ipv4.neigh.DEV.proxy_delay.
 *
 * @throws RangeError where an address is none
 */
export function arpReply(state: KernelState, request: ArpRequest): NeighbourAnswer {
  const doubts = new Doubts();
  const target = toAddress(request.target);
  const sender = toAddress(request.sender);
  const receiver = receiverAt(state, request.interface, doubts);
  return neighbourAnswer(decide(state, receiver, target, sender, doubts), receiver, doubts);
}

function decide(
  state: KernelState,
  receiver: Receiver,
  target: Address,
  sender: Address,
  doubts: Doubts,
): Decision {
  const { name: device, link, deaf } = receiver;
  const { settings4: settings } = state;
  if (deaf !== null) return refuse(deaf);
  if (link?.flags.includes('NOARP') || link?.type === 'loopback') return refuse(`${device} does no ARP`);
  for (const line of filtersOf(state, 'arp', device)) doubts.add(line);

  if (isMulticast(target)) return refuse(`${target.text} is a multicast group`);
  if (isLoopback(target) && !settings.or(device, 'route_localnet', doubts)) {
    return refuse(`${target.text} is a loopback address, and ${device} has no route_localnet`);
  }
  if (target.text === sender.text && settings.or(device, 'drop_gratuitous_arp', doubts)) {
    return refuse(`${device} drops gratuitous ARP (drop_gratuitous_arp)`);
  }
  if (isUnspecified(sender)) return answerProbe(state, device, target, sender, doubts);

  const verdict = inputIPv4(state, {
    ...NO_PACKET,
    source: sender.text,
    destination: target.text,
    interface: device,
  });
  for (const line of verdict.unknown) doubts.add(line);
  if (verdict.verdict === 'local') return answerOwn(state, device, target, sender, doubts);
  if (verdict.verdict === 'forward' && verdict.lookup?.route?.type === 'unicast') {
    return answerFor(state, device, target, sender, verdict, doubts);
  }
  return refuse(`the request is not routed (${verdict.verdict}): ${plainWhy(verdict)}`);
}

/** Neither the sender's validation nor arp_filter concerns a probe, and no proxy answers it. */
function answerProbe(
  state: KernelState,
  device: string,
  target: Address,
  sender: Address,
  doubts: Doubts,
): Decision {
  if (state.interfaces.vrfs.of(device) !== null) {
    doubts.add(`${device} is in a VRF, whose table is not modelled for ARP probes`);
  }
  if (!isLocal(state, target, doubts)) return refuse(`${target.text} is not the node's own`);
  const reason = ignored(state, device, target, sender, doubts);
  return reason === null ? own(state, device, target) : refuse(reason);
}

function answerOwn(
  state: KernelState,
  device: string,
  target: Address,
  sender: Address,
  doubts: Doubts,
): Decision {
  const reason =
    ignored(state, device, target, sender, doubts) ?? filtered(state, device, target, sender, doubts);
  return reason === null ? own(state, device, target) : refuse(reason);
}

function own(state: KernelState, device: string, target: Address): Decision {
  const holders = state.interfaces.localAddresses.filter((a) => a.address === target.text);
  const names = holders.map((a) => a.interface);
  const where = names.length === 0 ? 'local by a route' : `on ${names.join(' and ')}`;
  const elsewhere = names.includes(device) ? '' : `, and arp_ignore lets ${device} answer for it`;
  return { by: 'own-address', why: `${target.text} is ${where}${elsewhere}` };
}

/** arp_filter(): the way back from the target to the sender has to leave by the device asked at. */
function filtered(
  state: KernelState,
  device: string,
  target: Address,
  sender: Address,
  doubts: Doubts,
): string | null {
  if (!state.settings4.or(device, 'arp_filter', doubts)) return null;
  const back = outputIPv4(state, {
    ...NO_PACKET,
    source: target.text,
    destination: sender.text,
    oif: state.interfaces.vrfs.of(device) ?? undefined,
    uid: 0,
  });
  for (const line of back.unknown) doubts.add(line);
  if (back.hops.some((hop) => hop.dev === device)) {
    const others = back.hops.filter((hop) => hop.dev !== device);
    if (others.length > 0) {
      doubts.add(`arp_filter asks for the way to ${sender.text}, which may be ${hopsText(others)} as well`);
    }
    return null;
  }
  const way = back.hops.length === 0 ? plainWhy(back) : `the way to ${sender.text} is ${hopsText(back.hops)}`;
  return `arp_filter answers by the device of the way back alone, and ${way}`;
}

/** arp_fwd_proxy(), arp_fwd_pvlan() and pneigh_lookup(), for a target that the node would forward to. */
function answerFor(
  state: KernelState,
  device: string,
  target: Address,
  sender: Address,
  verdict: Verdict,
  doubts: Doubts,
): Decision {
  const decisions = verdict.hops.map((hop) => answerByHop(state, device, target, sender, hop, doubts));
  const first = decisions[0]!;
  if (decisions.some((other) => other.by !== first.by)) {
    doubts.add(`which of the next hops ${hopsText(verdict.hops)} is taken for ${target.text} is not known`);
  }
  const route = verdict.lookup ? routeText(verdict.lookup) : '';
  return {
    by: first.by,
    why: `${first.why}; ${target.text} is reached by ${hopsText(verdict.hops)} (${route})`,
  };
}

function answerByHop(
  state: KernelState,
  device: string,
  target: Address,
  sender: Address,
  hop: Hop,
  doubts: Doubts,
): Decision {
  const { settings4: settings } = state;
  if (hop.dev === device) {
    if (target.text === sender.text) return refuse('no proxy answers who asks for its own address');
    // Kernels before 5.10 (and stable ones before December 2020) do not look at `all`.
    if (settings.or(device, 'proxy_arp_pvlan', doubts)) {
      return { by: 'proxy', why: `${device} has proxy_arp_pvlan` };
    }
    return refuse(`${target.text} is not the node's own`);
  }
  if (settings.or(device, 'proxy_arp', doubts)) {
    const medium = settings.own(device, 'medium_id', doubts);
    const outMedium = medium > 0 ? settings.own(hop.dev, 'medium_id', doubts) : 0;
    const apart = medium === 0 || (medium !== -1 && outMedium !== medium && outMedium !== -1);
    if (apart) return { by: 'proxy', why: `${device} has proxy_arp` };
  }
  const neighbours = state.snapshot.neighbours ?? [];
  if (neighbours.some((n) => n.proxy && n.interface === device && n.address === target.text)) {
    return { by: 'proxy-entry', why: `a proxy entry on ${device} answers for ${target.text}` };
  }
  if (!neighbours.some((n) => n.proxy)) {
    doubts.add('proxy entries are listed by `ip neigh show proxy` alone: taken as none');
  }
  return refuse(`${target.text} is not the node's own, and ${device} answers for no other`);
}

/** A verdict's reason without what it assumes, which goes into this answer's own list. */
function plainWhy({ why, unknown }: Verdict): string {
  return unknown.length === 0 ? why : why.slice(0, why.lastIndexOf(' (assumed: '));
}

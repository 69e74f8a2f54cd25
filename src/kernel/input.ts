import { type Answer, answer, noHops } from './answer.js';
import { Doubts } from './doubts.js';
import { errorText, hopsText, routeText, sourceCheckText } from './explain.js';
import { type Flow, inputFlow, type PacketDetails } from './flow.js';
import {
  type Address,
  isLimitedBroadcast,
  isLoopback,
  isMulticast,
  isUnspecified,
  toAddress,
} from './prefix.js';
import type { KernelState } from './state.js';
import { sysctlKey } from './sysctl.js';
import { validateSource } from './validate-source.js';
import type { LookupResult, SourceCheck, Verdict } from './verdict.js';

/** A packet that came in: addresses and mark as PREROUTING left them. */
export interface InputQuestion extends PacketDetails {
  source: string;
  destination: string;
  interface: string;
}

const ANY = toAddress('0.0.0.0');

/** ip_route_input_rcu() and ip_route_input_slow() of net/ipv4/route.c, in their order. */
export function inputIPv4(state: KernelState, question: InputQuestion): Verdict {
  const doubts = new Doubts();
  const flow = inputFlow(question, state.policy4.dissects);
  const { destination, iif } = flow;
  const source = flow.source!;
  const end = (verdict: Answer) => answer(verdict, doubts);

  if (state.snapshot.links && !state.interfaces.link(iif)) doubts.add(`ip-link.json has no interface ${iif}`);
  if (isMulticast(destination)) return end(multicastInput(state, flow, doubts));
  if (isMulticast(source) || isLimitedBroadcast(source)) {
    return end({ verdict: 'martian-source', why: `${source.text} can be no packet's source`, ...noHops });
  }
  if (isLimitedBroadcast(destination) || (isUnspecified(source) && isUnspecified(destination))) {
    return end(broadcastInput(state, flow, null, doubts));
  }
  if (isUnspecified(source)) {
    const why = '0.0.0.0 may be the source of a limited broadcast only';
    return end({ verdict: 'martian-source', why, ...noHops });
  }
  if (isUnspecified(destination)) {
    return end({ verdict: 'martian-destination', why: '0.0.0.0 can be no destination', ...noHops });
  }
  const martian = loopbackMartian(state, flow, doubts);
  if (martian) return end(martian);

  const lookup = state.policy4.lookup(flow, doubts);
  const found = lookup.error === null;
  if (found && lookup.route!.type === 'broadcast' && !state.settings4.and(iif, 'bc_forwarding', doubts)) {
    return end(broadcastInput(state, flow, lookup, doubts));
  }
  if (found && lookup.route!.type === 'local') return end(localInput(state, flow, lookup, doubts));

  const directed = found && lookup.route!.type === 'broadcast';
  if (!directed && forwardingOff(state, iif, doubts)) {
    const also = found
      ? ''
      : `; it has no way for the packet either (${errorText(lookup, destination.text)})`;
    const why = `${sysctlKey('net.ipv4.conf', iif, 'forwarding')} is 0, so ${iif} passes nothing on${also}`;
    return end({ verdict: 'forwarding-off', why, ...noHops, lookup });
  }
  if (!found) {
    return end({ verdict: lookup.error!, why: errorText(lookup, destination.text), ...noHops, lookup });
  }
  if (!directed && lookup.route!.type !== 'unicast') {
    const why = `${destination.text} is a ${lookup.route!.type} destination: ${routeText(lookup)}`;
    return end({ verdict: 'martian-destination', why, ...noHops, lookup });
  }
  return end(forward(state, flow, lookup, doubts));
}

/** 127/8 without route_localnet: the source is looked at only where the destination is none. */
function loopbackMartian(state: KernelState, flow: Flow, doubts: Doubts): Answer | null {
  const atDestination = isLoopback(flow.destination);
  if (!atDestination && !isLoopback(flow.source!)) return null;
  if (state.settings4.or(flow.iif, 'route_localnet', doubts)) return null;
  const why = `loopback address on ${flow.iif}, which has no route_localnet`;
  return { verdict: atDestination ? 'martian-destination' : 'martian-source', why, ...noHops };
}

/** IN_DEV_FORWARD(): the interface's own value. Setting ip_forward sets it for all of them. */
function forwardingOff(state: KernelState, iif: string, doubts: Doubts): boolean {
  if (state.settings4.known(iif, 'forwarding') === null) {
    const whole = state.snapshot.sysctl?.get('net.ipv4.ip_forward');
    if (whole !== undefined) {
      doubts.add(`sysctl.txt has no forwarding of ${iif}: taken as ip_forward, ${whole}`);
      return whole === '0';
    }
  }
  return state.settings4.own(iif, 'forwarding', doubts) === 0;
}

function localInput(state: KernelState, flow: Flow, lookup: LookupResult, doubts: Doubts): Answer {
  const sourceCheck = validateSource(state, flow, flow.destination, null, doubts);
  const dropped = sourceDrop(state, flow, sourceCheck, lookup);
  if (dropped) return dropped;
  const why = `${flow.destination.text} is the node's own (${routeText(lookup)})`;
  return { verdict: 'local', why, ...noHops, table: lookup.table, lookup, sourceCheck };
}

function broadcastInput(state: KernelState, flow: Flow, lookup: LookupResult | null, doubts: Doubts): Answer {
  // A source of 0.0.0.0 is a DHCP client's.
  const sourceCheck = isUnspecified(flow.source!) ? null : validateSource(state, flow, ANY, null, doubts);
  const dropped = sourceCheck && sourceDrop(state, flow, sourceCheck, lookup);
  if (dropped) return dropped;
  const why = `${flow.destination.text} is a broadcast address`;
  return { verdict: 'broadcast', why, ...noHops, table: lookup?.table ?? null, lookup, sourceCheck };
}

/** ip_mkroute_input(): the source is validated against the device of the next hop that is picked. */
function forward(state: KernelState, flow: Flow, lookup: LookupResult, doubts: Doubts): Answer {
  const checks = new Map<string, SourceCheck>();
  for (const { dev } of lookup.hops) {
    if (!checks.has(dev)) checks.set(dev, validateSource(state, flow, flow.destination, dev, doubts));
  }
  const passing = lookup.hops.filter((hop) => checks.get(hop.dev)!.result === 'accepted');
  if (passing.length > 0 && passing.length < lookup.hops.length) {
    doubts.add(
      `the source is accepted on the way to ${hopsText(passing)} alone, and which of the next hops is taken is not known`,
    );
  }
  const sourceCheck = checks.get((passing[0] ?? lookup.hops[0]!).dev)!;
  const dropped = sourceDrop(state, flow, sourceCheck, lookup);
  if (dropped) return dropped;
  const why = `${routeText(lookup)} leads to ${hopsText(passing)}`;
  return { verdict: 'forward', why, hops: passing, table: lookup.table, lookup, sourceCheck };
}

function sourceDrop(
  state: KernelState,
  flow: Flow,
  sourceCheck: SourceCheck,
  lookup: LookupResult | null,
): Answer | null {
  if (sourceCheck.result === 'accepted') return null;
  const hasAddress = !state.interfaces.addressesKnown || state.interfaces.hasIPv4(flow.iif);
  const why = sourceCheckText(sourceCheck, flow.source!.text, flow.iif, hasAddress);
  return { verdict: sourceCheck.result, why, ...noHops, lookup, sourceCheck };
}

/** ip_mc_validate_source(). No rule or table is asked for a multicast destination. */
function multicastInput(state: KernelState, flow: Flow, doubts: Doubts): Answer {
  const source: Address = flow.source!;
  // Every interface that is up is in the all-hosts group (RFC 1112 section 4).
  const up = state.interfaces.link(flow.iif)?.flags.includes('UP') ?? false;
  if (flow.destination.text !== '224.0.0.1' || !up) {
    doubts.add(
      `whether the node has joined ${flow.destination.text}, or routes multicast, is not in a snapshot`,
    );
  }
  if (isMulticast(source) || isLimitedBroadcast(source)) {
    return { verdict: 'martian-source', why: `${source.text} can be no packet's source`, ...noHops };
  }
  if (isLoopback(source) && !state.settings4.or(flow.iif, 'route_localnet', doubts)) {
    return { verdict: 'martian-source', why: `loopback address on ${flow.iif}`, ...noHops };
  }
  const sourceCheck = isUnspecified(source) ? null : validateSource(state, flow, ANY, null, doubts);
  const dropped = sourceCheck && sourceDrop(state, flow, sourceCheck, null);
  const why = `${flow.destination.text} is a multicast group`;
  return dropped ?? { verdict: 'local', why, ...noHops, sourceCheck };
}

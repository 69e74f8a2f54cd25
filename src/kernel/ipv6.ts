import { type Answer, answer, noHops } from './answer.js';
import { Doubts } from './doubts.js';
import { errorText, hopsText, routeText } from './explain.js';
import { type Flow, inputFlow } from './flow.js';
import type { InputQuestion } from './input.js';
import { isLinkLocal, isLoopback, isMulticast, isUnspecified } from './prefix.js';
import { type OutputQuestion, senderFlow } from './sender-flow.js';
import { solicitedNode } from './solicited-node.js';
import { selectSource6 } from './source-address6.js';
import type { KernelState } from './state.js';
import type { Hop, LookupResult, Verdict } from './verdict.js';

/** ip6_rcv_core(), ip6_route_input() and ip6_forward(). There is no rp_filter. */
export function inputIPv6(state: KernelState, question: InputQuestion): Verdict {
  const doubts = new Doubts();
  const flow = inputFlow(question, state.policy6.dissects);
  return answer(receive(state, flow, doubts), doubts);
}

function receive(state: KernelState, flow: Flow, doubts: Doubts): Answer {
  const source = flow.source!;
  const { destination, iif } = flow;
  if (state.snapshot.links && !state.interfaces.link(iif)) doubts.add(`ip-link.json has no interface ${iif}`);
  if (isMulticast(source) || (isLoopback(source) && iif !== 'lo')) {
    const why = `${source.text} can be no source of what comes in by ${iif}`;
    return { verdict: 'martian-source', why, ...noHops };
  }
  if (isLoopback(destination) && iif !== 'lo') {
    return { verdict: 'martian-destination', why: `loopback address on ${iif}`, ...noHops };
  }
  const lookup = state.policy6.lookup(flow, doubts, needsStrict(flow) ? iif : null);
  if (lookup.error !== null) {
    return { verdict: lookup.error, why: errorText(lookup, destination.text), ...noHops, lookup };
  }
  if (state.settings6.known(iif, 'disable_ipv6') === 1) {
    const why = `net.ipv6.conf.${iif}.disable_ipv6 is 1, so IPv6 that comes in there is dropped`;
    return { verdict: 'blackhole', why, ...noHops, lookup };
  }
  const base = { table: lookup.table, lookup };
  if (isMulticast(destination)) {
    if (!isJoined(state, iif, destination.text)) {
      doubts.add(`whether the node has joined ${destination.text} is not in a snapshot`);
    }
    return { verdict: 'local', why: `${destination.text} is a multicast group`, ...noHops, ...base };
  }
  if (lookup.route!.type !== 'unicast') {
    const why = `${destination.text} is the node's own (${routeText(lookup)})`;
    return { verdict: 'local', why, ...noHops, ...base };
  }
  if (!forwards(state, iif, doubts)) {
    const why = `net.ipv6.conf.all.forwarding is 0, so the node passes nothing on`;
    return { verdict: 'forwarding-off', why, ...noHops, ...base };
  }
  if (isUnspecified(source) || isLinkLocal(source)) {
    const why = `${source.text} is not passed on beyond its link (RFC 4291 section 2.5.6)`;
    return { verdict: 'unreachable', why, ...noHops, ...base };
  }
  const why = `${routeText(lookup)} leads to ${hopsText(lookup.hops)}`;
  return { verdict: 'forward', why, hops: lookup.hops, ...base };
}

/** ip6_forward(): `all`, or since 6.17 the interface's `force_forwarding`. */
function forwards(state: KernelState, iif: string, doubts: Doubts): boolean {
  if (state.settings6.known(iif, 'force_forwarding') === 1) return true;
  return state.settings6.own('all', 'forwarding', doubts) !== 0;
}

/** rt6_need_strict(): such addresses mean something on one link only. */
function needsStrict(flow: Flow): boolean {
  const { destination } = flow;
  return isMulticast(destination) || isLinkLocal(destination) || isLoopback(destination);
}

/** ip6_route_output_flags(). Whether the source is the node's own is the socket's affair, not the route's. */
export function outputIPv6(state: KernelState, question: OutputQuestion): Verdict {
  const doubts = new Doubts();
  const flow = senderFlow(state, question, doubts);
  // A device given together with a source is a preference, without one it binds.
  const strict = needsStrict(flow) || flow.source === null ? flow.oif : null;
  const lookup = state.policy6.lookup(flow, doubts, strict);
  return answer(send(state, flow, lookup, doubts), doubts);
}

function send(state: KernelState, flow: Flow, lookup: LookupResult, doubts: Doubts): Answer {
  const { destination, oif } = flow;
  if (lookup.error !== null) {
    return { verdict: lookup.error, why: errorText(lookup, destination.text), ...noHops, lookup };
  }
  const base = { table: lookup.table, lookup };
  if (lookup.route!.type === 'local' || lookup.route!.type === 'anycast') {
    const why = `${destination.text} is the node's own (${routeText(lookup)})`;
    const preferredSource = sourceFor(state, flow, lookup, lookup.hops, doubts);
    return { verdict: 'local', why, ...noHops, ...base, preferredSource };
  }
  // fib6_select_path() picks among the hops of a multipath route by hash, whatever the device.
  const multipath = lookup.route!.nextHops.length > 1;
  const preferred = multipath ? [] : lookup.hops.filter((hop) => hop.dev === oif);
  const hops = preferred.length > 0 ? preferred : lookup.hops;
  const preferredSource = sourceFor(state, flow, lookup, hops, doubts);
  const why = `${routeText(lookup)}: leaves by ${hopsText(hops)}`;
  return { verdict: 'output', why, hops, ...base, preferredSource };
}

/** ip6_route_get_saddr(); null where there is none, or next hops differ in it. */
function sourceFor(
  state: KernelState,
  { source, destination }: Flow,
  { route }: LookupResult,
  hops: readonly Hop[],
  doubts: Doubts,
): string | null {
  if (source) return source.text;
  if (route!.prefsrc !== null) return route!.prefsrc;
  if (!state.interfaces.addressesKnown) {
    doubts.add('ip-addr.json is missing: the source that the kernel chooses is not known');
    return null;
  }
  const sources = new Set(hops.map(({ dev }) => selectSource6(state, dev, destination)));
  return sources.size === 1 ? [...sources][0]! : null;
}

/** The groups that every host joins, with no program that asks for it: of all nodes, and of each of its addresses. */
function isJoined({ interfaces }: KernelState, device: string, group: string): boolean {
  if (group === 'ff02::1') return true;
  if (!group.startsWith('ff02::1:ff')) return false;
  return interfaces.localAddresses.some(
    ({ interface: name, address }) =>
      name === device && address.includes(':') && solicitedNode(address) === group,
  );
}

import { type Answer, answer, noHops } from './answer.js';
import { Doubts } from './doubts.js';
import { errorText, hopsText, routeText } from './explain.js';
import type { Flow } from './flow.js';
import {
  isLimitedBroadcast,
  isLocalMulticast,
  isLoopback,
  isMulticast,
  isUnspecified,
  toAddress,
} from './prefix.js';
import { type OutputQuestion, senderFlow } from './sender-flow.js';
import { selectSource4 } from './source-address4.js';
import type { KernelState } from './state.js';
import type { Hop, LookupResult, Verdict } from './verdict.js';

/** ip_route_output_key_hash_rcu() and __mkroute_output() of net/ipv4/route.c. */
export function outputIPv4(state: KernelState, question: OutputQuestion): Verdict {
  const doubts = new Doubts();
  return answer(route(state, senderFlow(state, question, doubts), doubts), doubts);
}

function route(state: KernelState, flow: Flow, doubts: Doubts): Answer {
  const { source, destination } = flow;
  if (source) {
    if (isMulticast(source) || isLimitedBroadcast(source)) return notOwn(source.text);
    const owners = devicesOf(state, flow, doubts);
    if (owners.length === 0) return notOwn(source.text);
    if (flow.oif === null && (isMulticast(destination) || isLimitedBroadcast(destination))) {
      // An address that several interfaces hold is found in the order of a hash: all are candidates.
      const hops = owners.map((dev) => ({ dev, via: null }));
      return leave(state, flow, null, hops, doubts);
    }
  }
  if (flow.oif !== null) {
    const link = state.interfaces.link(flow.oif);
    if (!link) doubts.add(`the state of ${flow.oif} is not known: taken as up`);
    else if (!link.flags.includes('UP')) {
      return { verdict: 'no-route', why: `${flow.oif} is down`, ...noHops };
    }
    if (isLocalMulticast(destination) || isLimitedBroadcast(destination)) {
      return leave(state, flow, null, [{ dev: flow.oif, via: null }], doubts);
    }
  }
  if (flow.oif !== null && !source && isMulticast(destination)) {
    // Of a group, the source is chosen before the lookup.
    const chosen = selectSource4(state, flow.oif, null, 'global', doubts);
    if (chosen !== null) return search(state, { ...flow, source: toAddress(chosen) }, doubts);
  }
  if (isUnspecified(destination)) {
    const why = '0.0.0.0 is the node itself to the sender';
    const chosen = flow.oif === null ? null : selectSource4(state, flow.oif, null, 'host', doubts);
    return { verdict: 'local', why, ...noHops, preferredSource: source?.text ?? chosen ?? '127.0.0.1' };
  }

  return search(state, flow, doubts);
}

function search(state: KernelState, flow: Flow, doubts: Doubts): Answer {
  const { destination } = flow;
  const lookup = state.policy4.lookup(flow, doubts);
  if (lookup.error !== null) {
    // Within a VRF the tables have the last word.
    if (flow.oif === null || state.interfaces.vrfs.of(flow.oif) !== null) {
      return { verdict: lookup.error, why: errorText(lookup, destination.text), ...noHops, lookup };
    }
    // "Apparently, routing tables are wrong": a socket bound to a device takes the destination to be on its link.
    return leave(state, flow, lookup, [{ dev: flow.oif, via: null }], doubts);
  }
  if (lookup.route!.type === 'local') return local(flow, lookup);
  return leave(state, flow, lookup, withEqualDefaults(state, flow, lookup, doubts), doubts);
}

function local(flow: Flow, lookup: LookupResult): Answer {
  const own = flow.destination.text;
  const base = {
    table: lookup.table,
    preferredSource: flow.source?.text ?? lookup.route!.prefsrc ?? own,
    lookup,
  };
  if (isLimitedBroadcast(flow.destination)) {
    return { verdict: 'broadcast', why: `${own} is a broadcast address`, ...noHops, ...base };
  }
  return { verdict: 'local', why: `${own} is the node's own (${routeText(lookup)})`, ...noHops, ...base };
}

function notOwn(source: string): Answer {
  const why = `the node has no address ${source}, and cannot send from it`;
  return { verdict: 'martian-source', why, ...noHops };
}

/** __ip_dev_find(): the interfaces that hold the source, or that of the local table's route for it (AnyIP). */
function devicesOf(state: KernelState, flow: Flow, doubts: Doubts): string[] {
  const source = flow.source!;
  const holders = state.interfaces.localAddresses.filter((own) => own.address === source.text);
  if (holders.length > 0) return holders.map((own) => own.interface);
  const { fib, hasCustomRules } = state.policy4;
  const table = hasCustomRules ? fib.table('local') : fib.merged;
  const bare: Flow = { ...flow, destination: source, source: null, oif: null, tos: 0 };
  const found = table?.lookup4(bare, doubts);
  if (!table || !state.interfaces.addressesKnown) {
    doubts.add("ip-addr.json or ip-route.json is missing: not all of the node's addresses are known");
  }
  return found?.kind === 'route' && found.route.type === 'local' ? [found.hops[0]!.dev] : [];
}

/** fib_select_default(): among default routes of one metric it is neighbour state that chooses. */
function withEqualDefaults(state: KernelState, flow: Flow, lookup: LookupResult, doubts: Doubts): Hop[] {
  const { route } = lookup;
  if (lookup.prefixLength !== 0 || flow.oif !== null || lookup.hops.length > 1 || !route) return lookup.hops;
  const equals = [...(state.policy4.fib.table(route.table)?.entriesOf(0) ?? [])].filter(
    (entry) =>
      entry.route !== route &&
      entry.route.type === 'unicast' &&
      entry.route.metric === route.metric &&
      entry.route.tos === route.tos &&
      !entry.route.flags.includes('dead'),
  );
  if (equals.length === 0) return lookup.hops;
  doubts.add('several default routes of one metric: the kernel chooses by neighbour state');
  const others = equals.flatMap((entry) => entry.route.nextHops);
  return [...lookup.hops, ...others.map((hop) => ({ dev: hop.interface ?? '', via: hop.gateway }))];
}

function leave(
  state: KernelState,
  flow: Flow,
  lookup: LookupResult | null,
  candidates: Hop[],
  doubts: Doubts,
): Answer {
  const { source, destination } = flow;
  const sources = candidates.map((hop) => source?.text ?? pickSource(state, lookup, hop, doubts));
  const mayLeave = (hop: Hop, i: number) => !isBoundToHost(state, sources[i]!, hop.dev, doubts);
  const allowed = candidates.filter(mayLeave);
  if (allowed.length === 0) {
    const why = `${sources[0]} may not leave by ${candidates[0]!.dev} without route_localnet`;
    return { verdict: 'martian-source', why, ...noHops, lookup };
  }
  if (allowed.length < candidates.length) {
    doubts.add(
      `a loopback source may leave by ${hopsText(allowed)} alone, and which next hop is taken is not known`,
    );
  }
  // __mkroute_output(): "do not gateway" a group that no multicast route is for.
  const direct = isMulticast(destination) && (lookup?.prefixLength ?? 0) < 4;
  const hops = direct ? allowed.map(({ dev }) => ({ dev, via: null })) : allowed;
  const table = lookup?.error === null ? lookup.table : null;
  const preferredSource = new Set(sources).size === 1 ? sources[0]! : null;
  const base = { hops, table, preferredSource, lookup };
  const broadcast = lookup?.route?.type === 'broadcast' && !isMulticast(destination);
  if (broadcast || isLimitedBroadcast(destination)) {
    const why = `${destination.text} is a broadcast address on ${hops[0]!.dev}`;
    return { verdict: 'broadcast', why, ...base };
  }
  const basis =
    lookup === null || lookup.error !== null
      ? `no route is asked for; ${destination.text} is taken to be on the link`
      : routeText(lookup);
  return { verdict: 'output', why: `${basis}: leaves by ${hopsText(hops)}`, ...base };
}

/** Whether a loopback source keeps the packet from leaving by the device. */
function isBoundToHost(state: KernelState, source: string | null, dev: string, doubts: Doubts): boolean {
  if (source === null || dev === 'lo' || !isLoopback(toAddress(source))) return false;
  return !state.settings4.or(dev, 'route_localnet', doubts);
}

/** fib_result_prefsrc(), or inet_select_addr() where no route was found. */
function pickSource(
  state: KernelState,
  lookup: LookupResult | null,
  hop: Hop,
  doubts: Doubts,
): string | null {
  if (lookup?.error !== null || !lookup.route) return selectSource4(state, hop.dev, null, 'link', doubts);
  const { prefsrc, scope, nextHopId } = lookup.route;
  if (prefsrc !== null) return prefsrc;
  const chosen = selectSource4(state, hop.dev, hop.via, scope, doubts);
  if (nextHopId === undefined) return chosen;
  // A next hop object keeps the source that it was made with until an address of the node changes (nh_saddr_genid).
  const first = selectSource4(state, hop.dev, hop.via, 'link', doubts);
  if (first !== chosen) {
    doubts.add(
      `the source is ${first} or ${chosen}, by whether addresses changed after next hop ${nextHopId} was made`,
    );
  }
  return first;
}

import type { Doubts } from './doubts.js';
import type { Flow } from './flow.js';
import { type Address, isUnspecified } from './prefix.js';
import type { KernelState } from './state.js';
import type { SourceCheck } from './verdict.js';

/**
 * fib_validate_source() of net/ipv4/fib_frontend.c.
 *
 * @param flow the packet
 * @param destination as the lookup of the way back sees it: 0.0.0.0 for broadcasts, whatever they were sent to
 * @param output the device that the packet would leave by; null where it is for the node itself
 */
export function validateSource(
  state: KernelState,
  flow: Flow,
  destination: Address,
  output: string | null,
  doubts: Doubts,
): SourceCheck {
  const { settings4: settings, policy4: policy, interfaces } = state;
  const iif = flow.iif;
  const source = flow.source!;
  const rpFilter = settings.max(iif, 'rp_filter', doubts);
  const check: SourceCheck = {
    rpFilter: rpFilter.value,
    rpFilterAll: rpFilter.all,
    rpFilterInterface: rpFilter.own,
    shortCut: false,
    wayBack: null,
    wayBackInterface: interfaces.vrfs.of(iif) ?? output ?? 'lo',
    wayBackMark: 0,
    result: 'accepted',
  };
  const end = (result: SourceCheck['result']) => {
    check.result = result;
    return check;
  };

  if (rpFilter.value === 0 && (output !== iif || !settings.or(iif, 'send_redirects', doubts))) {
    const custom = policy.fib.hasCustomLocalRoutes || policy.hasCustomRules;
    const own = custom || isOwn(state, source, doubts);
    // accept_local is asked for only where it decides, so that its absence is no doubt elsewhere.
    const acceptsLocal = own && settings.or(iif, 'accept_local', doubts);
    if (acceptsLocal || !custom) {
      check.shortCut = true;
      return end(own && !acceptsLocal ? 'martian-source' : 'accepted');
    }
  }

  const withMark = policy.usesMarks && flow.mark !== 0 && settings.or(iif, 'src_valid_mark', doubts);
  check.wayBackMark = withMark ? (flow.mark ?? 0) : 0;
  const wayBack = policy.lookup(
    {
      destination: source,
      source: isUnspecified(destination) ? null : destination,
      iif: check.wayBackInterface,
      oif: null,
      mark: withMark ? flow.mark : 0,
      tos: flow.tos,
      protocol: flow.protocol,
      // A rule on ports sees those of the reply.
      sourcePort: flow.destinationPort,
      destinationPort: flow.sourcePort,
      uid: flow.uid,
    },
    doubts,
  );
  check.wayBack = wayBack;
  const drop = () => end('rp-filter');

  if (wayBack.error !== null) return rpFilter.value ? drop() : end('accepted');
  const route = wayBack.route!;
  if (route.type === 'local') {
    if (!settings.or(iif, 'accept_local', doubts)) return end('martian-source');
    if (iif === 'lo') return end('accepted');
  } else if (route.type !== 'unicast') return end('martian-source');

  // fib_info_nh_uses_dev(): dead next hops count as well.
  if (route.nextHops.some((hop) => hop.interface === iif)) return end('accepted');
  if (!interfaces.addressesKnown) {
    doubts.add(`ip-addr.json is missing: ${iif} is taken to have an IPv4 address`);
  } else if (!interfaces.hasIPv4(iif)) return rpFilter.value ? drop() : end('accepted');
  return rpFilter.value === 1 ? drop() : end('accepted');
}

/** inet_lookup_ifaddr_rcu() */
function isOwn(state: KernelState, source: Address, doubts: Doubts): boolean {
  if (!state.interfaces.addressesKnown) {
    doubts.add("ip-addr.json is missing: the node's addresses are not known");
  }
  return state.interfaces.hasAddress(source.text);
}

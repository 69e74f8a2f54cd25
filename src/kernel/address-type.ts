import type { Doubts } from './doubts.js';
import type { Flow } from './flow.js';
import { type Address, isLimitedBroadcast, isMulticast, isUnspecified, toAddress } from './prefix.js';
import type { KernelState } from './state.js';

/**
 * inet_dev_addr_type() of fib_frontend.c, and match_lookup_rt6() of xt_addrtype.c: what an address is to the node.
 *
 * @param device where not null, the one that a local or broadcast address has to be of
 * @returns a route type's name (`local`, `unicast`, `broadcast`, `multicast`, …); `unspec` for `::`
 */
export function addressType(state: KernelState, text: string, device: string | null, doubts: Doubts): string {
  const address = toAddress(text);
  if (isMulticast(address)) return 'multicast';
  if (address.family === 6) return addressType6(state, address, device, doubts);
  if (isUnspecified(address) || isLimitedBroadcast(address)) return 'broadcast';
  const { fib, hasCustomRules } = state.policy4;
  const table = hasCustomRules ? fib.table('local') : fib.merged;
  const found = table?.lookup4(bareFlow(address), doubts);
  if (found?.kind !== 'route') return 'unicast';
  return device === null || found.hops[0]!.dev === device ? found.route.type : 'unicast';
}

function addressType6(state: KernelState, address: Address, device: string | null, doubts: Doubts): string {
  if (isUnspecified(address)) return 'unspec';
  if (device !== null && state.interfaces.holds(device, address.text)) return 'local';
  const flow = { ...bareFlow(address), oif: device };
  const found = state.policy6.lookup(flow, doubts);
  if (found.error !== null) return 'unreachable';
  const { type } = found.route!;
  return type === 'anycast' || (type === 'local' && device === null) ? type : 'unicast';
}

function bareFlow(destination: Address): Flow {
  return {
    destination,
    source: null,
    iif: 'lo',
    oif: null,
    mark: 0,
    tos: 0,
    protocol: '0',
    sourcePort: 0,
    destinationPort: 0,
    uid: 0,
  };
}

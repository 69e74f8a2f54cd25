import type { InterfaceAddress } from '../../model/snapshot.js';
import { Doubts } from '../doubts.js';
import { isLinkLocal, toAddress } from '../prefix.js';
import type { KernelState } from '../state.js';
import { type Resolution, resolvesNothing, type SenderChoice } from './arp-announcement.js';
import { withAssumptions } from './neighbour-answer.js';

/**
 * The source of the neighbour solicitation for a neighbour: ndisc_solicit() and ndisc_send_ns() of
 * net/ipv6/ndisc.c.
 *
 * @throws RangeError where an address is none
 */
export function neighbourSolicitationSource(state: KernelState, resolution: Resolution): SenderChoice {
  const doubts = new Doubts();
  const [sender, why] = choose(state, resolution, doubts);
  return { sender, why: withAssumptions(why, doubts), unknown: doubts.lines };
}

function choose(state: KernelState, resolution: Resolution, doubts: Doubts): [string | null, string] {
  const { interface: device, packetSource } = resolution;
  const silent = resolvesNothing(state, device, doubts);
  if (silent !== null) return [null, silent];
  if (!state.interfaces.addressesKnown) doubts.add('ip-addr.json is missing: no address is known');

  const usable = state.interfaces.localAddresses.filter((a) => a.interface === device && isCertain(a));
  const source = packetSource === null ? null : toAddress(packetSource).text;
  if (source !== null && usable.some((a) => a.address === source)) {
    return [source, `the packet's source is on ${device}`];
  }
  // ipv6_get_lladdr() goes through the interface's list from its end.
  const linkLocal = usable.findLast((a) => a.address.includes(':') && isLinkLocal(toAddress(a.address)));
  if (!linkLocal) return [null, `${device} has no link-local address to ask from`];
  const why = source === null ? 'no packet waits' : `the packet's source is not on ${device}`;
  return [linkLocal.address, `${why}: its link-local address is taken`];
}

/** Neither tentative nor optimistic (RFC 4429 section 3.2). */
function isCertain({ flags }: InterfaceAddress): boolean {
  return !flags.some((flag) => flag === 'tentative' || flag === 'optimistic' || flag === 'dadfailed');
}

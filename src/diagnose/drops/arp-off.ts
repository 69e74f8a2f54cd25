/** Frames that leave an Ethernet device on which ARP is turned off: they bear its own MAC, and nobody takes them in. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Link } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import { TUNNELS } from '../../network/link.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence } from '../evidence.js';
import { lossOf } from '../loss.js';
import { inputInterface } from '../place.js';
import { shellWord } from '../shell-word.js';
import { PACKETS } from '../words.js';
import type { KnownOfLoss } from './known-of-loss.js';

/**
 * IFF_NOARP (`ip link set DEV arp off`): arp_constructor() and ndisc_constructor() give an entry that nobody set the
 * device's own MAC.
 *
 * @returns null where the packet did not leave by such a device, or by an entry that somebody set
 */
export function arpOff(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const loss = lossOf(attempt);
  if (!loss || loss.made || loss.last.direction !== 'out') return null;
  const { point } = loss.last;
  const view = context.node(point.node, point.netns);
  const name = view && inputInterface(loss.last, view);
  const link = view?.snapshot?.links?.find((one) => one.name === name);
  if (!view || !link || !isSilenced(link) || hasEntries(view, link)) return null;
  const label = stationLabel(point.node, point.netns);
  const what =
    loss.last.encapsulations.length > 0
      ? `what carries the ${PACKETS[loss.role]}`
      : `the ${PACKETS[loss.role]}`;
  const device = shellWord(link.name);
  return {
    words: `${label} sends ${what} by ${link.name}, on which ARP is turned off: with no neighbour entry there its frames bear the MAC of ${link.name} itself, and nobody takes them in`,
    evidence: [
      evidence('model', `${link.name}: ${link.flags.join(', ')}`, { node: point.node, file: 'ip-link.json' }),
    ],
    gap: {
      node: point.node,
      interface: point.netns === null ? link.name : null,
      why: `what turned ARP off on ${link.name} of ${label}, and for what, is to be seen there; turned on again, it asks for its next hop`,
      capture: `ip link show dev ${device}; ip neigh show dev ${device}; ip link set ${device} arp on`,
    },
  };
}

function isSilenced({ flags, type, kind }: Link): boolean {
  const isEthernet = type === 'ether' && flags.includes('BROADCAST');
  return isEthernet && flags.includes('NOARP') && kind !== 'dummy' && !TUNNELS.has(kind ?? '');
}

function hasEntries({ snapshot }: NodeView, { name }: Link): boolean {
  const entries = snapshot!.neighbours;
  return (
    entries === null || entries === undefined || entries.some((n) => n.interface === name && n.mac !== null)
  );
}

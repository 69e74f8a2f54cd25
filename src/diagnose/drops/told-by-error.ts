/** A node that says itself, by an ICMP error, that it did not pass the packet on: in more words than that there is none. */

import type { Attempt } from '../../correlate/attempt.js';
import { isDeliveryFailure, isPortUnreachable } from '../../correlate/icmp-errors.js';
import type { Evidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { QUOTED } from '../evidence.js';
import { ipCommandFor } from '../ip-command.js';
import { lossOf } from '../loss.js';
import { PACKETS } from '../words.js';
import { IN_VAIN } from './asked-in-vain.js';
import type { KnownOfLoss } from './known-of-loss.js';
import { stateEvidence } from './unresolved-evidence.js';

/** What Linux sends the error for, and what shows it there. */
interface Meaning {
  /** The error's name. */
  name: string;
  /** As clauses about who sent it, to follow a colon. */
  why: string;
  /** What else it may be, where the node's own list of neighbours does not speak against it. */
  orInVain?: string;
  look: 'routes' | 'sizes' | 'neighbours' | 'rules';
}

const PROHIBITED: Omit<Meaning, 'name'> = {
  why: 'a rule of its firewall rejects them, or a route or routing rule of it prohibits them',
  look: 'rules',
};

const UNREACHABLE: Meaning = {
  name: 'network unreachable',
  why: 'it has no route for them, or a rule of it says so',
  look: 'routes',
};

/** ip_error(), ipv4_link_failure(): RFC 792, RFC 1122 and RFC 1812, by type and code. */
const V4: Readonly<Record<string, Meaning>> = {
  '3/0': UNREACHABLE,
  '3/1': {
    name: 'host unreachable',
    why: 'it does not forward where they come in, or a route or rule of it says so',
    orInVain: 'nobody answers its ARP requests for their next hop',
    look: 'neighbours',
  },
  '3/2': { name: 'protocol unreachable', why: 'a rule of its firewall rejects them so', look: 'rules' },
  '3/3': { name: 'port unreachable', why: 'a rule of its firewall rejects them so', look: 'rules' },
  '3/4': {
    name: 'fragmentation needed',
    why: 'they are larger than the link that they are to take (its MTU, or less that was learned of the path), and forbid to fragment them',
    look: 'sizes',
  },
  '3/9': { name: 'network prohibited', ...PROHIBITED },
  '3/10': { name: 'host prohibited', ...PROHIBITED },
  '3/13': { name: 'administratively prohibited', ...PROHIBITED },
};

/** ip6_pkt_prohibit(), ip6_link_failure(): RFC 4443. */
const V6: Readonly<Record<string, Meaning>> = {
  '1/0': { ...UNREACHABLE, name: 'no route to destination' },
  '1/1': { name: 'administratively prohibited', ...PROHIBITED },
  '1/3': {
    name: 'address unreachable',
    why: 'a route or rule of it says so',
    orInVain: 'nobody answers its neighbour solicitations for their next hop',
    look: 'neighbours',
  },
  '1/4': { name: 'port unreachable', why: 'a rule of its firewall rejects them so', look: 'rules' },
  '1/5': { name: 'failed policy', ...PROHIBITED },
  '1/6': { name: 'reject route to destination', ...PROHIBITED },
};

/** @returns null where no error tells of a packet like the one that was lost */
export function toldByError(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const loss = lossOf(attempt);
  if (!loss || loss.made) return null;
  const { role } = loss;
  const error = attempt.others.find(
    (s) => s.fromClient === (role === 'request') && isDeliveryFailure(s) && meaningOf(s, false) !== null,
  );
  const meaning = error && meaningOf(error, loss.last.encapsulations.length > 0);
  if (!error || !meaning) return null;
  const { from } = error.icmp!;
  const sender = context.ownerOfAddress(from);
  const who = sender ? `${sender.name} (${from})` : from;
  const vain = sender && meaning.orInVain ? askedInVain(sender) : [];
  const isNoneKnown = sender?.snapshot?.neighbours && vain.length === 0;
  const also = meaning.orInVain && !isNoneKnown ? `${meaning.orInVain}, or ` : '';
  return {
    words: `${who} answers the ${PACKETS[role]} with ICMP ${meaning.name}: ${also}${meaning.why}`,
    // The errors are told in any case.
    evidence: vain,
    gap: {
      node: sender?.name ?? null,
      interface: null,
      why: `which of these it is shows at ${who} alone`,
      capture: commandFor(meaning, error),
    },
  };
}

/** @param isCarried the packet is within a tunnel packet, which may be what the error is about */
function meaningOf(error: Sighting, isCarried: boolean): Meaning | null {
  const { version, type, code } = error.icmp!;
  const meaning = (version === 4 ? V4 : V6)[`${type}/${code}`] ?? null;
  if (!meaning || !isPortUnreachable(error)) return meaning;
  // A host says so of its own: a client that gave up has closed its socket before a late reply comes.
  if (!isCarried && error.icmp!.from === error.destination.address) {
    return { ...meaning, why: `nothing there waits for them any more, or ${meaning.why}` };
  }
  if (!isCarried) return meaning;
  return { ...meaning, why: `nothing there listens at their tunnel's port, or ${meaning.why}` };
}

/** The next hops that the node itself got no answer of: the one that it sent the packet to is among them, if that is it. */
function askedInVain({ name: node, snapshot }: NodeView): Evidence[] {
  return (snapshot?.neighbours ?? [])
    .filter(({ states }) => states.some((state) => IN_VAIN.has(state)))
    .slice(0, QUOTED)
    .map((entry) => stateEvidence(entry, node));
}

/** @param error quotes the packet as it came to who sent it */
function commandFor({ look }: Meaning, { source, destination }: Sighting): string {
  const isIPv6 = destination.address.includes(':');
  const ip = ipCommandFor(destination.address);
  const way = `${ip} route get ${destination.address} from ${source.address} iif IFACE; ${ip} rule show`;
  switch (look) {
    case 'routes':
      return way;
    case 'sizes':
      return `${way}; ip link show`;
    case 'neighbours':
      return `${ip} neigh show; ${way}; sysctl -ar '\\.forwarding$'`;
    case 'rules':
      return `${isIPv6 ? 'ip6tables' : 'iptables'}-save -c; nft list ruleset; ${way}`;
  }
}

/** A rule that dropped what should get through: another in front of it, as narrow as the connection allows. */

import type { FilterDrop } from '../../../kernel/netfilter/passage.js';
import { type Hook, isDeviceHook } from '../../../kernel/netfilter/rule-set.js';
import { hasPorts } from '../../../kernel/protocols.js';
import { outerInterfaces } from '../../../network/link.js';
import type { Risk } from '../../prediction/risk.js';
import { PACKETS } from '../../words.js';
import { COST, type FixIdea, type IdeasFor } from '../idea.js';
import { astrayIdeas, turningOff } from './astray.js';
import { acceptAt, placeOfDrop, type RulePlace, type Selector } from './firewall.js';
import { isTranslated, podNetwork } from './way-in.js';

export const filteredIdeas: IdeasFor = (problem) => {
  const [risk] = problem.risks;
  const { drop } = risk!;
  const idea = drop?.by === 'netfilter' ? accepting(risk!, drop) : null;
  if (!idea) return astrayIdeas(problem);
  // A firewall that never saw the request does right to refuse its reply.
  const isAstray = turningOff(risk!) !== null;
  return [...astrayIdeas(problem), { ...idea, cost: idea.cost + (isAstray ? COST.hole : 0) }];
};

/** @returns null where the rule is not an administrator's: what wrote it has its own way to be told, and takes back what others write */
export function accepting(risk: Risk, drop: FilterDrop): FixIdea | null {
  const { station, role, carrier } = risk;
  const place = placeOfDrop(station, drop);
  if (!place || isKept(place.chain) || place.table === KUBE_PROXY) return null;
  const selector = carrier ? tunnelSelector(risk) : packetSelector(risk, drop);
  if (!selector) return null;
  const what = carrier ? 'the tunnel between the nodes' : PACKETS[role];
  return {
    summary: `Let ${what} through on ${station.label}, before ${ruleName(place)}.`,
    steps: [acceptAt(station, place, selector)],
    risk: `The rule was put there for a reason: ask whoever keeps the firewall of ${station.label}. The new one lets through ${scopeText(selector)}, and no more.`,
    cost: COST.change + COST.looser,
  };
}

/** Chains that kube-proxy, a network policy controller, or docker makes from what it is told elsewhere. */
const OWNED = /^(KUBE-|cali-|CILIUM_|cilium|WEAVE-|ANTREA-|DOCKER(?!-USER))/;

/** Whether a program keeps the chain, and takes back what others write to it. */
export function isKept(chain: string): boolean {
  return OWNED.test(chain);
}

/** The table that kube-proxy writes in nftables mode, and takes others' rules out of whenever it writes it anew. */
const KUBE_PROXY = 'kube-proxy';

export function ruleName(place: RulePlace): string {
  const where =
    place.tool === 'nft' ? `${place.family} ${place.table} ${place.chain}` : `${place.table} ${place.chain}`;
  return place.rule === null ? `the policy of ${where} drops them` : `the rule that drops them in ${where}`;
}

/** Hooks at which the interface that a packet came in by is no longer asked for. */
const LEAVING: ReadonlySet<Hook> = new Set(['output', 'postrouting', 'egress']);

function packetSelector(risk: Risk, drop: FilterDrop): Selector | null {
  const { leg, role, station, interface: name, trip } = risk;
  const { packet } = leg.passage;
  const { protocol, family, source, destination } = packet;
  const widened = (address: string) =>
    isTranslated(risk) && address !== trip.server.address
      ? podNetwork(station, address, outerInterfaces(station))
      : address;
  const input = LEAVING.has(drop.hook) ? null : name;
  const base = {
    family,
    protocol,
    input,
    source: null,
    destination: null,
    sourcePort: null,
    destinationPort: null,
  };
  if (!hasPorts(protocol) && !/icmp/.test(protocol)) return null;
  // A device's rules may not ask for the state of a connection.
  const isKnown = packet.connection?.state === 'established' && !isDeviceHook(drop.hook);
  if (role === 'request' || role === 'client-ack') {
    const { destinationPort } = packet;
    const established = role === 'client-ack' && isKnown;
    return { ...base, destination: widened(destination.text), destinationPort, established };
  }
  const established = isKnown && packet.direction === 'reply';
  return { ...base, source: widened(source.text), sourcePort: packet.sourcePort, established };
}

/** The outer packets between two nodes, by their addresses and the tunnel's port. */
function tunnelSelector({ leg, station }: Risk): Selector | null {
  const near = leg.station.model.link(leg.hop?.dev ?? '')?.vxlan;
  if (!near?.local) return null;
  const far = station.snapshot.links?.find((link) => link.vxlan?.id === near.id)?.vxlan?.local ?? null;
  return {
    family: near.local.includes(':') ? 6 : 4,
    protocol: 'udp',
    input: null,
    source: near.local,
    // Where the sender itself drops it, the far end is not on the way yet.
    destination: station.label === leg.station.label ? null : far,
    sourcePort: null,
    destinationPort: near.port,
    established: false,
  };
}

function scopeText({
  protocol,
  source,
  destination,
  sourcePort,
  destinationPort,
  established,
}: Selector): string {
  const from = source === null ? '' : ` from ${source}${sourcePort === null ? '' : ` port ${sourcePort}`}`;
  const to = destination === null ? '' : ` to ${destination}`;
  const port = destinationPort === null ? '' : ` port ${destinationPort}`;
  const known = `${source === null ? 'packets' : 'answers'} of known connections, `;
  return `${established ? known : ''}${protocol}${from}${to}${port}`;
}

import type { PacketRole } from '../../model/analysis.js';
import { roundTripText, wayText } from '../../network/narrate.js';
import type { Risk } from '../prediction/risk.js';
import type { FixIdea } from './idea.js';
import { isKept } from './ideas/filtered.js';
import { placeOfDrop } from './ideas/firewall.js';
import type { TrialResult } from './trial.js';

/** Of the ways in which trials ended, those that are told; the rest is counted. */
const TOLD = 3;

/** What a search for a fix has tried, and how each of it ended. */
export class SearchLog {
  readonly #ends: string[] = [];

  /** @param end what became of the connections with these ideas carried out */
  add(ideas: readonly FixIdea[], end: string): void {
    const what = ideas.map(({ summary }) => `"${summary.replace(/\.$/, '')}"`).join(' with ');
    this.#ends.push(`${what} (${end})`);
  }

  /** Why there is no fix, as a clause. */
  get text(): string {
    const ends = [...new Set(this.#ends)];
    const rest = ends.length > TOLD ? `; and ${ends.length - TOLD} more` : '';
    return `of what was tried in the model of the nodes' routes, rules and settings nothing helps: ${ends.slice(0, TOLD).join('; ')}${rest}`;
  }
}

/** What is in the way next. */
export function nextText({ cause, station, trip }: Risk): string {
  if (trip.fate.kind !== 'undelivered') return `what comes next is ${cause} on ${station.label}`;
  return `the request then goes ${wayText(trip.request)}, and what takes it from there is in no snapshot`;
}

/** Why nothing can be tried about it. */
export function nothingKnown(risk: Risk): string {
  const { station, drop } = risk;
  const chain = drop?.by === 'netfilter' ? placeOfDrop(station, drop)?.chain : undefined;
  if (chain !== undefined && isKept(chain)) {
    return `the rule is in ${chain} on ${station.label}, which a program writes and would write anew: change what it makes its rules of, such as ${sourceOf(chain)}`;
  }
  return `no change of the nodes' settings is known against it: ${walkEnd(risk)}`;
}

/** kube-proxy knows no policies of who may ask, but who answers. */
function sourceOf(chain: string): string {
  return chain.startsWith('KUBE-') && !/^KUBE-(NWPLCY|POD-FW)/.test(chain)
    ? 'the Service (a ready endpoint on this node where its traffic policy is Local, loadBalancerSourceRanges) or which node announces it'
    : 'a NetworkPolicy';
}

const PACKET: Readonly<Record<PacketRole, string>> = {
  request: 'request',
  reply: 'reply',
  'client-ack': "client's ACK",
  'server-ack': "server's ACK",
};

/** How a connection that is walked through the nodes' settings fails. */
function walkEnd({ cause, role, station: { label }, trip }: Risk): string {
  if (trip.fate.kind === 'undelivered') return trip.fate.why;
  switch (cause) {
    case 'stateful-gateway':
      return `by them ${roundTripText(trip)}`;
    case 'wrong-gateway':
      return `by them the reply leaves ${label} by another way than the request came`;
    case 'untranslated-reply':
      return `by them the reply leaves ${label} with another address than the client asked`;
    default:
      return `by them ${label} drops the ${PACKET[role]} (${cause})`;
  }
}

/** Why nothing was tried, where the walks show nothing that could be mended. */
export function nothingToMend(results: readonly (TrialResult | null)[]): string {
  const known = results.filter((result) => result !== null);
  if (known.length === 0) return 'the snapshots do not suffice to follow the packets through the nodes';
  const open = known.find(({ mended }) => mended !== true);
  if (open) return `no change is known that would settle how they end by the snapshots: ${open.text}`;
  return "by the nodes' routes, rules and settings the packets get through as it is: they were changed since, or what stopped the packets is in no snapshot";
}

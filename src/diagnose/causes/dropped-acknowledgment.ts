import type { Attempt } from '../../correlate/attempt.js';
import type { PassageDrop } from '../../kernel/netfilter/passage.js';
import { familyOf } from '../../model/address.js';
import type { CauseId, Confidence, Role } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DropRecord, MartianRecord } from '../../model/snapshot.js';
import { type Cause, cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { isWatchedAfterAsking } from '../cut-short.js';
import { type CounterRise, resetsOf } from '../drops/records.js';
import { isDated, matchMartians } from '../kernel-records.js';
import { lossOf } from '../loss.js';
import { placeAfter, routedDestinations } from '../place.js';
import { causeOf } from '../prediction/risk.js';
import { TAKEN_AS_MADE } from '../symptom.js';
import { ackDropRecords, dropCounter } from '../ways/ack-drop.js';
import { wayInto } from '../ways/crossing.js';
import { type AckFate, fateOfAck, type Gateway, gatewayOf, isDropped } from '../ways/gateway.js';
import { acknowledgmentsOf, farthestOf, isStuck } from '../ways/handshake.js';
import { remembered } from '../ways/remembered.js';
import { isServed, isServer } from '../ways/served.js';
import { isUnconfirmed } from '../ways/unconfirmed.js';
import { concludeDroppedAcknowledgment } from './dropped-acknowledgment-finding.js';

export interface DroppedAcknowledgmentProof {
  node: NodeView;
  /** Null where the node's log alone tells. */
  drop: PassageDrop | null;
  /** The node as the one that the SYN came to. */
  gateway: Gateway;
  /** The client's ACK where it was seen last; where none was captured, the SYN that the node handed on. */
  last: Sighting;
  /** It was captured on its way into the node, and on none out of it. */
  seen: boolean;
  /** The node's drop reasons of this kind, when the ACK came. */
  records: DropRecord[];
  /** The resets with which its rule answered in the place of the server. */
  answers: readonly Sighting[];
  /** The lines of the node's log about packets of these addresses, of the reverse-path check alone. */
  martians: MartianRecord[];
  counter: CounterRise | null;
}

/**
 * A node lets the SYN and the SYN-ACK pass and drops the ACK that ends the handshake, whatever is known of its
 * connection: the client is connected, and the server sends its SYN-ACK again and gets no ACK. A rule takes the ACK for
 * its flags, or it lacks the mark that the SYN was given, by which that had its way back or its way on.
 *
 * Proof: the ACK captured on its way in and not out, where the SYN was; the settings; the kernel's record. The settings
 * alone, of a node that was not captured, make it possible. Against: an ACK that was seen farther on; a rule that would
 * let it pass, had the reply come by the node (`stateful-gateway.ts`); a counter that did not move.
 */
function droppedAcknowledgment(id: CauseId): Cause {
  return cause<DroppedAcknowledgmentProof>({
    id,
    symptoms: [...TAKEN_AS_MADE, 'reply-unseen', 'reply-lost', 'slow'],
    // Without any node's settings nothing is known of what they drop, and no healthy connection need be looked at.
    applies: ({ network }) => network.isKnown,
    examine: (attempt, context) => examine(id, attempt, context),
    conclude: (suspicions, context) => concludeDroppedAcknowledgment(id, suspicions, context),
  });
}

/** One of each cause for which a node may drop an ACK and not its SYN. */
export const DROPPED_ACKNOWLEDGMENTS: readonly Cause[] = (
  ['netfilter-rpfilter', 'filtered', 'rp-filter', 'no-route'] satisfies CauseId[]
).map(droppedAcknowledgment);

function examine(
  id: CauseId,
  attempt: Attempt,
  context: DiagnosisContext,
): Suspicion<DroppedAcknowledgmentProof> | null {
  if (attempt.protocol !== 'tcp' || attempt.legs.some((leg) => leg.serverSpoke)) return null;
  if (!mayLackAck(attempt, context)) return null;
  const found = foundOf(attempt, context);
  if (!found) return null;
  const { fate, last, seen } = found;
  const { view: node, device } = found.gateway;
  const drop = isDropped(fate) ? fate : null;
  if (drop && causeOf(drop) !== id) return null;
  const acks = acknowledgmentsOf(attempt);
  const martians = id === 'rp-filter' && device !== null ? martiansOf(attempt, found, acks, context) : [];
  if (!drop && !martians.some(isDated)) return null;
  const answers = drop ? resetsOf(attempt, drop, node) : [];
  // Whoever reset it had the ACK, unless a rule did.
  if (attempt.disowned && answers.length === 0) return null;
  const counter = drop
    ? dropCounter(drop, { family: familyOf(attempt.client.address)!, input: true }, node)
    : null;
  if (counter?.rise === 0) return null;
  const records = seen ? ackDropRecords(node, acks, id) : [];
  const proof = { node, drop, gateway: found.gateway, last, seen, records, answers, martians, counter };
  return {
    attempt,
    confidence: confidenceOf(attempt, fate, proof, context),
    node: node.name,
    interface: device,
    aspect: `acknowledgment ${node.netns} ${aspectOf(drop)}`,
    proof,
  };
}

/** Whether something shows that the server goes without it. */
function mayLackAck(attempt: Attempt, context: DiagnosisContext): boolean {
  return attempt.outcome === 'reply-unseen' || isStuck(attempt) || isUnconfirmed(attempt, context);
}

function confidenceOf(
  { client }: Attempt,
  fate: AckFate,
  { node, seen, records, answers, martians }: DroppedAcknowledgmentProof,
  context: DiagnosisContext,
): Confidence {
  if (!seen) return 'possible';
  const isLogged = martians.some(isDated);
  if (isDropped(fate)) return records.length > 0 || answers.length > 0 || isLogged ? 'confirmed' : 'probable';
  // A line names no port: what other packets of the client were lost there may have it. And the settings may let it in.
  const isOwn = !losersAt(node.name, context).has(client.address);
  return fate === null && isOwn ? 'confirmed' : 'possible';
}

/** Whose packets were seen last on a node: the clients of attempts that lost some. */
const losersAt = remembered(
  (node: string) => node,
  (node, { attempts }): ReadonlySet<string> =>
    new Set(attempts.flatMap((a) => (lossOf(a)?.last.point.node === node ? [a.client.address] : []))),
);

function aspectOf(drop: PassageDrop | null): string {
  if (!drop) return 'logged';
  if (drop.by === 'routing') return drop.verdict.verdict;
  return `${drop.hook} ${drop.chain} ${drop.rule?.text ?? ''}`;
}

function martiansOf(
  attempt: Attempt,
  { gateway: { view, device }, last, seen }: Found,
  acks: readonly Sighting[],
  context: DiagnosisContext,
): MartianRecord[] {
  const times = acks.flatMap((ack) => context.clocks.timeAt(view.name, ack) ?? []);
  if (!seen || times.length === 0) return [];
  const destinations = routedDestinations(attempt, { role: 'request', last }, context);
  return matchMartians(view, { source: last.source.address, destinations, interface: device, times });
}

/** Where the ACK may have been dropped, and what the settings there say. */
interface Found {
  gateway: Gateway;
  fate: AckFate;
  last: Sighting;
  seen: boolean;
}

const foundOf = remembered(
  (attempt: Attempt) => attempt,
  (attempt, context) => whereSeenLast(attempt, context) ?? withoutAck(attempt, context),
);

function whereSeenLast(attempt: Attempt, context: DiagnosisContext): Found | null {
  const acks = acknowledgmentsOf(attempt);
  const last = farthestOf(acks);
  const place = last && placeAfter(last, context);
  if (!place || place.interface === null) return null;
  const { node, seen } = place;
  // Where it was captured, it would have been seen to come in.
  if (!seen && context.watches(node, acks)) return null;
  const gateway = gatewayOf(attempt, node);
  if (seen && gateway.device !== place.interface) return null;
  // Where the SYN was seen to leave, the ACK would have been; the server's own node has no way out for it.
  const hasLeft = sightingsAt(node, attempt, 'request').some((s) => s.direction === 'out');
  if (seen && !hasLeft && !hasAnswered(node, attempt)) return null;
  const known = { ...gateway, device: place.interface };
  return { gateway: known, fate: fateAt(known, attempt, last, context), last, seen };
}

/** No ACK was captured: by the settings alone of the node that handed the SYN to the last one that was. */
function withoutAck(attempt: Attempt, context: DiagnosisContext): Found | null {
  if (acknowledgmentsOf(attempt).length > 0) return null;
  const asked = attempt.traces.findLast((trace) => trace.role === 'request')?.sightings ?? [];
  const end = asked.at(-1)?.point;
  const server = end && context.node(end.node, end.netns);
  const into = server && wayInto(asked, server);
  if (!into || into.mac === null || !isWatchedAfterAsking(attempt, context)) return null;
  const node = context.ownerOfMac(into.mac);
  if (!node || node === server || context.watches(node, asked)) return null;
  if (isServed(attempt, context)) return null;
  const gateway = gatewayOf(attempt, node);
  const fate = fateAt(gateway, attempt, into.sighting, context);
  return { gateway, fate, last: into.sighting, seen: false };
}

/** What it makes of the ACK whether or not the SYN-ACK came by it; where that did, this alone counts. */
function fateAt(gateway: Gateway, attempt: Attempt, seen: Sighting, context: DiagnosisContext): AckFate {
  const fate = fateOfAck(attempt, gateway, seen, 'answered', context);
  if (!isDropped(fate)) return fate;
  if (sightingsAt(gateway.view, attempt, 'reply').length > 0) return fate;
  return isDropped(fateOfAck(attempt, gateway, seen, 'unanswered', context)) ? fate : null;
}

/** Whether the SYN-ACK, which is sent again, was first seen as the node itself sent it. */
function hasAnswered(node: NodeView, attempt: Attempt): boolean {
  const [first] = attempt.traces.find(({ role }) => role === 'reply')?.sightings ?? [];
  if (!first || !isServer(node, attempt)) return false;
  return first.direction === 'out' && sightingsAt(node, attempt, 'reply').includes(first);
}

function sightingsAt({ name, netns }: NodeView, { traces }: Attempt, role: Role): Sighting[] {
  return traces
    .flatMap((trace) => (trace.role === role ? trace.sightings : []))
    .filter(({ point }) => point.node === name && point.netns === netns);
}

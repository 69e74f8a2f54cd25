import type { Attempt } from '../../correlate/attempt.js';
import type { Role } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DropRecord } from '../../model/snapshot.js';
import { cause } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { isWatchedAfterAsking } from '../cut-short.js';
import { placeAfter } from '../place.js';
import { ackDropRecords } from '../ways/ack-drop.js';
import { wayInto } from '../ways/crossing.js';
import { type FilterDrop, fateOfAck, type Gateway, gatewayOf, isDropped } from '../ways/gateway.js';
import { acknowledgmentsOf, farthestOf } from '../ways/handshake.js';
import { isServed } from '../ways/served.js';
import { isUnconfirmed } from '../ways/unconfirmed.js';
import { concludeFilteredAcknowledgment } from './filtered-acknowledgment-finding.js';

export interface FilteredAcknowledgmentProof {
  node: NodeView;
  drop: FilterDrop;
  /** The client's ACK where it was seen last; where none was captured, the SYN that the node handed on. */
  last: Sighting;
  /** It was captured on its way into the node, and on none out of it. */
  seen: boolean;
  /** The node's records of a packet that its filter dropped when the ACK came. */
  records: DropRecord[];
}

/**
 * A rule lets the SYN and the SYN-ACK pass and drops the ACK that ends the handshake, whatever is known of its
 * connection: the client is connected, and the server sends its SYN-ACK again and gets no ACK.
 *
 * Proof: the ACK captured on its way in and not out, where the SYN was; the rule; the kernel's record. The rule alone,
 * of a node that was not captured, makes it possible. Against: an ACK that was seen farther on; a rule that would let it
 * pass, had the reply come by the node (`stateful-gateway.ts`).
 */
export const filteredAcknowledgment = cause<FilteredAcknowledgmentProof>({
  id: 'filtered',
  symptoms: ['established', 'reply-unseen', 'reply-lost', 'slow'],
  // Without any node's rules nothing is known of what they drop, and no healthy connection need be looked at.
  applies: ({ network }) => network.isKnown,

  examine(attempt, context) {
    if (attempt.protocol !== 'tcp' || attempt.legs.some((leg) => leg.serverSpoke)) return null;
    if (attempt.outcome !== 'reply-unseen' && !isUnconfirmed(attempt, context)) return null;
    const proof = proofOf(attempt, context);
    if (!proof) return null;
    const { gateway, ...rest } = proof;
    const { node, seen, records, drop } = rest;
    return {
      attempt,
      confidence: !seen ? 'possible' : records.length > 0 ? 'confirmed' : 'probable',
      node: node.name,
      interface: gateway.device,
      aspect: `acknowledgment ${node.netns} ${drop.hook} ${drop.chain} ${drop.rule?.text ?? ''}`,
      proof: rest,
    };
  },

  conclude: concludeFilteredAcknowledgment,
});

type Found = FilteredAcknowledgmentProof & { gateway: Gateway };

function proofOf(attempt: Attempt, context: DiagnosisContext): Found | null {
  const acks = acknowledgmentsOf(attempt);
  const last = farthestOf(acks);
  if (!last) return proofWithout(attempt, context);
  const place = placeAfter(last, context);
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
  const drop = dropBy(known, attempt, last, context);
  const records = seen ? ackDropRecords(node, acks) : [];
  return drop && { node, drop, last, seen, records, gateway: known };
}

/** No ACK was captured: by the rules alone of the node that handed the SYN to the last one that was. */
function proofWithout(attempt: Attempt, context: DiagnosisContext): Found | null {
  const asked = attempt.traces.findLast((trace) => trace.role === 'request')?.sightings ?? [];
  const end = asked.at(-1)?.point;
  const server = end && context.node(end.node, end.netns);
  const into = server && wayInto(asked, server);
  if (!into || into.mac === null || !isWatchedAfterAsking(attempt, context)) return null;
  const node = context.ownerOfMac(into.mac);
  if (!node || node === server || context.watches(node, asked)) return null;
  if (isServed(attempt, context)) return null;
  const gateway = gatewayOf(attempt, node);
  const drop = dropBy(gateway, attempt, into.sighting, context);
  return drop && { node, drop, last: into.sighting, seen: false, records: [], gateway };
}

/** What drops the ACK whether or not the SYN-ACK came by the node; where it did, that alone counts. */
function dropBy(
  gateway: Gateway,
  attempt: Attempt,
  seen: Sighting,
  context: DiagnosisContext,
): FilterDrop | null {
  const drop = fateOfAck(attempt, gateway, seen, 'answered', context);
  if (!isDropped(drop)) return null;
  if (sightingsAt(gateway.view, attempt, 'reply').length > 0) return drop;
  return isDropped(fateOfAck(attempt, gateway, seen, 'unanswered', context)) ? drop : null;
}

/** Whether the SYN-ACK, which is sent again, was first seen as the node itself sent it. */
function hasAnswered(node: NodeView, attempt: Attempt): boolean {
  const [first] = attempt.traces.find(({ role }) => role === 'reply')?.sightings ?? [];
  const { address } = attempt.legs.at(-1)!.server;
  if (!first || node.model?.hasAddress(address) !== true) return false;
  return first.direction === 'out' && sightingsAt(node, attempt, 'reply').includes(first);
}

function sightingsAt({ name, netns }: NodeView, { traces }: Attempt, role: Role): Sighting[] {
  return traces
    .flatMap((trace) => (trace.role === role ? trace.sightings : []))
    .filter(({ point }) => point.node === name && point.netns === netns);
}

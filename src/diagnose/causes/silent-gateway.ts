import type { Attempt } from '../../correlate/attempt.js';
import { expectsReply } from '../../correlate/expects-reply.js';
import type { Confidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { isCutShort } from '../cut-short.js';
import type { AskedInVain } from '../drops/asked-in-vain.js';
import { blockedReply } from '../drops/blocked-reply.js';
import { saysUnreachable } from '../drops/unresolved.js';
import { farthestOf, type Loss, lossOf } from '../loss.js';
import { untakenAnswer } from '../neighbours/untaken-answer.js';
import { type Way, wayInto } from '../ways/crossing.js';
import { asksAgain } from '../ways/handshake.js';
import { addressesAt } from '../ways/neighbour.js';
import { concludeSilentGateway } from './silent-gateway-finding.js';

export interface SilentGatewayProof {
  node: NodeView;
  /** By which the request came in. */
  into: Way;
  blocked: AskedInVain;
  loss: Loss;
  /** The node's own ICMP errors that say so. */
  errors: Sighting[];
}

/**
 * The node's routes send the reply to another next hop than the request came from, and nobody answers for that: the
 * reply never leaves.
 *
 * Proof: the request on its way in, the routes, and the node's own neighbour entry; that the reply was seen right before
 * makes it probable, the node's own ICMP error for it confirms it. Against: it is the request's sender that does not
 * answer, or a known node has the address: then the route is right, and why it is silent is the question.
 */
export const silentGateway = cause<SilentGatewayProof>({
  id: 'wrong-gateway',
  symptoms: ['no-reply', 'reply-lost'],
  applies: ({ network }) => network.isKnown,
  examine,
  conclude: concludeSilentGateway,
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<SilentGatewayProof> | null {
  const loss = lossOf(attempt);
  const found = loss && isOwed(attempt, loss, context) ? blockedReply(attempt, context) : null;
  if (!loss || !found) return null;
  const { course, blocked } = found;
  const { station, interface: name } = blocked.stop;
  if (untakenAnswer(station, name, blocked.address, context)) return null;
  const node = context.node(station.node, station.netns);
  const request = farthestOf(attempt, 'request');
  const into = node && request && wayInto(request.trace.sightings, node);
  if (!node || !into?.interface || isKnownElsewhere(attempt, blocked, context)) return null;
  if (into.interface === name && !isAnother(blocked.address, into, node, context)) return null;
  const errors = attempt.others.filter((s) => !s.fromClient && saysUnreachable(s, station));
  const isSeen = loss.role === 'reply' && course.stops[course.reached] === blocked.stop;
  const isCertain = course.doubts.length === 0;
  return {
    attempt,
    confidence: confidenceOf(isCertain, isSeen, errors.length > 0),
    node: node.name,
    interface: name,
    aspect: `silent ${blocked.address} ${into.interface}`,
    proof: { node, into, blocked, loss, errors },
  };
}

function confidenceOf(isCertain: boolean, isSeen: boolean, isAnswered: boolean): Confidence {
  if (!isCertain) return 'possible';
  return isAnswered ? 'confirmed' : isSeen ? 'probable' : 'possible';
}

/** Whether the client waited for an answer, as long as it takes to show. */
function isOwed(attempt: Attempt, loss: Loss, context: DiagnosisContext): boolean {
  const isTcp = attempt.protocol === 'tcp';
  if (loss.role === 'reply') return !isTcp || asksAgain(attempt);
  if (isTcp && attempt.tries < 2) return false;
  return !isCutShort(attempt, context) && expectsReply(attempt, context.attempts);
}

/** Whether a known node has the address that was asked for. The client's own is asked for on a link that is not its. */
function isKnownElsewhere(
  { client }: Attempt,
  { address }: AskedInVain,
  { network }: DiagnosisContext,
): boolean {
  return address !== client.address && network.stations.some(({ model }) => model.hasAddress(address));
}

/** Whether who sent the request is known to be another than who was asked for. */
function isAnother(
  address: string,
  { interface: name, mac }: Way,
  node: NodeView,
  context: DiagnosisContext,
): boolean {
  if (mac === null) return false;
  const owner = context.ownerOfMac(mac);
  if (owner?.model) return !owner.model.hasAddress(address);
  const heard = context.neighbours.flatMap((n) =>
    n.senderMac === mac && n.sender !== null ? [n.sender] : [],
  );
  const known = [...addressesAt(node, name, mac), ...heard];
  return known.length > 0 && !known.includes(address);
}

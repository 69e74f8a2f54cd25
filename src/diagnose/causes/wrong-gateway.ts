import type { Attempt } from '../../correlate/attempt.js';
import type { Confidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { cause, type Suspicion } from '../cause.js';
import { type DiagnosisContext, isAt } from '../context.js';
import { isWatchedAfterAsking } from '../cut-short.js';
import { type Loss, lossOf } from '../loss.js';
import { type WrongEntry, wrongNextHopOf } from '../neighbours/wrong-entry.js';
import { isAtClient } from '../ways/client-side.js';
import { type Detour, detourOf } from '../ways/detour.js';
import { asksAgain } from '../ways/handshake.js';
import { undeliverableReply } from '../ways/undeliverable.js';
import { travellersOf } from '../ways/way-index.js';
import { concludeWrongGateway } from './wrong-gateway-finding.js';

export interface WrongGatewayProof {
  detour: Detour;
  loss: Loss;
  /** A router's word that it has no way on for the reply; null where none was captured. */
  error: Sighting | null;
  /** Clients whose connections were made by the same ways. */
  others: number;
  /** The node has the server's address beside another that was asked for it: replies are meant to go straight back. */
  isDirectReturn: boolean;
  /** The neighbour entry by which the reply left, where that is what is wrong: the routes are right then. */
  wrong: WrongEntry | null;
  /** The client was not seen to ask again after the reply, as one would that did not get it. */
  askedOnce: boolean;
  /** Where the reply was seen last, at another node, of whose rules nothing is known; null where it was not. */
  swallowed: Sighting | null;
}

/**
 * The reply leaves by another interface, or to another next hop, than its request came from, and does not get back.
 * By itself that is no fault: nothing in IP asks that both ways be the same, and a virtual router takes packets at
 * another MAC than it may send them from (RFC 9568 section 7.3).
 *
 * Proof: both packets, the loss, and the node's own routes and rules that choose that way; a router's ICMP error for the
 * reply confirms it. Against: the client got the reply, as one does that sends its SYN but once, or its connections are
 * made by the same ways. A node that got the reply and did not pass it on has a reason of its own, which need not be that
 * the reply should not come by it: it is not known without that node's rules.
 */
export const wrongGateway = cause<WrongGatewayProof>({
  id: 'wrong-gateway',
  symptoms: ['reply-lost', 'slow'],
  examine,
  conclude: concludeWrongGateway,
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<WrongGatewayProof> | null {
  const loss = lossOf(attempt);
  if (loss?.role !== 'reply' || isAtClient(attempt, loss.last, context)) return null;
  const detour = detourOf(attempt, context);
  if (!detour || hasRejoined(attempt, loss.last, detour)) return null;
  const { made, asking } = travellersOf(detour, context);
  const { address } = attempt.client;
  if (made.has(address)) return null;
  const error = undeliverableReply(attempt);
  const askedOnce = attempt.protocol === 'tcp' && !asksAgain(attempt);
  if (askedOnce) {
    // A client that asks but once may have gone, or never been: nothing sets it apart from those that are served.
    if (made.size > 0) return null;
    // It got the reply, or has gone: then whether it got it is not known.
    if (!error && !asking.has(address) && isWatchedAfterAsking(attempt, context)) return null;
  }
  const wrong = wrongEntryOf(detour, context);
  const isDirectReturn = !wrong && isDirectServerReturn(attempt, detour, context);
  const swallowed = isSwallowed(loss.last, detour, context) ? loss.last : null;
  const proof = { detour, loss, error, others: made.size, isDirectReturn, wrong, askedOnce, swallowed };
  return {
    attempt,
    confidence: confidenceOf(proof),
    node: detour.node.name,
    interface: detour.out.interface,
    aspect: `${detour.difference} ${detour.in.interface} ${wrong?.mac}`,
    proof,
  };
}

/** The reply left again, behind the node that turned it away, where the request had come in: what lost it is on the way of both. */
function hasRejoined({ traces }: Attempt, { direction, point }: Sighting, { node }: Detour): boolean {
  if (direction !== 'out' || point.interface === null || isAt(point, node)) return false;
  return traces.some(
    ({ role, sightings }) =>
      role === 'request' &&
      sightings.some(
        (s) => s.direction === 'in' && isSameStation(s.point, point) && s.point.interface === point.interface,
      ),
  );
}

function isSwallowed({ direction, point }: Sighting, { node }: Detour, context: DiagnosisContext): boolean {
  if (direction === 'out' || point.node === node.name) return false;
  const snapshot = context.node(point.node, point.netns)?.snapshot;
  return snapshot?.iptables == null && snapshot?.ip6tables == null && snapshot?.nft == null;
}

function wrongEntryOf({ out, settings }: Detour, context: DiagnosisContext): WrongEntry | null {
  if (!settings || settings.hop.dev !== out.interface) return null;
  const address = settings.hop.via ?? out.sighting.destination.address;
  return wrongNextHopOf(address, out.sighting.point, out, context);
}

function confidenceOf(proof: WrongGatewayProof): Confidence {
  const { detour, error, others, isDirectReturn, askedOnce, swallowed } = proof;
  if (error) return 'confirmed';
  const isPlain = others === 0 && !isDirectReturn && !askedOnce && !swallowed && !detour.settings?.isBeyond;
  return detour.agrees && isPlain ? 'probable' : 'possible';
}

/** Direct server return: a director hands the request over unchanged, and the server has the VIP on no link of its own. */
function isDirectServerReturn(
  attempt: Attempt,
  { node, in: into, difference }: Detour,
  context: DiagnosisContext,
): boolean {
  const { address } = attempt.server;
  const holders = (node.model?.localAddresses ?? []).filter((a) => a.address === address);
  if (holders.length === 0 || holders.some((a) => a.interface === into.interface)) return false;
  if (into.sighting.encapsulations.length > 0) return true;
  const director = into.mac === null ? null : context.ownerOfMac(into.mac);
  // A director on the servers' own link, or one that has the VIP itself; any other is a router.
  return director !== null && (difference === 'next-hop' || director.model?.hasAddress(address) === true);
}

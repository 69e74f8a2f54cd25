import type { Outcome } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import { type Aligned, cameAfter, compareTimes } from './causal-order.js';
import { isDeliveryFailure } from './icmp-errors.js';
import type { Leg } from './leg.js';
import type { PacketTrace } from './trace.js';

/** What `outcomeOf` decides on. */
export interface OutcomeFacts {
  legs: readonly Leg[];
  requests: readonly PacketTrace[];
  replies: readonly PacketTrace[];
}

/** How a TCP attempt ended, by the definitions of the result's `outcome`. Others: `exchange.ts`. */
export function outcomeOf({ legs, requests, replies }: OutcomeFacts, aligned: Aligned): Outcome {
  if (requests.length === 0 && replies.length === 0) return 'midstream';
  if (requests.length === 0) return 'reply-only';
  const spoke = legs.some((leg) => leg.clientSpoke);
  if (replies.length === 0) {
    if (spoke) return 'reply-unseen';
    if (anySighting(legs, (s) => s.kind === 'rst' && !s.fromClient)) return 'refused';
    if (anySighting(legs, (s) => s.fromClient && isDeliveryFailure(s))) return 'unreachable';
    return 'no-reply';
  }
  // A client that spoke under the addresses that it asked had a later try answered rightly.
  if (answeredByReset(legs, replies) && !legs[0]!.clientSpoke) return 'rejected';
  if (spoke) return 'established';
  return replyGotLost(legs, requests, replies, aligned) ? 'reply-lost' : 'unacknowledged';
}

function anySighting(legs: readonly Leg[], is: (sighting: Sighting) => boolean): boolean {
  return legs.some((leg) => leg.sightings.some(is));
}

/**
 * The client's RST answers a SYN-ACK when it carries the number that the SYN-ACK acknowledged and comes
 * before anything else of the client under those addresses. (A connection that is aborted later has spoken.)
 */
function answeredByReset(legs: readonly Leg[], replies: readonly PacketTrace[]): boolean {
  const isAcknowledged = (number: number) =>
    replies.some((reply) => reply.sightings[0]!.acknowledgmentNumber === number);
  return legs.some(
    (leg) =>
      !leg.clientSpoke &&
      leg.sightings.some((s) => s.kind === 'rst' && s.fromClient && isAcknowledged(s.sequenceNumber)),
  );
}

/** Proof that no SYN-ACK got back: one side transmits again after the first SYN-ACK was seen. */
function replyGotLost(
  legs: readonly Leg[],
  requests: readonly PacketTrace[],
  replies: readonly PacketTrace[],
  aligned: Aligned,
): boolean {
  if (replies.length > 1) return true;
  if (anySighting(legs, (s) => !s.fromClient && isDeliveryFailure(s))) return true;
  const reply = replies[0]!.sightings;
  return requests.slice(1).some((request) =>
    request.sightings.some((again) => {
      const here = reply.find((s) => s.point.capture === again.point.capture);
      // One capture's own order is certain; across nodes the aligned clocks have to do.
      if (here) return cameAfter(again, here);
      return compareTimes(aligned(reply[0]!), aligned(again)) < 0;
    }),
  );
}

import type { Attempt } from '../../correlate/attempt.js';
import { isDataIgnored } from '../../correlate/leg.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { type Cause, cause } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { isCutOff } from '../cut-short.js';
import { TAKEN_AS_MADE } from '../symptom.js';
import {
  acknowledgmentsOf,
  farthestOf,
  isHalfOpen,
  type Unconcluded,
  unconcluded,
} from '../ways/handshake.js';
import { remembered } from '../ways/remembered.js';
import { isServer } from '../ways/served.js';
import { firstAt, seenWhere } from '../ways/witnesses.js';
import { concludeFullQueue, concludeIgnored } from './data-ignored-finding.js';
import { queueOf } from './full-queue.js';

export interface IgnoredProof extends Unconcluded {
  /** The ACK where data was seen behind it, where that is not so at the last place: it was lost between. */
  data: Sighting | null;
  /** Where the packets were seen last: the server's own, or whoever handed them on. */
  station: NodeView | null;
  /** Whether the server is there. */
  isServer: boolean;
}

/**
 * The ACK that ends a handshake, and data behind it, came as far as the SYN did, and the SYN-ACK is sent again all the
 * same, or the data is, in vain. A server that waits for data sends its SYN-ACK again as long as none came (tcp(7),
 * TCP_DEFER_ACCEPT), and not behind it.
 *
 * Proof: the SYN-ACK behind data, or data again and again, and nothing else of the server; its kernel's counter of
 * connections that found the accept queue full, whose ACK is dropped (tcp_v4_syn_recv_sock()), tells why. Without it
 * nothing does. Where data did not come as far as the ACK, its size may be what it is dropped for.
 */
function dataIgnored(id: 'backend-silent' | 'undetermined'): Cause {
  const isFull = id === 'backend-silent';
  return cause<IgnoredProof>({
    id,
    symptoms: TAKEN_AS_MADE,

    examine(attempt, context) {
      const proof = mayBeIgnored(attempt) ? proofOf(attempt, context) : null;
      if (!proof || (isFull && !isOverflown(proof, context))) return null;
      const { point, direction } = proof.data ?? proof.syn;
      return {
        attempt,
        confidence: isFull ? 'probable' : 'possible',
        node: point.node,
        interface: point.interface,
        aspect: `ignored ${point.netns} ${direction} ${proof.data !== null} ${proof.again !== null}`,
        proof,
      };
    },

    conclude: isFull ? concludeFullQueue : concludeIgnored,
  });
}

/** In the order of decision. */
export const FULL_QUEUE_FOR_ACKS = dataIgnored('backend-silent');
export const DATA_IGNORED = dataIgnored('undetermined');

const proofOf = remembered(
  (attempt: Attempt) => attempt,
  (attempt, context): IgnoredProof | null => {
    const found = unconcluded(attempt);
    if (!found?.arrived) return null;
    const { node, netns } = found.syn.point;
    const station = context.node(node, netns) ?? null;
    const acks = acknowledgmentsOf(attempt);
    const borne = farthestOf(seenWhere(acks, attempt, (witness) => witness.data));
    const data = borne && !isSameStation(borne.point, found.syn.point) ? firstAt(borne, acks) : null;
    const again = isDataIgnored(attempt.legs) && !isReset(attempt, found.again) ? found.again : null;
    if (attempt.unanswered !== 'request' && (!again || isMidway(attempt, context))) return null;
    return { ...found, again, station, isServer: isServer(station, attempt), data };
  },
);

/** Whether the SYN-ACK was sent again but once, and the captures end before an answer to the data that it may have crossed. */
function isMidway(attempt: Attempt, context: DiagnosisContext): boolean {
  return attempt.replies === 2 && isCutOff(attempt, context);
}

/** An answer to a SYN-ACK that crossed the data, ns. */
const SOON = 500_000_000n;

/** Whether the client had given up before the SYN-ACK was sent again, or the server answered the data behind it. */
function isReset({ others }: Attempt, again: Sighting | null): boolean {
  if (again === null || again.time === null) return false;
  const sent = again.time;
  return others.some(({ kind, fromClient, time, point }) => {
    // By one clock.
    if (kind !== 'rst' || time === null || point.capture !== again.point.capture) return false;
    return fromClient ? time <= sent : time >= sent && time - sent < SOON;
  });
}

/** Of most connections nothing more is asked. */
function mayBeIgnored(attempt: Attempt): boolean {
  return attempt.unanswered === 'request' || isHalfOpen(attempt);
}

/** Whether the server's kernel counted at least as many as its clients wait for. */
function isOverflown({ station, isServer, data, again }: IgnoredProof, context: DiagnosisContext): boolean {
  // It drops the ACK, and so sends the SYN-ACK again; one that does not has taken the ACK.
  if (!station || !isServer || data || !again) return false;
  return queueOf(station, waiting(station, context))?.accountsForAll ?? false;
}

/** How many connections a server's clients take as made in vain. */
const waiting = remembered(
  (server: NodeView) => server,
  (server, context) =>
    context.attempts.filter((one) => mayBeIgnored(one) && proofOf(one, context)?.station === server).length,
);

import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { type Cause, cause } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { disowningResets, type Move, moveOf, strayReset } from '../ways/disowning.js';
import { acknowledgmentsOf, farthestOf } from '../ways/handshake.js';
import { remembered } from '../ways/remembered.js';
import { isServer } from '../ways/served.js';
import { concludeDisowned, concludeResetQueue } from './disowned-finding.js';
import { queueOf } from './full-queue.js';

export interface DisownedProof {
  /**
   * What the client sent behind the handshake, where the reset was seen first, or the SYN of one that moved; elsewhere, where
   * it was seen last.
   */
  ack: Sighting;
  /** Where it was seen first. */
  reset: Sighting;
  /** The reset as it came to the node that translated it, of a connection that nobody saw begin; null where there is none. */
  stray: Sighting | null;
  /** Null where what came behind the handshake came as the SYN did. */
  moved: Move | null;
  /** The server's own, where it sent the reset. */
  server: NodeView | null;
}

/**
 * The handshake was made, and a host that has no such connection answers what the client sends next (RFC 9293 section
 * 3.10.7.1). It was forgotten meanwhile, or what follows its SYN goes to another; a rule may send such a reset as well, which
 * is another file's where it is known (`dropped-acknowledgment.ts`).
 *
 * Proof: the reset, which acknowledges nothing; the same on a connection that nobody saw begin, where it came from. Of the
 * server's own kernel, that it resets what its accept queue has no room for (net.ipv4.tcp_abort_on_overflow), and its count
 * of these.
 */
function disowned(id: 'backend-silent' | 'undetermined'): Cause {
  const isFull = id === 'backend-silent';
  return cause<DisownedProof>({
    id,
    symptoms: ['disowned'],
    examine(attempt, context) {
      const proof = proofOf(attempt, context);
      if (!proof || (isFull && !isOverflown(proof, context))) return null;
      const { ack, reset, stray, moved, server } = proof;
      const { node, netns, interface: name } = isFull ? reset.point : (moved?.to ?? ack.point);
      return {
        attempt,
        confidence: isFull ? 'probable' : 'possible',
        node,
        interface: name,
        aspect: `disowned ${netns} ${stray !== null} ${moved?.from.point.node} ${server?.name} ${reset.point.node}`,
        proof,
      };
    },
    conclude: isFull ? concludeResetQueue : concludeDisowned,
  });
}

/** In the order of decision. */
export const FULL_QUEUE_RESETS = disowned('backend-silent');
export const DISOWNED = disowned('undetermined');

const proofOf = remembered(
  (attempt: Attempt) => attempt,
  (attempt, context): DisownedProof | null => {
    const [reset] = disowningResets(attempt, context);
    if (!reset) return null;
    const station = context.node(reset.point.node, reset.point.netns);
    const server = reset.direction === 'out' && isServer(station, attempt) ? station : null;
    const stray = strayReset(reset, context);
    const moved = moveOf(attempt, reset, stray !== null || server !== null, context);
    const { point: before } = moved?.from ?? reset;
    const acks = acknowledgmentsOf(attempt);
    const ack = acks.find(({ point }) => isSameStation(point, before)) ?? farthestOf(acks);
    return ack && { ack, reset, stray, moved, server };
  },
);

/** Whether the server's kernel resets what its queue has no room for, and counted at least as many. */
function isOverflown({ server, stray }: DisownedProof, context: DiagnosisContext): boolean {
  if (!server || stray || server.snapshot?.sysctl?.get('net.ipv4.tcp_abort_on_overflow') !== '1')
    return false;
  return queueOf(server, disownedBy(server, context))?.accountsForAll ?? false;
}

const disownedBy = remembered(
  (server: NodeView) => server,
  (server, context) =>
    context.attempts.filter((one) => one.disowned && proofOf(one, context)?.server === server).length,
);

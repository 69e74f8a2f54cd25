import type { Attempt } from '../../correlate/attempt.js';
import { endpointText } from '../../correlate/merge.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { cause } from '../cause.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';

interface UntranslatedProof {
  /** The SYN-ACK where it was seen last, with the backend's address. */
  reply: Sighting;
  /** The client's RST to the backend's address. */
  reset: Sighting;
  /** The node that translated the request; null where that was not captured. */
  translator: string | null;
}

/**
 * The reply has to pass the node that translated the request, to be translated back. Here it went round it and
 * reached the client with the backend's address, under which the client knows no connection: it answers with a
 * RST. The packets alone prove it: a SYN to one address, its SYN-ACK from another, and the RST to that other.
 */
export const untranslatedReply = cause<UntranslatedProof>({
  id: 'untranslated-reply',

  examine(attempt) {
    if (attempt.outcome !== 'rejected') return null;
    const reply = lastReply(attempt);
    if (!reply || endpointText(reply.source) === endpointText(attempt.server)) return null;
    const reset = attempt.others.find(
      (s) => s.kind === 'rst' && s.fromClient && endpointText(s.destination) === endpointText(reply.source),
    );
    // The server as the client addressed it is known only where the SYN was seen before its translation.
    if (!reset || attempt.legs.length < 2) return null;
    return {
      attempt,
      confidence: 'confirmed',
      node: reply.point.node,
      interface: reply.point.interface,
      aspect: endpointLabel(reply.source),
      proof: { reply, reset, translator: translatorOf(attempt) },
    };
  },

  conclude(suspicions) {
    const { attempt, proof } = suspicions[0]!;
    const { reply, translator } = proof;
    const backend = endpointLabel(reply.source);
    const shown = suspicions
      .slice(0, QUOTED)
      .flatMap((s) => [packetEvidence(s.proof.reply), packetEvidence(s.proof.reset)]);
    if (suspicions.length > QUOTED) {
      shown.push(evidence('packet', `${suspicions.length} attempts went so`, { node: reply.point.node }));
    }
    const round = translator === null ? '' : `, round ${translator}, which translated the request`;
    return {
      finding: {
        cause: 'untranslated-reply',
        confidence: 'confirmed',
        severity: 'fault',
        vip: attempt.vip,
        node: reply.point.node,
        interface: reply.point.interface,
        claimants: [],
        attempts: suspicions.map((s) => s.attempt.id),
        summary: `The reply of ${backend} leaves ${reply.point.node}${by(reply)} with its own address${round}; the client asked ${endpointLabel(attempt.server)} and answers it with a reset.`,
        evidence: shown,
        fix: null,
        alternatives: [
          { cause: 'rp-filter', why: 'the request reached the backend, and the reply reached the client' },
          { cause: 'refused', why: 'the reset came from the client, not from the backend' },
        ],
      },
      gaps: [],
    };
  },
});

function by({ point }: Sighting): string {
  return point.interface === null ? '' : ` by ${point.interface}`;
}

/** Where a SYN-ACK was seen last on its way out of a node. */
function lastReply(attempt: Attempt): Sighting | null {
  for (const { role, sightings } of attempt.traces) {
    const left = role === 'reply' ? sightings.findLast((s) => s.direction === 'out') : undefined;
    if (left) return left;
  }
  return null;
}

/** The node behind which the request has another destination than before it. */
function translatorOf(attempt: Attempt): string | null {
  for (const { role, sightings } of attempt.traces) {
    if (role !== 'request') continue;
    for (const [i, sighting] of sightings.entries()) {
      const before = sightings[i - 1];
      if (!before || endpointText(before.destination) === endpointText(sighting.destination)) continue;
      return before.point.node === sighting.point.node ? before.point.node : null;
    }
  }
  return null;
}

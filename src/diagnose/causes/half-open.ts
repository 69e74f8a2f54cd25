import type { Attempt } from '../../correlate/attempt.js';
import { RECORD_DROPS, recordingCommand } from '../../ingest/snapshot/files.js';
import type { Gap, Severity } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { farthestOf as farthestPacket } from '../loss.js';
import { captureCommand, captureFilter } from '../recording.js';
import { acknowledgmentsOf, farthestOf, isHalfOpen } from '../ways/handshake.js';
import { isServed } from '../ways/served.js';
import { repeatedEvidence } from '../ways/unconfirmed.js';
import { listedEndpoints } from '../words.js';

interface HalfOpenProof {
  /** The client's ACK, where it was seen last. */
  ack: Sighting;
  /** The SYN, where it was seen last: there the ACK should have been. */
  syn: Sighting;
  /** The SYN-ACK that was sent again, where the ACK should have been. */
  again: Sighting;
  severity: Severity;
}

/**
 * The client takes the connection as made, and its ACK did not come as far as its SYN did, where the SYN-ACK is sent
 * again: the connection is no good to either, and no cause is known.
 *
 * Against: an ACK that came as far. A server that waits for data sends its SYN-ACK again all the same (tcp(7),
 * TCP_DEFER_ACCEPT).
 */
export const halfOpen = cause<HalfOpenProof>({
  id: 'undetermined',
  symptoms: ['established'],

  examine(attempt, context) {
    if (!isHalfOpen(attempt)) return null;
    const acks = acknowledgmentsOf(attempt).filter((s) => !s.forOther);
    const ack = farthestOf(acks);
    const syn = farthestPacket(attempt, 'request')?.last;
    if (!ack || !syn || syn.forOther || acks.some((s) => isAsFar(s, syn))) return null;
    const again = repeatedAt(attempt, syn);
    if (!again) return null;
    // One of many may have been the last word of a client that is gone.
    const severity = isServed(attempt, context) ? 'info' : 'fault';
    return {
      attempt,
      confidence: 'possible',
      node: ack.point.node,
      interface: ack.point.interface,
      aspect: `half-open ${ack.point.netns} ${ack.direction} ${syn.point.node} ${severity}`,
      proof: { ack, syn, again, severity },
    };
  },

  conclude(suspicions, context) {
    const { attempt, proof } = suspicions[0]!;
    const { ack, syn, severity } = proof;
    const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
    const from = ack.direction === 'in' ? 'on its way into' : 'on its way out of';
    return {
      finding: {
        ...faultOf('undetermined', suspicions, ack.point.netns),
        severity,
        summary: `Clients take connections as made that their server does not (${numberText(suspicions.length)} to ${servers}): their ACK was last seen ${from} ${ack.point.node}, and did not come as far as their SYN, to ${syn.point.node}, where the SYN-ACK is sent again for want of it; what was captured does not tell why.`,
        evidence: [
          ...suspicions
            .slice(0, QUOTED)
            .flatMap((s) => [
              packetEvidence(s.proof.ack, ' and was seen nowhere after'),
              packetEvidence(s.proof.again, ' again'),
            ]),
          repeatedEvidence(attempt, syn.point.node),
        ],
        fix: null,
        alternatives: [
          { cause: 'wrong-gateway', why: 'the client had the SYN-ACK: it answered it with its ACK' },
          { cause: 'backend-silent', why: 'the SYN-ACK was sent' },
        ],
      },
      gaps: severity === 'fault' ? [gapOf(suspicions[0]!, context)] : [],
    };
  },
});

/** Seen where the SYN was seen last, on the same side of the node. */
function isAsFar({ point, direction }: Sighting, syn: Sighting): boolean {
  return (
    isSameStation(point, syn.point) &&
    (direction === null || syn.direction === null || direction === syn.direction)
  );
}

/** The SYN-ACK that was sent again, at the node where the SYN was seen last; null where that does not show it. */
function repeatedAt({ traces }: Attempt, { point }: Sighting): Sighting | null {
  const here = traces
    .filter(({ role }) => role === 'reply')
    .flatMap(({ sightings }) => sightings.find((s) => isSameStation(s.point, point)) ?? []);
  return here.length > 1 ? here.at(-1)! : null;
}

function gapOf({ proof: { ack, syn } }: Suspicion<HalfOpenProof>, context: DiagnosisContext): Gap {
  const { node, netns, interface: name } = ack.point;
  if (ack.direction === 'in') {
    const snapshot = context.node(node, netns)?.snapshot;
    const rules =
      snapshot?.iptables || snapshot?.nft ? null : recordingCommand(['iptables-save.txt', 'nft.json']);
    const why = `the client's ACK came into ${node}, and not out of it as its SYN had: its firewall rules and its kernel's drop reasons would tell what became of it`;
    return {
      node,
      interface: name,
      why,
      capture: rules === null ? RECORD_DROPS : `${rules}; ${RECORD_DROPS}`,
    };
  }
  const at = { node: syn.point.node, interface: syn.point.interface };
  const why = `the client's ACK left ${node}, and did not come to ${at.node} as its SYN had: what is between them drops it, or it went another way; record it on both sides at the same time`;
  return { ...at, why, capture: captureCommand(null, captureFilter(ack)) };
}

import { RECORD_DROPS, recordingCommand } from '../../ingest/snapshot/files.js';
import type { Gap, Severity } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { captureCommand, captureFilter } from '../recording.js';
import { TAKEN_AS_MADE } from '../symptom.js';
import { HAD_REPLY, type Unconcluded, unconcluded } from '../ways/handshake.js';
import { isServed } from '../ways/served.js';
import { repeatedEvidence } from '../ways/unconfirmed.js';
import { witnessEvidence } from '../ways/witnesses.js';
import { listedEndpoints } from '../words.js';

interface HalfOpenProof extends Unconcluded {
  severity: Severity;
}

/**
 * The client takes the connection as made, and its ACK did not come as far as its SYN did, where the SYN-ACK is sent
 * again: the connection is no good to either, and no cause is known.
 *
 * Against: an ACK that came as far (`data-ignored.ts`).
 */
export const halfOpen = cause<HalfOpenProof>({
  id: 'undetermined',
  symptoms: TAKEN_AS_MADE,

  examine(attempt, context) {
    const found = unconcluded(attempt);
    if (!found || found.arrived) return null;
    // One of many may have been the last word of a client that is gone; data again and again is not.
    const isGone = attempt.unanswered === null && isServed(attempt, context);
    const severity = isGone ? 'info' : 'fault';
    const { ack, syn } = found;
    return {
      attempt,
      confidence: 'possible',
      node: ack.point.node,
      interface: ack.point.interface,
      aspect: `half-open ${ack.point.netns} ${ack.direction} ${syn.point.node} ${found.again !== null} ${severity}`,
      proof: { ...found, severity },
    };
  },

  conclude(suspicions, context) {
    const { attempt, proof } = suspicions[0]!;
    const { ack, syn, again, severity } = proof;
    const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
    const from = ack.direction === 'in' ? 'on its way into' : 'on its way out of';
    return {
      finding: {
        ...faultOf('undetermined', suspicions, ack.point.netns),
        severity,
        summary: `Clients take connections as made that their server does not (${numberText(suspicions.length)} to ${servers}): their ACK was last seen ${from} ${ack.point.node}, and did not come as far as their SYN, to ${syn.point.node}, ${again ? 'where the SYN-ACK is sent again for want of it' : 'and data is sent again and again behind it'}; what was captured does not tell why.`,
        evidence: [
          ...suspicions
            .slice(0, QUOTED)
            .flatMap((s) => [
              packetEvidence(s.proof.ack, ' and was seen nowhere after'),
              ...(s.proof.again ? [packetEvidence(s.proof.again, ' again')] : []),
            ]),
          ...(again ? [repeatedEvidence(attempt, syn.point.node)] : witnessEvidence(attempt)),
        ],
        fix: null,
        alternatives: [
          { cause: 'wrong-gateway', why: HAD_REPLY },
          { cause: 'backend-silent', why: 'the SYN-ACK was sent' },
        ],
      },
      gaps: severity === 'fault' ? [gapOf(suspicions[0]!, context)] : [],
    };
  },
});

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

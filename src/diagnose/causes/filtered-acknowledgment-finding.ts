import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext } from '../context.js';
import { verbOf, whyOf } from '../drops/words.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import type { Remedy } from '../fixes/repair.js';
import { ackDropEvidence } from '../ways/ack-drop.js';
import { repeatedEvidence } from '../ways/unconfirmed.js';
import { listed, listedEndpoints } from '../words.js';
import type { FilteredAcknowledgmentProof } from './filtered-acknowledgment.js';

type Suspected = Suspicion<FilteredAcknowledgmentProof>;

/** The finding for ACKs that one rule of one node drops. */
export function concludeFilteredAcknowledgment(
  suspicions: readonly Suspected[],
  context: DiagnosisContext,
): Conclusion {
  const confidence = surest(suspicions.map((s) => s.confidence));
  const best = suspicions.find((s) => s.confidence === confidence)!;
  return {
    finding: {
      ...faultOf('filtered', suspicions, best.proof.node.netns),
      summary: summarize(suspicions, best),
      evidence: gatherEvidence(suspicions, best),
      ...remedyOf(suspicions, best.proof.node.name, context),
      alternatives: ruledOut(best),
    },
    gaps: gapsOf(best),
  };
}

function remedyOf(suspicions: readonly Suspected[], node: string, context: DiagnosisContext): Remedy {
  const attempts = suspicions.map((s) => s.attempt);
  const remedy = fixFor('filtered', attempts, context);
  if (remedy.fix) return remedy;
  const advice = `let the ACKs through on ${node} before what drops them, or ask whoever keeps its firewall`;
  return { fix: null, noFix: `${advice}; it could not be tried: ${remedy.noFix}` };
}

function summarize(suspicions: readonly Suspected[], { proof, confidence, interface: name }: Suspected) {
  const { node, drop } = proof;
  const label = stationLabel(node.name, node.netns);
  const addresses = new Set(suspicions.map((s) => s.attempt.client.address));
  const answer = addresses.size === 1 ? 'answers' : 'answer';
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  const what = `the ACKs with which ${listed([...addresses])} ${answer} the SYN-ACK of ${servers}`;
  const by = name === null ? '' : `, which come in by ${name}`;
  const then =
    confidence === 'possible'
      ? 'That would explain why the client does not ask again, and the server sends its SYN-ACK again and gets no ACK.'
      : 'The client takes its connection as made, and its server never gets it.';
  return `${label} ${verbOf(drop, confidence !== 'possible')} ${what}${by}${whyOf(drop)}. ${then}`;
}

function gatherEvidence(suspicions: readonly Suspected[], { attempt, proof }: Suspected): Evidence[] {
  const { node, drop } = proof;
  const remark =
    proof.last.kind !== 'ack'
      ? `, from ${node.name}, and no ACK after it`
      : !proof.seen
        ? ' and was seen nowhere after'
        : drop.hook === 'input'
          ? ' and did not come to the server there'
          : ' and did not leave, as the SYN had';
  const found = suspicions.slice(0, QUOTED).map((s) => packetEvidence(s.proof.last, remark));
  const records = [...new Set(suspicions.flatMap((s) => s.proof.records))];
  const why = 'it takes the ACK whatever is known of its connection';
  found.push(...ackDropEvidence(node, drop, records, why));
  if (attempt.replies > 1)
    found.push(repeatedEvidence(attempt, attempt.traces.at(-1)!.sightings[0]!.point.node));
  return found;
}

function ruledOut({ attempt, proof }: Suspected): Alternative[] {
  const had =
    proof.last.kind === 'ack'
      ? 'the client had the SYN-ACK: it answered it with its ACK'
      : 'the client does not send its SYN again, as one would that did not get the SYN-ACK and had not given up';
  return [
    {
      cause: 'stateful-gateway',
      why: `the rule drops the ACK whether or not ${proof.node.name} has seen the SYN-ACK`,
    },
    { cause: 'wrong-gateway', why: had },
    { cause: 'backend-silent', why: attempt.replies > 0 ? 'the SYN-ACK was sent' : had },
  ];
}

function gapsOf({ attempt, proof }: Suspected): Gap[] {
  if (proof.seen) return [];
  return [
    {
      node: proof.node.name,
      interface: null,
      why: `whether the client's ACK comes to ${proof.node.name} and is dropped there was not captured`,
      capture: `tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap 'host ${attempt.client.address} and tcp'`,
    },
  ];
}

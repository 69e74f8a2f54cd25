import type { Alternative, CauseId, Evidence, Gap } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext } from '../context.js';
import { verbOf, whyOf } from '../drops/words.js';
import { checkEvidence, martiansEvidence, packetEvidence, QUOTED, riseEvidence } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import type { Remedy } from '../fixes/repair.js';
import { ackDropEvidence } from '../ways/ack-drop.js';
import { type Marks, marksOf } from '../ways/gateway.js';
import { HAD_REPLY } from '../ways/handshake.js';
import { isServer } from '../ways/served.js';
import { repeatedEvidence } from '../ways/unconfirmed.js';
import { listed, listedEndpoints } from '../words.js';
import type { DroppedAcknowledgmentProof } from './dropped-acknowledgment.js';
import { recordGap } from './rp-filter-finding.js';

type Suspected = Suspicion<DroppedAcknowledgmentProof>;

/** The finding for ACKs that one node drops by one rule, or one route decision. */
export function concludeDroppedAcknowledgment(
  cause: CauseId,
  suspicions: readonly Suspected[],
  context: DiagnosisContext,
): Conclusion {
  const confidence = surest(suspicions.map((s) => s.confidence));
  const best = suspicions.find((s) => s.confidence === confidence)!;
  const { gateway, drop, last } = best.proof;
  const marks = drop?.by === 'routing' ? marksOf(best.attempt, gateway, last, context) : null;
  return {
    finding: {
      ...faultOf(cause, suspicions, best.proof.node.netns),
      summary: summarize(suspicions, best, marks),
      evidence: gatherEvidence(cause, suspicions, best),
      ...remedyOf(cause, suspicions, adviceOn(best.proof, marks), context),
      alternatives: ruledOut(best),
    },
    gaps: gapsOf(cause, best),
  };
}

function remedyOf(
  cause: CauseId,
  suspicions: readonly Suspected[],
  advice: string | null,
  context: DiagnosisContext,
): Remedy {
  const attempts = suspicions.map((s) => s.attempt);
  const remedy = fixFor(cause, attempts, context);
  return remedy.fix || advice === null
    ? remedy
    : { fix: null, noFix: `${advice}; it could not be tried: ${remedy.noFix}` };
}

/** What would let the ACKs through, where nothing that was tried does. */
function adviceOn({ node: { name }, drop }: DroppedAcknowledgmentProof, marks: Marks | null): string | null {
  if (marks)
    return `have ${name} give the ACKs the mark of their SYN, by one that the connection keeps (CONNMARK --save-mark and --restore-mark, ct mark), or by a rule that takes all of its packets`;
  if (drop?.by !== 'netfilter') return null;
  return `let the ACKs through on ${name} before what drops them, or ask whoever keeps its firewall`;
}

function summarize(
  suspicions: readonly Suspected[],
  { proof, confidence, interface: name }: Suspected,
  marks: Marks | null,
): string {
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
      : `The client takes its connection as made${proof.answers.length > 0 ? ', and is reset' : ''}, and its server never gets it.`;
  const isCertain = confidence !== 'possible';
  const marked = marks
    ? ` The SYN passes, as it bears ${markText(marks.syn)} there, and the ACK ${markText(marks.ack)}.`
    : '';
  const verb = drop ? verbOf(drop, isCertain) : isCertain ? 'drops' : 'may be dropping';
  const why = drop ? whyOf(drop) : ', for its reverse-path filter, as its log says';
  return `${label} ${verb} ${what}${by}${why}.${marked} ${then}`;
}

function markText(mark: number): string {
  return mark === 0 ? 'no mark' : `mark 0x${mark.toString(16)}`;
}

function gatherEvidence(cause: CauseId, suspicions: readonly Suspected[], best: Suspected): Evidence[] {
  const { attempt, proof } = best;
  const { node, drop, counter, answers } = proof;
  const found = suspicions.slice(0, QUOTED).map((s) => packetEvidence(s.proof.last, remarkOn(s)));
  const records = [...new Set(suspicions.flatMap((s) => s.proof.records))];
  const why = 'it takes the ACK whatever is known of its connection';
  found.push(...martiansEvidence(node, [...new Set(suspicions.flatMap((s) => s.proof.martians))]));
  if (drop) found.push(...ackDropEvidence(node, drop, records, why));
  found.push(...answers.slice(0, 1).map((reset) => packetEvidence(reset, ', in the place of the server')));
  if (counter?.rise != null) found.push(riseEvidence(node, counter.name, counter.rise));
  if (cause === 'rp-filter') found.push(...checkEvidence(node, best.interface!));
  if (attempt.replies > 1)
    found.push(repeatedEvidence(attempt, attempt.traces.at(-1)!.sightings[0]!.point.node));
  return found;
}

function remarkOn({ attempt, proof: { node, last, seen } }: Suspected): string {
  if (last.kind !== 'ack') return `, from ${node.name}, and no ACK after it`;
  if (!seen) return ' and was seen nowhere after';
  return isServer(node, attempt)
    ? ' and did not come to the server there'
    : ' and did not leave, as the SYN had';
}

function ruledOut({ attempt, proof }: Suspected): Alternative[] {
  const had =
    proof.last.kind === 'ack'
      ? HAD_REPLY
      : 'the client does not send its SYN again, as one would that did not get the SYN-ACK and had not given up';
  const { name } = proof.node;
  const whatever =
    proof.drop?.by === 'netfilter'
      ? `the rule drops the ACK whether or not ${name} has seen the SYN-ACK`
      : `no rule on the state of connections drops the ACK on ${name}`;
  return [
    { cause: 'stateful-gateway', why: whatever },
    { cause: 'wrong-gateway', why: had },
    { cause: 'backend-silent', why: attempt.replies > 0 ? 'the SYN-ACK was sent' : had },
  ];
}

function gapsOf(cause: CauseId, { attempt, proof, confidence, interface: name }: Suspected): Gap[] {
  const { node, seen, martians } = proof;
  if (!seen) {
    const why = `whether the client's ACK comes to ${node.name} and is dropped there was not captured`;
    const capture = `tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap 'host ${attempt.client.address} and tcp'`;
    return [{ node: node.name, interface: null, why, capture }];
  }
  return cause === 'rp-filter' && confidence !== 'confirmed' ? [recordGap(node, name!, martians)] : [];
}

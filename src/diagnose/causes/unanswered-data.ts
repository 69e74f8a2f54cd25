import type { Attempt } from '../../correlate/attempt.js';
import { isDataIgnored, type Witness } from '../../correlate/leg.js';
import { familyOf } from '../../model/address.js';
import type { Alternative, CauseId, Gap } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation, stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import { type Cause, type Conclusion, cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { errandOf } from '../fixes/errand.js';
import { fixFor } from '../fixes/fix-for.js';
import { riskEvidence, riskText } from '../prediction/finding.js';
import { type Risk, riskOf } from '../prediction/risk.js';
import { captureCommand, captureFilter } from '../recording.js';
import { dropCounter } from '../ways/ack-drop.js';
import { acknowledgmentsOf, farthestOf, HAD_REPLY } from '../ways/handshake.js';
import { narrowEvidence } from '../ways/narrow-links.js';
import { remembered } from '../ways/remembered.js';
import { firstAt, seenWhere, witnessEvidence, witnessesOf } from '../ways/witnesses.js';
import { listedEndpoints } from '../words.js';

interface UnansweredProof {
  /** The client's ACK, behind which its data was seen. */
  ack: Sighting;
  /** The SYN-ACK, as it came to the last who saw the server answer the data; null where nobody did. */
  reply: Sighting | null;
  /** What the nodes' settings do to a packet behind the handshake; null where they drop none. */
  risk: Risk | null;
}

/**
 * The handshake was whole, and the client sends its first data again and again, or the server does: what it sends behind
 * its SYN-ACK does not get back, by the settings of a node that lets the SYN-ACK pass, or for its size.
 *
 * Proof: the data again and again, though the server acknowledges it; what the settings do to packets that are no
 * SYN-ACK. Without such settings it is said how far what was captured got. Against: a counter that did not move.
 */
function unansweredData(id: CauseId): Cause {
  return cause<UnansweredProof>({
    id,
    symptoms: ['unanswered'],
    examine(attempt, context) {
      const proof = attempt.unanswered ? proofOf(attempt, context) : null;
      if (!proof || (proof.risk?.cause ?? 'undetermined') !== id) return null;
      const { risk, reply, ack } = proof;
      const last = reply ?? ack;
      const place = risk
        ? { node: risk.station.node, interface: risk.interface }
        : { node: last.point.node, interface: last.point.interface };
      return {
        attempt,
        confidence: risk ? 'probable' : 'possible',
        ...place,
        aspect: `unanswered ${attempt.unanswered} ${risk?.station.netns} ${risk?.role} ${risk ? '' : last.direction} ${reply !== null}`,
        proof,
      };
    },
    conclude: (suspicions, context) =>
      suspicions[0]!.proof.risk
        ? concludeDemanded(id, suspicions, context)
        : concludeUntold(suspicions, context),
  });
}

/** One of each cause that packets behind a handshake may be lost for. */
export const UNANSWERED_BY_SETTINGS: readonly Cause[] = (
  [
    'netfilter-rpfilter',
    'filtered',
    'rp-filter',
    'forwarding-off',
    'no-route',
    'untranslated-reply',
    'stateful-gateway',
    'wrong-gateway',
  ] satisfies CauseId[]
).map(unansweredData);

export const UNANSWERED_UNTOLD = unansweredData('undetermined');

const proofOf = remembered(
  (attempt: Attempt) => attempt,
  (attempt, context): UnansweredProof | null => {
    const acks = acknowledgmentsOf(attempt);
    const ack = farthestOf(seenWhere(acks, attempt, (witness) => witness.data)) ?? farthestOf(acks);
    if (!ack) return null;
    const replies = attempt.traces.flatMap((trace) => (trace.role === 'reply' ? trace.sightings : []));
    const last = seenWhere(replies, attempt, isAnsweredBy(attempt)).at(-1);
    const reply = last ? firstAt(last, replies) : null;
    return { ack: firstAt(ack, acks), reply, risk: demandedRisk(attempt, context) };
  },
);

/** Who saw that the server had data, or what it sent then. */
function isAnsweredBy({ unanswered }: Attempt): (witness: Witness) => boolean {
  return unanswered === 'reply' ? (witness) => witness.spoke : (witness) => witness.answered;
}

/**
 * What loses the server's packets behind its SYN-ACK on every way that they may have taken; null where one is not lost, or
 * none is known to have been sent. What the client sends is another file's (`dropped-acknowledgment.ts`).
 */
function demandedRisk(attempt: Attempt, context: DiagnosisContext): Risk | null {
  if (!context.network.isKnown) return null;
  const trips = errandOf(attempt, context, false).walk(context.network);
  const risks = trips.flatMap((trip) => (trip.lostAck?.by === 'server' ? (riskOf(trip) ?? []) : []));
  const [first] = risks;
  if (!first || risks.length < trips.length) return null;
  const isOne = risks.every((risk) => risk.cause === first.cause && risk.station === first.station);
  if (!isOne || isDisproved(first, attempt, context)) return null;
  return witnessesOf(attempt).some(isAnsweredBy(attempt)) || isKept(first, attempt) ? first : null;
}

/** Whether the server's own node, which the data came to, drops what would acknowledge it before a capture sees that. */
function isKept({ station, drop, interface: input }: Risk, attempt: Attempt): boolean {
  if (input !== null || drop?.by !== 'netfilter' || isDataIgnored(attempt.legs)) return false;
  return witnessesOf(attempt).some(({ point, data }) => data && isSameStation(point, station));
}

/** Whether a counter of the kernel that moves with each such drop did not. */
function isDisproved(
  { drop, station, interface: input }: Risk,
  { client }: Attempt,
  context: DiagnosisContext,
): boolean {
  const node = context.node(station.node, station.netns);
  if (!node || !drop) return false;
  return dropCounter(drop, { family: familyOf(client.address)!, input: input !== null }, node)?.rise === 0;
}

function concludeDemanded(
  id: CauseId,
  suspicions: readonly Suspicion<UnansweredProof>[],
  context: DiagnosisContext,
): Conclusion {
  const [{ attempt, proof }] = suspicions as [Suspicion<UnansweredProof>];
  const risk = proof.risk!;
  return {
    finding: {
      ...faultOf(id, suspicions, risk.station.netns),
      summary: `${beginningOf(suspicions)}. By the nodes' settings, ${riskText(risk)}`,
      evidence: [...evidenceOf(suspicions), ...witnessEvidence(attempt), ...riskEvidence([risk])],
      ...fixFor(
        id,
        suspicions.map((s) => s.attempt),
        context,
      ),
      alternatives: ruledOut(proof),
    },
    gaps: [],
  };
}

function concludeUntold(
  suspicions: readonly Suspicion<UnansweredProof>[],
  context: DiagnosisContext,
): Conclusion {
  const [{ attempt, proof }] = suspicions as [Suspicion<UnansweredProof>];
  return {
    finding: {
      ...faultOf('undetermined', suspicions, (proof.reply ?? proof.ack).point.netns),
      summary: `${beginningOf(suspicions)}; what was captured does not tell why.`,
      evidence: [
        ...evidenceOf(suspicions),
        ...witnessEvidence(attempt),
        ...narrowEvidence(attempt, proof.reply ? 'reply' : 'request', context),
      ],
      fix: null,
      alternatives: ruledOut(proof),
    },
    gaps: [gapOf(suspicions[0]!)],
  };
}

function beginningOf(suspicions: readonly Suspicion<UnansweredProof>[]): string {
  const [{ attempt, proof }] = suspicions as [Suspicion<UnansweredProof>];
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  const many = `(${numberText(suspicions.length)} to ${servers})`;
  const { point } = proof.reply ?? proof.ack;
  const seen = `was last seen on ${stationLabel(point.node, point.netns)}`;
  if (attempt.unanswered === 'reply')
    return `Clients connect, and what their server sends first it sends again and again ${many}: it ${seen}, and the clients do not acknowledge it`;
  const then = proof.reply
    ? `what the server acknowledges it with ${seen}, and does not get back to them`
    : `it ${seen}, and no acknowledgment of it comes back`;
  return `Clients connect, and send their first data again and again ${many}: ${then}`;
}

function evidenceOf(suspicions: readonly Suspicion<UnansweredProof>[]) {
  return suspicions
    .slice(0, QUOTED)
    .flatMap(({ attempt, proof: { ack, reply } }) => [
      packetEvidence(ack, attempt.unanswered === 'request' ? ', and data behind it, again and again' : ''),
      ...(reply ? [packetEvidence(reply, ', and what the server sent behind it was seen there')] : []),
    ]);
}

function ruledOut({ reply }: UnansweredProof): Alternative[] {
  const answers = 'the server sends more than its SYN-ACK';
  return [
    { cause: 'not-delivered', why: HAD_REPLY },
    ...(reply ? [{ cause: 'backend-silent', why: answers } as const] : []),
  ];
}

function gapOf({ attempt, proof: { ack, reply } }: Suspicion<UnansweredProof>): Gap {
  const { point } = reply ?? ack;
  const { address } = attempt.client;
  const [what, towards] = reply ? ['what the server sends', 'the client'] : ['the data', 'the server'];
  const asked = reply ? `ping -M do -c 3 -s 1472 ${address}; ` : '';
  const size = reply
    ? ', or whose packets are larger than a link takes (ask with pings that may not be fragmented)'
    : '';
  return {
    node: point.node,
    interface: point.interface,
    why: `${what} was seen on ${stationLabel(point.node, point.netns)}, and SYN and SYN-ACK got through: record the next on the way to ${towards} at the same time, with its firewall rules (a stateful one that saw one direction alone drops what follows a handshake)${size}`,
    capture: `${asked}${captureCommand(null, captureFilter(ack))}`,
  };
}

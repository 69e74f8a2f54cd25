import type { Attempt } from '../../correlate/attempt.js';
import { isOverheardIn } from '../../correlate/overheard.js';
import type { Verdict } from '../../kernel/verdict.js';
import type { Evidence, Gap } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { numberText } from '../../model/texts.js';
import { doubtfulDrops } from '../../network/decisive.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { isCutShort } from '../cut-short.js';
import { arpOff } from '../drops/arp-off.js';
import { blockedReply, inVainText } from '../drops/blocked-reply.js';
import { withoutCarrier } from '../drops/carrier.js';
import { lostCarrier } from '../drops/carrier-hop.js';
import { sentByChangedEntry } from '../drops/changed-entry.js';
import { circling } from '../drops/circling.js';
import { demandOf } from '../drops/demand.js';
import { echoIgnored } from '../drops/echo-ignored.js';
import { ownRequest } from '../drops/hairpin.js';
import type { KnownOfLoss } from '../drops/known-of-loss.js';
import { martianAddress } from '../drops/martian-address.js';
import { misaddressedFrame } from '../drops/misaddressed-frame.js';
import { toldByError } from '../drops/told-by-error.js';
import { tunnelEnds } from '../drops/tunnel-ends.js';
import { unreachedOwner } from '../drops/unreached-owner.js';
import { unresolvedOf } from '../drops/unresolved.js';
import { unresolvedEvidence, unresolvedGap, vainEvidence, vainGap } from '../drops/unresolved-evidence.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { isSlow } from '../loss.js';
import { silentOwner } from '../neighbours/unanswered.js';
import { untakenAnswer, untakenEvidence } from '../neighbours/untaken-answer.js';
import { listedEndpoints } from '../words.js';
import type { UndeterminedProof } from './undetermined.js';
import { gainsaid, missedEvidence, ruledOutBySettings, wayEvidence } from './undetermined-alternatives.js';
import { ANSWERED, type Told, tell } from './undetermined-circumstances.js';
import { clientGap, gapsOf } from './undetermined-gaps.js';
import { lastOf, verdictOf, wayEndOf } from './undetermined-last-seen.js';
import { unwatchedEvidence } from './unwatched.js';

/** What is known, and what to capture next. */
export function concludeUndetermined(
  suspicions: readonly Suspicion<UndeterminedProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { attempt, proof } = suspicions[0]!;
  const { circumstances, severity } = proof;
  const last = lastOf(attempt);
  const verdict = verdictOf(attempt, context);
  const where = last ? `, ${circumstances.includes(ANSWERED) ? 'each reply ' : ''}${seenLast(last)}` : '';
  const known = knownOf(attempt, verdict, context);
  const lost = known ? null : gainsaid(attempt, context);
  const words = known?.words ?? lost?.words ?? null;
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  const told = tell(attempt, circumstances, words, context);
  const summary = `${told.what} (${numberText(suspicions.length)} to ${servers})${where}; ${told.why}.`;
  return {
    finding: {
      ...faultOf('undetermined', suspicions),
      severity,
      summary: [summary, ...told.notes].join(' '),
      evidence: [
        ...suspicions
          .slice(0, QUOTED)
          .flatMap((s) => lastOf(s.attempt) ?? [])
          .map((s) => packetEvidence(s)),
        ...overheardEvidence(attempt),
        ...(known?.evidence ?? []),
        ...icmpEvidence(attempt),
        ...doubtedEvidence(attempt, context),
        ...modelEvidence(verdict, last),
        ...wayEvidence(attempt, context),
        ...missedEvidence(attempt, context),
        ...(lost?.evidence ?? []),
        ...unwatchedEvidence(wayEndOf(attempt), context),
      ],
      fix: null,
      ...(words !== null && { known: words }),
      alternatives: ruledOutBySettings(attempt, known !== null, context),
    },
    gaps: gapsFor(suspicions[0]!, known, told, verdict, context),
  };
}

/** What to capture next. */
function gapsFor(
  { attempt, proof: { severity, circumstances } }: Suspicion<UndeterminedProof>,
  known: KnownOfLoss | null,
  { by }: Told,
  verdict: Verdict | null,
  context: DiagnosisContext,
): Gap[] {
  const isAsked = circumstances.some(({ capture }) => capture === 'always');
  if (severity !== 'fault' && !isAsked && !isSlow(attempt))
    return isOpen(attempt, context) ? [clientGap(attempt)] : [];
  if (known) return [known.gap];
  const atClient = by?.capture === 'client-too' ? [clientGap(attempt)] : [];
  return [...atClient, ...gapsOf(attempt, lastOf(attempt), verdict, context)];
}

function seenLast(last: Sighting): string {
  const way = last.forOther
    ? 'overheard'
    : last.direction === 'in'
      ? 'on its way in'
      : last.direction === 'out'
        ? 'on its way out'
        : 'seen';
  const name = last.point.interface === null ? '' : ` by ${last.point.interface}`;
  return last.kind === 'rst' || last.kind === 'icmp-error'
    ? `first answered on ${last.point.node}`
    : `last ${way}${name} on ${last.point.node}`;
}

/** What is known of the loss, though no cause is. */
function knownOf(attempt: Attempt, verdict: Verdict | null, context: DiagnosisContext): KnownOfLoss | null {
  // What asks for the reply's way comes behind what asks for the request's.
  const blocked = unresolvedOf(attempt, context) ? null : blockedReply(attempt, context)?.blocked;
  if (!blocked)
    return (
      ownRequest(attempt) ??
      circling(attempt, context) ??
      martianAddress(attempt, verdict, context) ??
      echoIgnored(attempt, context) ??
      withoutCarrier(attempt, context) ??
      arpOff(attempt, context) ??
      misaddressedFrame(attempt, context) ??
      sentByChangedEntry(attempt, context) ??
      lostCarrier(attempt, context) ??
      tunnelEnds(attempt, context) ??
      askedInVain(attempt, context) ??
      unreachedOwner(attempt, context) ??
      toldByError(attempt, context)
    );
  const { stop, address } = blocked;
  const untaken = untakenAnswer(stop.station, stop.interface, address, context);
  return {
    words: `by its routes ${stop.station.label} sends its reply by ${stop.interface} to ${address}, and ${inVainText(address, untaken)}`,
    evidence: [vainEvidence(blocked), ...(untaken ? [untakenEvidence(untaken)] : [])],
    gap: vainGap(blocked, untaken),
  };
}

/** The request, translated or not, waits for a next hop that is no backend, and that nobody answers for. */
function askedInVain(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const unresolved = unresolvedOf(attempt, context);
  if (!unresolved) return null;
  const { station, hop, address, destination, untaken } = unresolved;
  const owner = untaken ? null : silentOwner(address, station, context);
  return {
    words: `by its routes ${station.label} sends what is for ${endpointLabel(destination)} by ${hop.dev} to ${address}, and ${inVainText(address, untaken)}${owner ? `: ${owner.why}` : ''}`,
    // The ICMP errors are told in any case.
    evidence: [
      ...unresolvedEvidence({ ...unresolved, errors: [] }),
      ...(untaken ? [untakenEvidence(untaken)] : []),
      ...(owner ? [evidence('model', owner.why, { node: owner.station.node })] : []),
    ],
    gap: unresolvedGap(unresolved),
  };
}

/** Rules on its known way that may have dropped the request, by what no snapshot tells. */
function doubtedEvidence(attempt: Attempt, context: DiagnosisContext): Evidence[] {
  const requests = demandOf(attempt, context)?.courses.requests ?? [];
  const lines = new Set(requests.flatMap(({ journey }) => doubtfulDrops(journey)));
  return [...lines].slice(0, QUOTED).map((line) => evidence('rule', `it may have been dropped: ${line}`));
}

/** Whether it was answered, and the capture went on, and nothing tells whether its client ever had the answer. */
function isOpen(attempt: Attempt, context: DiagnosisContext): boolean {
  return attempt.outcome === 'unacknowledged' && attempt.protocol === 'tcp' && !isCutShort(attempt, context);
}

/** Who only overheard what is lost: what they tell is to which MAC it was sent. */
function overheardEvidence(attempt: Attempt): Evidence[] {
  const trace = wayEndOf(attempt)?.trace;
  if (!trace?.seen) return [];
  return trace.seen
    .filter((s) => isOverheardIn(trace, s))
    .slice(0, QUOTED)
    .map((s) => packetEvidence(s));
}

/** The ICMP errors that answered, and who sent them. */
function icmpEvidence(attempt: Attempt): Evidence[] {
  return attempt.others
    .filter((s) => s.kind === 'icmp-error')
    .slice(0, QUOTED)
    .map((s) => packetEvidence(s, ` (from ${s.icmp!.from}, type ${s.icmp!.type}, code ${s.icmp!.code})`));
}

function modelEvidence(verdict: Verdict | null, last: Sighting | null): Evidence[] {
  if (!verdict || !last) return [];
  const { node } = last.point;
  return [
    evidence('model', `by the routes and settings of ${node}: ${verdict.verdict}; ${verdict.why}`, { node }),
  ];
}

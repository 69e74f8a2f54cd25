import type { Evidence, Finding, Gap } from '../../model/analysis.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { attemptsText } from '../fault.js';
import type { Claim } from '../neighbours/claim.js';
import { isOneNode } from '../neighbours/conflicts.js';
import type { Contest } from '../neighbours/contest.js';
import { claimantLabel, messageEvidence, resolutionOf, strangerText } from '../neighbours/evidence.js';
import type { Exchange } from '../neighbours/exchanges.js';
import { isStuck } from '../ways/handshake.js';
import { witnessEvidence } from '../ways/witnesses.js';
import type { ArpConflictProof } from './arp-conflict.js';
import { answererOf } from './arp-conflict-answerer.js';
import { fixArpConflict } from './arp-conflict-fix.js';

/** The finding for attempts that one conflict cost. */
export function concludeArpConflict(
  suspicions: readonly Suspicion<ArpConflictProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { attempt, proof } = suspicions[0]!;
  const { contest } = proof;
  const stuck = suspicions.find((s) => s.attempt.unanswered !== null);
  const shown = suspicions
    .slice(0, QUOTED)
    .map(({ proof: { packet, wrong } }) =>
      packetEvidence(packet, wrong ? ` (request to ${claimantLabel(wrong)})` : ''),
    );
  return {
    finding: {
      ...describeContest(contest, context),
      severity: 'fault',
      vip: attempt.vip ?? vipOf(contest, context),
      attempts: suspicions.map((s) => s.attempt.id),
      summary: `${conflictText(contest, context)} ${lossText(suspicions)}`,
      evidence: [
        ...proofOf(contest),
        ...shown,
        ...(stuck ? witnessEvidence(stuck.attempt) : []),
        ...answerEvidence(contest, context),
      ],
      alternatives: [
        {
          cause: 'not-delivered',
          why: 'it is no hand-over: the one goes on answering after the other was heard',
        },
        ...(suspicions.some((s) => s.attempt.outcome === 'refused')
          ? [{ cause: 'refused' as const, why: 'the refusal came from a host that is not the one meant' }]
          : []),
      ],
    },
    gaps: gapsOf(contest),
  };
}

/** The address where it is a VIP; null for that of a node or a gateway. */
export function vipOf(
  { conflict: { address } }: Contest,
  { vips, attempts }: DiagnosisContext,
): string | null {
  return vips.has(address) || attempts.some((a) => a.server.address === address) ? address : null;
}

/** What does not depend on attempts. */
export function describeContest(
  contest: Contest,
  context: DiagnosisContext,
): Pick<Finding, 'cause' | 'confidence' | 'node' | 'interface' | 'claimants' | 'fix'> {
  const { conflict } = contest;
  return {
    cause: 'arp-conflict',
    confidence: conflict.exchanges.length > 0 ? 'confirmed' : 'probable',
    node: null,
    interface: null,
    claimants: conflict.claims.map(({ owner: { node, interface: name, mac } }) => ({
      node,
      interface: name,
      mac,
    })),
    fix: fixArpConflict(contest, context),
  };
}

/** Who claims the address, and how that is known. */
export function conflictText(contest: Contest, context: DiagnosisContext): string {
  const { conflict } = contest;
  const { address, claims, exchanges } = conflict;
  const protocol = resolutionOf(address);
  const name = context.nameOf(address);
  const subject = name === null ? address : `${address} (${name})`;
  const labels = claims.map(claimantLabel).join(' and ');
  const text = isOneNode(claims)
    ? `Two interfaces of ${claims[0]!.owner.node} answer ${protocol} for ${subject}, with a MAC each: ${labels}; ${exchangesText(exchanges)}.`
    : `${claims.length === 2 ? 'Two' : claims.length} MACs answer ${protocol} for ${subject} at the same time: ${labels}; ${exchangesText(exchanges)}.`;
  const reasons = claims.flatMap(
    (claim) => answererOf(claim, address, context)?.text ?? strangerText(claim) ?? [],
  );
  return [text, ...reasons].join(' ');
}

/** Whether they answered somebody who asked, or each other's announcements alone, which have the form of requests. */
function exchangesText(exchanges: readonly Exchange[]): string {
  const asked = exchanges.filter(({ request }) => request.claimedMac === null).length;
  if (exchanges.length === 0) return 'they take turns in claiming it, and neither gives way';
  if (asked === 1) return 'they answered one and the same request';
  if (asked > 1) return `they answered the same request, ${asked} times at least`;
  return exchanges.length === 1
    ? 'one answered when the other announced it'
    : `one answered when the other announced it, ${exchanges.length} times at least`;
}

/** What was lost, claimant by claimant: one may refuse what another swallows. */
function lossText(suspicions: readonly Suspicion<ArpConflictProof>[]): string {
  const { rightful, why } = suspicions[0]!.proof.contest;
  const wrongs = new Set(suspicions.map((s) => s.proof.wrong));
  const meant = rightful ? ` in place of ${claimantLabel(rightful)} (${why})` : '';
  return [...wrongs]
    .flatMap((wrong) => {
      const all = suspicions.filter((s) => s.proof.wrong === wrong);
      if (!wrong) return lostOwnerText(all);
      const broken = all.filter((s) => s.attempt.disowned);
      const own = all.filter((s) => !s.attempt.disowned);
      const broke =
        broken.length === 0
          ? []
          : [
              `${attemptsText(broken)} got no further than the handshake: what was sent next went to ${claimantLabel(wrong)}${meant} and was reset.`,
            ];
      if (own.length === 0) return broke;
      const count = attemptsText(own);
      const refused = own.filter((s) => s.attempt.outcome === 'refused').length;
      const verb = own.length === 1 ? 'was' : 'were';
      const end = refused === own.length ? 'refused' : refused === 0 ? 'lost' : 'refused or lost';
      return [`${count} went to ${claimantLabel(wrong)}${meant} and ${verb} ${end}.`, ...broke];
    })
    .join(' ');
}

/** Of clients that had an answer, and whose next packets went elsewhere. */
function lostOwnerText(suspicions: readonly Suspicion<ArpConflictProof>[]): string {
  const [made, rest] = [true, false].map((isMade) =>
    suspicions.filter(({ attempt }) => isStuck(attempt) === isMade),
  ) as [Suspicion<ArpConflictProof>[], Suspicion<ArpConflictProof>[]];
  return [
    ...(rest.length > 0 ? [`${attemptsText(rest)} lost the client when the other answered.`] : []),
    ...(made.length > 0
      ? [
          `${attemptsText(made)} got no further than the handshake: before the next data was sent, the other had claimed the address.`,
        ]
      : []),
  ].join(' ');
}

/** The packets that prove it. */
export function proofOf({ conflict: { exchanges, turns } }: Contest): Evidence[] {
  const found = exchanges
    .slice(0, QUOTED)
    .flatMap(({ request, answers }) =>
      [request, ...[...answers.values()].filter((m) => m !== request)].map(messageEvidence),
    );
  if (exchanges.length > QUOTED)
    found.push(
      evidence('packet', `${exchanges.length} requests and announcements at least were answered so`),
    );
  return [...found, ...turns.map(messageEvidence)];
}

/** Why each of them answers, and what came of what was sent to each. */
export function answerEvidence({ conflict, made, lost }: Contest, context: DiagnosisContext): Evidence[] {
  const reasons = conflict.claims.flatMap(
    (claim) => answererOf(claim, conflict.address, context)?.evidence ?? [],
  );
  const tallies = conflict.claims.flatMap((claim) => {
    const [good, bad] = [made, lost].map((tally) => tally.get(claim.owner.mac) ?? 0) as [number, number];
    if (good + bad === 0) return [];
    const text = `of ${good + bad} requests that went to ${claimantLabel(claim)}, ${good} got through and ${bad} did not`;
    return [evidence('packet', text, { node: claim.owner.node })];
  });
  return [...reasons, ...tallies];
}

/** What would tell who a stranger is. */
export function gapsOf({ conflict: { claims, address } }: Contest): Gap[] {
  return claims.filter(({ owner }) => owner.node === null).map((stranger) => strangerGap(stranger, address));
}

function strangerGap({ owner: { mac }, first: { point } }: Claim, address: string): Gap {
  return {
    node: point.node,
    interface: point.interface,
    why: `which host has ${mac}, that claims ${address}, is not in any snapshot: the switch's address table tells its port, and the neighbours what else it answers for`,
    capture: `ip neigh show | grep ${mac}; bridge fdb show | grep ${mac}`,
  };
}

import type { Attempt } from '../../correlate/attempt.js';
import { causalOrder, compareTimes } from '../../correlate/causal-order.js';
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { PacketTrace } from '../../correlate/trace.js';
import type { Sighting } from '../../model/sighting.js';
import { NANOSECONDS_PER_MILLISECOND, type Nanoseconds } from '../../model/time.js';
import { type Cause, cause, type Suspicion, suspicionOf } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { lossOf } from '../loss.js';
import { LOCK_TIME } from '../neighbours/believed.js';
import type { Claim } from '../neighbours/claim.js';
import { type AddressConflict, isOneNode } from '../neighbours/conflicts.js';
import {
  type Contest,
  claimReached,
  contestAbout,
  contestsOf,
  firstReached,
  isWrong,
} from '../neighbours/contest.js';
import { LOSSES_AND_REFUSALS } from '../symptom.js';
import { disowningResets } from '../ways/disowning.js';
import { isStuck } from '../ways/handshake.js';
import { witnessesOf } from '../ways/witnesses.js';
import { concludeArpConflict } from './arp-conflict-finding.js';
import { surveyArpConflicts } from './arp-conflict-survey.js';
import { filtered } from './filtered.js';
import { netfilterRpFilter } from './netfilter-rpfilter.js';
import { rpFilter } from './rp-filter.js';

/** How an attempt was lost to a conflict. */
export interface ArpConflictProof {
  contest: Contest;
  /** The packet that tells: a request that went to the wrong claimant, its RST, or the reply that was left waiting. */
  packet: Sighting;
  /** Where it went to, or came from, wrongly; null where the client's next packet went there unseen. */
  wrong: Claim | null;
}

/**
 * More than one MAC answers ARP (or NDP) for an address at one time, so that packets go to one or the other by who
 * answered faster last. RFC 5227 section 1.1; arp_process() of net/ipv4/arp.c, ndisc_recv_ns() of net/ipv6/ndisc.c.
 *
 * Proof: two MACs answer one request, or take turns in announcing it. Against: the old owner falls silent when the new
 * one announces itself (a hand-over); one of them is a proxy, or has an anycast address; the captures are of two links.
 */
export const arpConflict = cause<ArpConflictProof>({
  id: 'arp-conflict',
  symptoms: [...LOSSES_AND_REFUSALS, 'unanswered', 'disowned'],
  // Of all that was lost, hardly anything is where nobody's address is in dispute.
  applies: (context) => contestsOf(context).length > 0,
  examine,
  conclude: concludeArpConflict,
  survey: surveyArpConflicts,
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<ArpConflictProof> | null {
  const proof = attempt.outcome === 'refused' ? ofRefusal(attempt, context) : ofLoss(attempt, context);
  if (!proof || isBefore(attempt, proof, context) || isExplainedBetter(attempt, proof, context)) return null;
  const { conflict } = proof.contest;
  return {
    attempt,
    confidence: conflict.exchanges.length > 0 ? 'confirmed' : 'probable',
    node: null,
    interface: null,
    aspect: conflict.address,
    proof,
  };
}

function ofRefusal(attempt: Attempt, context: DiagnosisContext): ArpConflictProof | null {
  const resets = attempt.others.filter((s) => s.kind === 'rst' && !s.fromClient);
  const errors = attempt.others.filter((s) => s.kind === 'icmp-error' && s.fromClient);
  const packet = causalOrder(resets.length > 0 ? resets : errors, context.aligned)[0];
  const request = attempt.traces.find((trace) => trace.role === 'request')?.sightings.at(-1);
  if (!packet || !request) return null;
  const contest = contestAbout(request, context);
  const wrong = contest && (claimFrom(packet, contest) ?? claimReached(request, contest.conflict, context));
  // Translated in sight: it was served, and the refusal is the backend's.
  if (contest?.rightful === null && attempt.legs.length > 1) return null;
  return wrong && isWrong(wrong, contest) ? { contest, packet, wrong } : null;
}

/** The claimant whose packet this is, by who sent the frame. */
function claimFrom({ etherSource, point, direction }: Sighting, { conflict }: Contest): Claim | null {
  const { claims } = conflict;
  const byMac = claims.find(({ owner }) => owner.mac === etherSource);
  if (byMac) return byMac;
  return (direction === 'out' && claims.find(({ owner }) => owner.node === point.node)) || null;
}

function ofLoss(attempt: Attempt, context: DiagnosisContext): ArpConflictProof | null {
  const loss = lossOf(attempt);
  if (!loss) return isStuck(attempt) ? ofUnanswered(attempt, context) : null;
  const { last } = loss;
  const contest = contestAbout(last, context);
  if (contest) {
    const wrong = claimReached(last, contest.conflict, context);
    return wrong && isWrong(wrong, contest) ? { contest, packet: last, wrong } : null;
  }
  const asked = attempt.traces.find(({ role }) => role === 'request');
  if (loss.role !== 'reply' || !asked) return null;
  return ofReply(attempt, asked, loss.traces.at(-1)!.sightings.at(-1)!, context);
}

/** What the client sends behind the handshake may go to another than who answered it. */
function ofUnanswered(attempt: Attempt, context: DiagnosisContext): ArpConflictProof | null {
  const reply = attempt.traces.findLast(({ role }) => role === 'reply')?.sightings.at(-1);
  const answered = attempt.traces.findLast(({ role }) => role === 'request');
  return reply && answered ? ofReply(attempt, answered, reply, context) : null;
}

/** When what went unanswered was sent first: by then the other claimant had answered; null where all was answered. */
function unansweredSince(attempt: Attempt, { aligned }: DiagnosisContext): Nanoseconds | null {
  const times = witnessesOf(attempt).map(({ point, unansweredSince: time }) => aligned({ point, time }));
  const first = times.reduce((a, b) => (compareTimes(b, a) < 0 ? b : a), null);
  return first === null ? null : first + NANOSECONDS_PER_MILLISECOND;
}

/** Whether data of the client's, behind its handshake, came to the claimant's node. */
function hasData(attempt: Attempt, { owner }: Claim): boolean {
  return witnessesOf(attempt).some(({ point, data }) => data && point.node === owner.node);
}

/**
 * The rightful owner answered and hears no more of the client, whose packets go to the other claimant since it
 * answered: where that is seen, or it claimed the address between the request and the last reply, or what went
 * unanswered, and the owner did not take it back.
 */
function ofReply(
  attempt: Attempt,
  answered: PacketTrace,
  reply: Sighting,
  context: DiagnosisContext,
): ArpConflictProof | null {
  const requests = answered.sightings.filter((s) => s.destination.address === reply.source.address);
  const [request] = requests;
  const contest = request ? contestAbout(request, context) : null;
  if (!request || !contest) return null;
  const { conflict } = contest;
  const reached = firstReached(requests, conflict, context);
  if (!reached || isWrong(reached, contest)) return null;
  if ((attempt.unanswered === 'request' || attempt.disowned) && hasData(attempt, reached)) return null;
  const [reset] = attempt.disowned ? disowningResets(attempt, context) : [];
  const from = reset ? claimFrom(reset, contest) : null;
  if (from !== null && !isOneNode([from, reached])) return { contest, packet: reset!, wrong: from };
  const later = [...attempt.others, ...attempt.traces.flatMap((trace) => trace.sightings)].find((s) => {
    const to =
      s.fromClient && s.destination.address === conflict.address ? claimReached(s, conflict, context) : null;
    return to !== null && to !== reached && to.owner.node !== reached.owner.node;
  });
  if (later) return { contest, packet: later, wrong: claimReached(later, conflict, context) };
  const asked = context.aligned(request);
  const lost = reset ? context.aligned(reset) : unansweredSince(attempt, context);
  const to = lost ?? context.aligned(reply);
  if (asked === null || to === null) return null;
  const told = toldBetween(asked, to, conflict, context);
  const own = told.filter(({ message }) => message.claimedMac === reached.owner.mac);
  const isLost = told.some(
    ({ message, at }) => message.claimedMac !== reached.owner.mac && !own.some((one) => undoes(one, at)),
  );
  return isLost ? { contest, packet: reply, wrong: null } : null;
}

interface Told {
  message: NeighbourMessage;
  /** On the first node's clock. */
  at: Nanoseconds;
}

/** What claimants said of the address, but for what one answers another's announcement: that one alone hears it. */
function toldBetween(
  from: Nanoseconds,
  to: Nanoseconds,
  { address, claims, messages }: AddressConflict,
  { aligned }: DiagnosisContext,
): Told[] {
  return messages.flatMap((message) => {
    const at = aligned(message);
    const isClaim = claims.some(({ owner }) => owner.mac === message.claimedMac);
    if (!isClaim || message.asker === address || at === null) return [];
    return at >= from && at <= to ? [{ message, at }] : [];
  });
}

/** Whether whoever took what was told before takes this in its place: at once only what is told to all. */
function undoes({ message, at }: Told, before: Nanoseconds): boolean {
  return at > before && (message.kind === 'announcement' || at - before > LOCK_TIME);
}

/** How long before the second claimant is heard of its packets may be taken for it, by an unseen answer. */
const UNHEARD = 5_000_000_000n;

/** Whether the attempt was over before there was a second claimant. */
function isBefore(
  { traces }: Attempt,
  { contest }: ArpConflictProof,
  { aligned }: DiagnosisContext,
): boolean {
  const { since } = contest.conflict;
  const times = traces.flatMap(({ sightings }) => sightings.map(aligned)).filter((time) => time !== null);
  return since !== null && times.length > 0 && times.every((time) => time < since - UNHEARD);
}

/** What a kernel drops, whoever it was for. */
const DROPS: readonly Cause[] = [netfilterRpFilter, filtered, rpFilter];

/** The kernel's record of a drop names another cause; its settings alone do where nobody is known to be wrong. */
function isExplainedBetter(
  attempt: Attempt,
  { contest }: ArpConflictProof,
  context: DiagnosisContext,
): boolean {
  return DROPS.some((other) => {
    const suspicion = suspicionOf(other, attempt, context);
    return suspicion !== null && (suspicion.confidence === 'confirmed' || contest.rightful === null);
  });
}

import type { Attempt } from '../../correlate/attempt.js';
import { expectsReply } from '../../correlate/expects-reply.js';
import type { ConntrackEntry } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import { doubtfulDrops } from '../../network/decisive.js';
import type { Journey } from '../../network/journey.js';
import type { Station } from '../../network/station.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { isCutShort } from '../cut-short.js';
import { isWithoutCarrier } from '../drops/carrier.js';
import { changedEntry } from '../drops/changed-entry.js';
import { entryOf } from '../drops/conntrack.js';
import { type Course, coursesOf } from '../drops/courses.js';
import { ownRequest } from '../drops/hairpin.js';
import { type Unresolved, unresolvedOf } from '../drops/unresolved.js';
import { isVisible } from '../drops/visibility.js';
import { firstSightings, type Loss, lossOf } from '../loss.js';
import { type VainAsker, vainAskerBehind } from '../neighbours/vain-askers.js';
import { concludeBackendSilent } from './backend-silent-finding.js';

/** What shows that the backend had the request and gave no answer. */
export interface SilenceProof {
  loss: Loss;
  /** The whole way, as the settings have it and the captures saw it; null where only the backend's own capture tells. */
  journey: Journey | null;
  /** The interface on which the answer would have been captured; null where none says so. */
  listened: string | null;
  /** The entry of the node that handed the request over, which no reply ever came to. */
  unreplied: ConntrackEntry | null;
  doubts: readonly string[];
  /** It does not even answer ARP: the request could not be handed over. */
  unresolved: Unresolved | null;
  /** It has nowhere to send its answer: it asks for its next hop in vain. */
  asking: VainAsker | null;
}

/**
 * The request was handed to the backend (it left by the pod's own device, reached the pod's namespace, or was
 * delivered on the node itself), and no answer ever left it. One that does not even answer ARP is silent as well.
 *
 * Proof: the request's last step was captured, and so would have been the reply's first; or the node's conntrack
 * entry is still `[UNREPLIED]`. Against: a capture that sees one direction only, that ended, that lost packets, or that
 * was not on the way back; and any setting that drops the reply before it can be seen. A UDP server that answers from
 * an address that was not asked is silent to its clients, and is told apart.
 */
export const backendSilent = cause<SilenceProof>({
  id: 'backend-silent',
  symptoms: ['no-reply', 'unreachable'],
  applies: ({ network, hasNamespaces }) => network.isKnown || hasNamespaces,
  examine,
  conclude: concludeBackendSilent,
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<SilenceProof> | null {
  const loss = lossOf(attempt);
  if (!loss) return null;
  const proof = byNeighbour(attempt, loss, context) ?? bySilence(attempt, loss, context);
  if (!proof) return null;
  const { point } = loss.last;
  return {
    attempt,
    confidence: proof.doubts.length === 0 ? 'probable' : 'possible',
    node: point.node,
    interface: point.interface,
    aspect: `${point.netns} ${proof.unresolved !== null} ${attempt.otherSource.length > 0} ${proof.asking?.target}`,
    proof,
  };
}

function bySilence(attempt: Attempt, loss: Loss, context: DiagnosisContext): SilenceProof | null {
  if (attempt.outcome !== 'no-reply' || loss.trace.overheard || isCutShort(attempt, context)) return null;
  if (!expectsReply(attempt, context.attempts) || isMisaddressed(loss, context)) return null;
  // A host that is sent its own packet drops it before anybody there could answer.
  if (ownRequest(attempt)) return null;
  const proof = byWay(attempt, loss, context) ?? byNamespace(attempt, loss, context);
  return proof && { ...proof, asking: askingOf(loss, context) };
}

function askingOf({ last: { point, destination } }: Loss, context: DiagnosisContext): VainAsker | null {
  const station = context.network.station(point.node, point.netns);
  return station && vainAskerBehind(destination.address, station, point.interface, context);
}

/** It was in a frame for another MAC: whoever may be the backend only overheard it, or has another. */
function isMisaddressed(loss: Loss, context: DiagnosisContext): boolean {
  const { last, trace } = loss;
  const { network } = context;
  if (changedEntry(loss, context)) return true;
  if (last.direction !== 'out' || trace.seen === undefined) return false;
  const { address } = last.destination;
  return trace.seen.some((s) => {
    if (!s.forOther || s.ttl !== last.ttl || s.destination.address !== address) return false;
    const station = network.station(s.point.node, s.point.netns);
    return !station?.snapshot.addresses || station.model.hasAddress(address);
  });
}

/** Its own node asks for it in vain. */
function byNeighbour(attempt: Attempt, loss: Loss, context: DiagnosisContext): SilenceProof | null {
  const unresolved = unresolvedOf(attempt, context);
  if (!unresolved?.translated || unresolved.hop.via !== null || unresolved.untaken) return null;
  return { loss, journey: null, listened: null, unreplied: null, doubts: [], unresolved, asking: null };
}

/** What was seen of it, before it is known whether it asks for something in vain. */
type Silence = Omit<SilenceProof, 'asking'>;

/** The captures saw every step to the backend, and would have seen its answer's first. */
function byWay(attempt: Attempt, loss: Loss, context: DiagnosisContext): Silence | null {
  const { requests, replies } = coursesOf(attempt, context)!;
  const arrived = requests.filter(isHandedOver);
  const [request] = arrived;
  if (!request || arrived.length < requests.filter((course) => course.missedAt === null).length) return null;
  const { journey, doubts } = request;
  const { station } = journey.legs.at(-1)!;
  const entry = entryOf(attempt, station);
  if (entry && !entry.unreplied) return null;
  // Of a rule that drops now and then (a rate limit, a set that grows), a tracked connection alone says that it did not.
  if (!entry && doubtfulDrops(journey).length > 0) return null;
  const answers = replies.filter((reply) => reply.request === request);
  const missed = answers.map((reply) => reply.missedAt);
  const [first] = missed;
  if (answers.length === 0) return byOwnWire(attempt, loss, request, context);
  if (!entry && (!first || missed.includes(null))) return null;
  // It may well have answered.
  if (!entry && answers.some(isWithoutCarrier)) return null;
  const proof = {
    loss,
    journey,
    listened: first?.interface ?? null,
    unreplied: entry,
    doubts,
    unresolved: null,
  };
  return answers.some((reply) => reply.journey.end.kind === 'dropped' && reply.missedAt === null)
    ? null
    : proof;
}

/**
 * A host on the link may answer by a way of its own. One that rules translate to, alone with the node on a veth behind
 * which no router is known, is most likely a namespace of the node's, as a pod, that has no other.
 */
function byOwnWire(
  attempt: Attempt,
  loss: Loss,
  { journey, doubts }: Course,
  context: DiagnosisContext,
): Silence | null {
  const { end, packet } = journey;
  if (end.kind !== 'left' || end.hop.via !== null) return null;
  const { station, hop } = end;
  const { address } = loss.last.destination;
  const view = context.node(station.node, station.netns);
  if (!view || packet.destination.text !== address || !isAloneOnWire(station, hop.dev, address)) return null;
  if (![...context.nodes.values()].some((node) => context.translatesTo(node, address))) return null;
  const beside = firstSightings(attempt);
  const server = loss.last.destination;
  if (!isVisible(view, hop.dev, { role: 'reply', server }, beside, context)) return null;
  const assumed = `${address} is taken to be alone behind ${hop.dev} of ${station.label}, and to answer by it`;
  const unreplied = entryOf(attempt, station);
  if (unreplied && !unreplied.unreplied) return null;
  return {
    loss,
    journey,
    listened: hop.dev,
    unreplied,
    doubts: [...doubts, assumed],
    unresolved: null,
  };
}

function isAloneOnWire({ model, snapshot }: Station, device: string, address: string): boolean {
  if (model.link(device)?.kind !== 'veth') return false;
  const routes = [...(snapshot.routes4 ?? []), ...(snapshot.routes6 ?? [])];
  if (routes.some((r) => r.nextHops.some((hop) => hop.interface === device && hop.gateway !== null)))
    return false;
  const there = (snapshot.neighbours ?? []).filter((n) => n.interface === device && n.mac !== null);
  const mac = there.find((n) => n.address === address)?.mac;
  return mac !== undefined && there.every((n) => n.mac === mac);
}

function isHandedOver({ journey: { end }, stops, reached, missedAt }: Course): boolean {
  return (end.kind === 'delivered' || end.kind === 'left') && reached === stops.length && missedAt === null;
}

/** The request was captured in the pod's own namespace, of which nothing else is known. */
function byNamespace(attempt: Attempt, loss: Loss, context: DiagnosisContext): Silence | null {
  const { point, destination, direction } = loss.last;
  const node = context.node(point.node, point.netns);
  if (point.netns === null || point.interface === null || direction === 'out' || !node || node.snapshot)
    return null;
  const beside = firstSightings(attempt);
  const answer = { role: 'reply', server: destination } as const;
  if (!isVisible(node, point.interface, answer, beside, context)) return null;
  const label = stationLabel(point.node, point.netns);
  // Its packets are half of the proof: its own rules may have dropped the requests.
  const doubts = [`the firewall and the settings of ${label}, which are not known, let the requests in`];
  return {
    loss,
    journey: null,
    listened: point.interface,
    unreplied: null,
    doubts,
    unresolved: null,
  };
}

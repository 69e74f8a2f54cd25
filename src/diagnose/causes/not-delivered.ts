import type { Attempt } from '../../correlate/attempt.js';
import { expectsReply } from '../../correlate/expects-reply.js';
import { seenBy } from '../../correlate/overheard.js';
import type { PacketTrace } from '../../correlate/trace.js';
import type { Sighting } from '../../model/sighting.js';
import { type Entry, entriesOf, knownEntry, type Silence } from '../../network/entry.js';
import { TUNNELS } from '../../network/link.js';
import { arrivalOf } from '../../network/next.js';
import type { Station } from '../../network/station.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { isCutShort } from '../cut-short.js';
import { wrongCarrierEntry } from '../drops/carrier-hop.js';
import { entryOf } from '../drops/conntrack.js';
import { coursesOf } from '../drops/courses.js';
import { type Unresolved, unresolvedOf } from '../drops/unresolved.js';
import { isLikelyVisible, isRunning } from '../drops/visibility.js';
import { firstSightings, type Loss, lossOf } from '../loss.js';
import { overheardAt, type WrongEntry, wrongEntryOf } from '../neighbours/wrong-entry.js';
import { isOverheard, placeAfter } from '../place.js';
import { concludeNotDelivered } from './not-delivered-finding.js';

export interface UndeliveredProof {
  loss: Loss;
  /** Where it had to come in, each of which was captured. */
  entries: readonly Entry[];
  /** The nodes that have the address and do not answer for it on its link. */
  silent: readonly Silence[];
  /** Whoever handed it on asks for the next hop in vain. */
  unresolved: Unresolved | null;
  /** Whom its last node sent it to: the VIP, or the next hop on the way to a backend. */
  address: string;
  /** Its last node's entry for that has a MAC that none of those has where it had to come in. */
  wrong: WrongEntry | null;
}

/**
 * The request was seen to leave the client, or a router, and never came to the node that has the VIP, whose interface
 * was captured meanwhile. Something between them lost it: a switch, a stale neighbour entry, or nobody who answers ARP
 * for the address.
 *
 * Against: a capture there that had not begun, that lost packets itself, or that shows nothing of the time.
 */
export const notDelivered = cause<UndeliveredProof>({
  id: 'not-delivered',
  symptoms: ['no-reply', 'unreachable'],
  applies: ({ network }) => network.isKnown,
  examine,
  conclude: concludeNotDelivered,
});

function examine(attempt: Attempt, context: DiagnosisContext): Suspicion<UndeliveredProof> | null {
  const farthest = lossOf(attempt);
  if (!farthest) return null;
  const loss = withoutOverheard(farthest, context);
  const proof =
    byNeighbour(attempt, loss, context) ??
    byCarrier(attempt, loss, context) ??
    (loss.trace.overheard ? null : (byCaptures(attempt, loss, context) ?? byWire(attempt, loss, context)));
  if (!proof) return null;
  const { node, interface: name, netns } = loss.last.point;
  // That nobody answers is known, and so is a wrong MAC where the right ones are; that a watched interface shows nothing
  // is only what was seen.
  const { wrong } = proof;
  const isAddressed =
    wrong !== null &&
    proof.entries.every(({ isGuess, station }) => !isGuess || station.model.hasAddress(wrong.address));
  const known = proof.unresolved !== null || proof.entries.length === 0 || isAddressed;
  return {
    attempt,
    confidence: known ? 'probable' : 'possible',
    node,
    interface: name,
    aspect: `${netns} ${proof.unresolved !== null} ${proof.wrong?.mac} ${known}`,
    proof,
  };
}

type Misdirection = { wrong: WrongEntry | null } | null;

/**
 * Whether those at the doors saw it in frames for another MAC, as the sender's entry has it. Null where they did and no
 * such entry tells why: then it went to a host of which nothing is known.
 */
function misdirectionOf(
  loss: Loss,
  address: string,
  doors: readonly Station[],
  context: DiagnosisContext,
): Misdirection {
  const overheard = doors.flatMap((door) => overheardAt(loss, door, context));
  if (overheard.length === 0) return { wrong: null };
  const wrong = wrongEntryOf(loss, address, doors, context);
  return wrong && overheard.every((s) => (s.etherDestination ?? wrong.mac) === wrong.mac) ? { wrong } : null;
}

/** The loss as those saw it whom the packet passed: a switch floods what is for a port that it does not know. */
function withoutOverheard(loss: Loss, context: DiagnosisContext): Loss {
  const passed = (trace: PacketTrace): PacketTrace => ({
    ...trace,
    sightings: trace.sightings.filter((s) => !isOverheard(s, context)),
    seen: seenBy(trace),
  });
  const trace = passed(loss.trace);
  const last = trace.sightings.at(-1);
  if (!last) return loss;
  const traces = loss.traces.map(passed).filter(({ sightings }) => sightings.length > 0);
  return { ...loss, trace, last, traces };
}

function byNeighbour(attempt: Attempt, loss: Loss, context: DiagnosisContext): UndeliveredProof | null {
  const unresolved = unresolvedOf(attempt, context);
  if (!unresolved || unresolved.translated || unresolved.untaken) return null;
  return { loss, entries: [], silent: [], unresolved, address: unresolved.address, wrong: null };
}

function byCaptures(attempt: Attempt, loss: Loss, context: DiagnosisContext): UndeliveredProof | null {
  if (attempt.outcome !== 'no-reply' || isCutShort(attempt, context)) return null;
  if (!expectsReply(attempt, context.attempts)) return null;
  const { address } = attempt.server;
  const all = entriesOf(context.network, address, attempt.client.address);
  if (all.entries.some((entry) => entry.interface === null) || isClaimedByStranger(address, context))
    return null;
  const nodes = new Set([...all.entries, ...all.silent].map(({ station }) => station.node));
  // Past the VIP's node it was delivered, whatever became of it then.
  const passed = attempt.traces.flatMap((trace) => (trace.role === 'request' ? trace.sightings : []));
  if (nodes.size === 0 || passed.some((s) => nodes.has(s.point.node) && !isOverheard(s, context)))
    return null;
  const target = targetOf(loss.last, context);
  const isTarget = ({ station }: Entry | Silence) => target === null || station === target;
  const entries = all.entries.filter(isTarget);
  const silent = all.silent.filter(isTarget);
  const beside = firstSightings(attempt);
  const isSeen = (door: Entry | Silence) => isWatched(door, beside, context);
  const doors = [...entries, ...silent];
  const stations = doors.map(({ station }) => station);
  const misdirection = misdirectionOf(loss, address, stations, context);
  if (!misdirection) return null;
  const proof = {
    loss,
    entries: entries.filter(isSeen),
    silent: silent.filter(isSeen),
    unresolved: null,
    address,
    ...misdirection,
  };
  const seen = proof.entries.length + proof.silent.length;
  // What is sent to a wrong MAC comes in by no other door.
  return seen > 0 && (seen === doors.length || misdirection.wrong) ? proof : null;
}

/** On its way to a backend it left one node, and never came to the next, by whose settings it has to come in there. */
function byWire(attempt: Attempt, loss: Loss, context: DiagnosisContext): UndeliveredProof | null {
  if (attempt.outcome !== 'no-reply' || isCutShort(attempt, context)) return null;
  if (!expectsReply(attempt, context.attempts) || loss.last.encapsulations.length > 0) return null;
  const beside = firstSightings(attempt);
  const crossings = (coursesOf(attempt, context)?.requests ?? []).map(({ journey, stops, reached }) => {
    const [left, next] = [stops[reached - 1], stops[reached]];
    if (left?.direction !== 'out' || next?.direction !== 'in' || left.station === next.station) return null;
    const hop = journey.legs[left.leg]!.hop!;
    return { next, address: hop.via ?? next.destination.address };
  });
  const [first] = crossings;
  if (!first || crossings.some((c) => c?.next.station !== first.next.station)) return null;
  const { station, interface: name, destination } = first.next;
  const view = context.node(station.node, station.netns);
  // Of a tunnel's inner packet, the next node may have dropped the outer one.
  if (!view || TUNNELS.has(station.model.link(name)?.kind ?? '') || entryOf(attempt, station)) return null;
  if (!isLikelyVisible(view, name, destination, beside, context)) return null;
  const why = `by the settings of ${loss.last.point.node}`;
  const entry = knownEntry(station, name, why);
  const { address } = first;
  const misdirection = misdirectionOf(loss, address, [station], context);
  return misdirection && { loss, entries: [entry], silent: [], unresolved: null, address, ...misdirection };
}

/** The tunnel packet that carries it to a backend's node left by a neighbour entry with another's MAC. */
function byCarrier(attempt: Attempt, loss: Loss, context: DiagnosisContext): UndeliveredProof | null {
  if (attempt.outcome !== 'no-reply' || isCutShort(attempt, context)) return null;
  if (!expectsReply(attempt, context.attempts) || loss.last.encapsulations.length !== 1) return null;
  const wrong = wrongCarrierEntry(attempt, context);
  if (!wrong) return null;
  const { address, holder } = wrong;
  const beside = firstSightings(attempt);
  const entries = context.network.stations.flatMap((station) =>
    station.model.localAddresses
      .filter((own) => own.address === address)
      .map((own) => knownEntry(station, own.interface, `by the settings of ${holder.label}`)),
  );
  const isSeen = entries.length === 1 && isWatched(entries[0]!, beside, context);
  return isSeen ? { loss, entries, silent: [], unresolved: null, address, wrong } : null;
}

/** To whom its last node sent it: by the frame's MAC, or by that node's routes and neighbours; null where not known. */
function targetOf(last: Sighting, context: DiagnosisContext): Station | null {
  const { network } = context;
  const place = placeAfter(last, context);
  if (place && !place.seen) return network.station(place.node.name, place.node.netns);
  const from = network.station(last.point.node, last.point.netns);
  if (!from || last.direction !== 'out') return null;
  const [source, destination] = [last.source.address, last.destination.address];
  const way = from.model.output({ source: null, destination });
  if (way.verdict !== 'output' || way.dev !== last.point.interface) return null;
  return arrivalOf(network, from, { dev: way.dev!, via: way.via }, { source, destination })?.station ?? null;
}

/** Whether a MAC that is none of the nodes' was announced for the address: then it went there. */
function isClaimedByStranger(address: string, context: DiagnosisContext): boolean {
  return context.neighbours.some(
    ({ target, claimedMac }) => target === address && claimedMac !== null && !context.ownerOfMac(claimedMac),
  );
}

/** Whether what comes in there was captured at the time; no filter that shows anything of the VIP hides its requests. */
function isWatched(
  { station, interface: name }: Entry | Silence,
  beside: readonly Sighting[],
  context: DiagnosisContext,
): boolean {
  const captures = context.node(station.node, station.netns)?.captures ?? [];
  return captures.some((capture) => isRunning(capture, name!, beside, context));
}

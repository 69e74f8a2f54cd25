/** An attempt's connection, to be walked again through the nodes' settings. */
import type { Attempt } from '../../correlate/attempt.js';
import type { CapturePoint, Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { type Entry, knownEntry, podOf } from '../../network/entry.js';
import { follow, type Journey } from '../../network/journey.js';
import { TUNNELS } from '../../network/link.js';
import type { Network } from '../../network/network.js';
import { type RoundTrip, roundTrips } from '../../network/round-trip.js';
import { senderOf } from '../../network/sender.js';
import { type DiagnosisContext, isAt } from '../context.js';
import { packetQuestion } from '../packet-question.js';
import { inputInterface } from '../place.js';
import { detourOf } from '../ways/detour.js';
import { type LostPacket, lostPacketOf, neighbourBehind } from './lost-packet.js';
import type { Errand } from './trial.js';

/**
 * Follows the attempt's request from where it was seen first, and its reply back: by the whole network's settings,
 * where there is a snapshot of the first node, else from the node that lost the packet.
 *
 * @param back whether the reply has to leave by the way that the request came
 */
export function errandOf(attempt: Attempt, context: DiagnosisContext, back: boolean): Errand {
  const lost = lostPacketOf(attempt, context);
  const client = attempt.client.address;
  const first = attempt.traces
    .find((trace) => trace.role === 'request')
    ?.sightings.find((s) => s.direction === 'in' && s.encapsulations.length === 0);
  const wanted = first ? backendsOf(fromFirst(context.network, first, attempt, context), attempt, lost) : [];
  if (first && wanted.length > 0) {
    const turned = back ? detourOf(attempt, context)?.out.sighting.point : undefined;
    const walk = (network: Network) => {
      const all = fromFirst(network, first, attempt, context);
      const trips = turned ? all.map((trip) => roundThePrevious(trip, turned)) : all;
      const same = trips.filter((trip) => wanted.includes(backendOf(trip)));
      // What was dropped before its translation may be for any backend.
      return same.length > 0 ? same : trips;
    };
    const before = mayBeTranslated(attempt, first, context);
    const beyond = before ? { beyond: MAY_TRANSLATE } : {};
    const round = back || before || isFromPod(context.network, first, client);
    return { client, back: round, translated: false, ...beyond, walk };
  }
  if (!lost) return { client, back, translated: false, walk: () => [] };
  const { place, loss, translated } = lost;
  const walk = (network: Network) => {
    const station = network.station(place.node.name, place.node.netns);
    if (!station) return [];
    const entry = knownEntry(station, place.interface, '', lost.gateway);
    if (loss.role === 'reply') return inward(network, entry, attempt, lost);
    return roundTrips(network, entry, packetQuestion(attempt, loss.last, 'request'));
  };
  // What came before is not in the snapshots: a node there has to get the reply, to translate it back.
  const beyond = translated && loss.role === 'request' ? { beyond: TRANSLATES } : {};
  return { client, back: back || translated, translated, ...beyond, walk };
}

const TRANSLATES = 'the node there, which translated the request, still has to translate that back';
const MAY_TRANSLATE =
  'the node there, of which there is no snapshot, still has to translate that back if it translated the request';

/**
 * Whether a node that nobody recorded may have translated the request before it was seen: it came from one by a tunnel,
 * and is for no address that is known as a VIP, itself. Its reply has to go back by that node then.
 */
function mayBeTranslated(attempt: Attempt, first: Sighting, context: DiagnosisContext): boolean {
  if (attempt.vip === attempt.server.address || attempt.legs.length > 1) return false;
  const links = context.node(first.point.node, first.point.netns)?.snapshot?.links ?? [];
  const kind = links.find(({ name }) => name === first.point.interface)?.kind;
  return kind != null && TUNNELS.has(kind);
}

/** A pod's node takes its request in: what leaves that node for a router is not known to come back to the pod. */
function isFromPod(network: Network, first: Sighting, client: string): boolean {
  const pod = podOf(network, client);
  return pod !== null && isSameStation(pod.station, first.point);
}

function fromFirst(
  network: Network,
  first: Sighting,
  attempt: Attempt,
  context: DiagnosisContext,
): RoundTrip[] {
  const { node, netns } = first.point;
  const station = network.station(node, netns);
  const view = context.node(node, netns);
  const name = station && view && inputInterface(first, view);
  if (!station || !view || name === null || first.destination.address !== attempt.server.address) return [];
  // Where a node behind this one turned the reply away, this one sends it on as its own routes have it.
  const turned = detourOf(attempt, context)?.node ?? view;
  const sender =
    turned === view
      ? (neighbourBehind(first, view, name) ??
        senderOf(network, station, name, attempt.client.address).address)
      : null;
  const entry = knownEntry(station, name, '', sender);
  return roundTrips(network, entry, packetQuestion(attempt, first, 'request'));
}

/**
 * Where a node behind the first turned the reply away from the one that had handed it the request, and the first gets it
 * all the same, by the others: the client has its answer, and the one between knows nothing of it.
 */
function roundThePrevious(trip: RoundTrip, turned: CapturePoint): RoundTrip {
  const { request, reply, fate } = trip;
  if (fate.kind !== 'answered' || !reply) return trip;
  const at = request.legs.findIndex(({ station }) => isSameStation(station, turned));
  const previous = request.legs[at - 1]?.station;
  const parting = reply.legs.find(({ station }) => isSameStation(station, turned))?.station;
  if (!previous || !parting || reply.legs.some(({ station }) => station === previous)) return trip;
  return { ...trip, fate: { kind: 'answered-elsewhere', parting } };
}

/** As the request is addressed in the end. */
function backendOf({ request: { packet } }: RoundTrip): string {
  return `${packet.destination.text} ${packet.destinationPort}`;
}

/** Of all that a Service's request may be translated to: what this one was, as far as that is known. */
function backendsOf(trips: readonly RoundTrip[], attempt: Attempt, lost: LostPacket | null): string[] {
  const { server } = attempt.legs.at(-1) ?? attempt;
  const same = trips.map(backendOf).filter((backend) => backend === `${server.address} ${server.port}`);
  if (attempt.legs.length > 1 && same.length > 0) return [...new Set(same)];
  const concerned = lost ? trips.filter((trip) => passes(trip, lost)) : trips;
  return [...new Set(concerned.map(backendOf))];
}

/** Whether the packet that was lost is on this way. */
function passes({ request, reply }: RoundTrip, { loss, place }: LostPacket): boolean {
  const journey: Journey | null = loss.role === 'request' ? request : reply;
  const { node } = place;
  return (journey?.legs ?? []).some((leg) => isAt(leg.station, node) && leg.interface === place.interface);
}

/** A reply whose request is not followed: whether the node takes it in. */
function inward(network: Network, entry: Entry, attempt: Attempt, { loss }: LostPacket): RoundTrip[] {
  const { client, server } = attempt;
  return follow(network, entry, packetQuestion(attempt, loss.last, 'reply')).map((reply) => {
    const fate = reply.end.kind === 'dropped' ? { kind: 'lost' as const, role: 'reply' as const } : ANSWERED;
    return { entry, client, server, backend: null, request: reply, reply, fate, lostAck: null };
  });
}

const ANSWERED = { kind: 'answered' } as const;

/** Those that differ in more than the client's port. */
export function distinctAttempts(attempts: readonly Attempt[]): Attempt[] {
  const byPacket = new Map<string, Attempt>();
  for (const attempt of attempts) {
    const ends = attempt.legs.map(({ client, server }) => [client.address, server.address, server.port]);
    const key = [attempt.client.address, attempt.server.address, attempt.server.port, ...ends].join(' ');
    if (!byPacket.has(key)) byPacket.set(key, attempt);
  }
  return [...byPacket.values()];
}

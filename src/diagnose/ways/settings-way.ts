/** By which way a node's own settings send the reply to a request that was seen to come in. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Hop, Verdict } from '../../kernel/verdict.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { follow, type Journey, type Leg } from '../../network/journey.js';
import { answerStart, answerTo } from '../../network/round-trip.js';
import type { Station } from '../../network/station.js';
import { type DiagnosisContext, isAt, type NodeView } from '../context.js';
import { packetQuestion } from '../packet-question.js';
import { remembered } from './remembered.js';

export interface SettingsWay {
  /** The request from that node on, and its reply from the backend on. */
  request: Journey;
  reply: Journey;
  /** Where the reply passes the node. */
  leg: Leg;
  hop: Hop;
  /** All that it may leave by, where the route has several next hops. */
  hops: readonly Hop[];
  /** The route decision; null where the passage does not tell it. */
  verdict: Verdict | null;
  /** Nothing had to be assumed that another way could come of. */
  certain: boolean;
  /** The backend is beyond the nodes: the node is a router to it, of which both ways are seldom the same. */
  isBeyond: boolean;
}

/** A request that was seen to come into a node. */
export interface Arrival {
  attempt: Attempt;
  /** On its way into the node. */
  request: Sighting;
  node: NodeView;
  device: string | null;
  /** By which its reply was seen to come into the node; null where it was not. */
  replyIn: string | null;
}

/**
 * The reply's way out of the node where the request came in; null where the snapshot does not tell of one.
 *
 * @param out by which the reply was seen to leave: of several next hops, that one
 */
export function settingsWay(
  arrival: Arrival,
  context: DiagnosisContext,
  out: string | null = null,
): SettingsWay | null {
  const ways = arrival.device === null ? [] : findWays(arrival, context);
  return ways.find(({ hop }) => hop.dev === out) ?? ways[0] ?? null;
}

/** A client's next connection differs in its port alone, which no way but a multipath route's depends on. */
const findWays = remembered(
  ({ attempt, request, node, device, replyIn }: Arrival) =>
    [
      ...[node.name, node.netns, device, replyIn, attempt.protocol, request.source.address],
      ...[request.destination, ...attempt.legs.map((leg) => leg.server)].map(endpointLabel),
    ].join('\n'),
  waysOf,
);

function waysOf(arrival: Arrival, context: DiagnosisContext): SettingsWay[] {
  const { node } = arrival;
  const ways = roundsOf(arrival, context).flatMap(({ request, reply, isBeyond }) => {
    const leg = reply.legs.findLast(({ station, hop }) => isAt(station, node) && hop !== null);
    if (!leg) return [];
    const doubts = [...request.doubts, ...reply.doubts];
    const { verdict } = leg.passage;
    return [{ request, reply, leg, hop: leg.hop!, verdict, certain: doubts.length === 0, isBeyond }];
  });
  const hops = ways
    .map(({ hop }) => hop)
    .filter((hop, i, all) => all.findIndex((one) => isSameHop(one, hop)) === i);
  const certain = hops.length === 1 && ways.every((way) => way.certain);
  return ways.map((way) => ({ ...way, hops, certain }));
}

function isSameHop(a: Hop, b: Hop): boolean {
  return a.dev === b.dev && a.via === b.via;
}

/** The request's ways from the node on to the backends that the attempt is known to have, and their replies' ways. */
function roundsOf(
  { attempt, request: seen, node, device, replyIn }: Arrival,
  { network }: DiagnosisContext,
): { request: Journey; reply: Journey; isBeyond: boolean }[] {
  const station = network.station(node.name, node.netns);
  if (!station) return [];
  const question = packetQuestion(attempt, seen, 'request');
  const backends = attempt.legs.map((leg) => leg.server.address);
  const requests = follow(network, { station, interface: device }, question);
  const known = requests.filter(({ packet }) => backends.includes(packet.destination.text));
  return (known.length > 0 ? known : requests).flatMap((request) => {
    const known = answerStart(network, request, seen.source.address);
    const isBeyond = known !== null && 'fate' in known;
    const start = isBeyond ? seenStart(request, station, replyIn) : known;
    if (!start) return [];
    const answer = { ...answerTo(request), tcp: question.tcp ? ('syn-ack' as const) : null };
    return follow(network, start, answer, request.connections).map((reply) => ({
      request,
      reply,
      isBeyond,
    }));
  });
}

/** Who is beyond the nodes may answer by any way; by which the reply was seen to come is known all the same. */
function seenStart(
  { end }: Journey,
  station: Station,
  replyIn: string | null,
): { station: Station; interface: string | null } | null {
  if (replyIn === null || end.kind !== 'left' || end.station !== station) return null;
  return { station, interface: replyIn };
}

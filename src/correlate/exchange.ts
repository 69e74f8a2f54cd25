/** The requests and replies of a UDP exchange or an echo, and how it ended. */
import type { Outcome } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Aligned } from './causal-order.js';
import type { Coverage } from './coverage.js';
import { isDeliveryFailure, isPortUnreachable } from './icmp-errors.js';
import type { Leg } from './leg.js';
import type { PacketTrace } from './trace.js';
import { askedAgain, firstReplies, triesOf } from './tries.js';

export interface Exchange {
  /** The first request, and each time that it was sent again. */
  requests: PacketTrace[];
  /** After each request, the first reply. */
  replies: PacketTrace[];
  outcome: Outcome;
  /** Those of all replies that went on to the client where the request had come from. */
  delivered: PacketTrace[];
}

/**
 * @param sent packets from the client, by time
 * @param answered packets from the server, by time
 * @param errors ICMP errors about either
 */
export function readExchange(
  legs: readonly Leg[],
  sent: readonly PacketTrace[],
  answered: readonly PacketTrace[],
  errors: readonly Sighting[],
  aligned: Aligned,
  coverage: Coverage,
): Exchange {
  const requests = triesOf(legs, sent, answered, aligned);
  const replies = firstReplies(requests, answered, aligned);
  const entry = entryOf(requests);
  const delivered = entry === null ? [] : answered.filter((reply) => passesBack(reply, entry));
  const outcome = (): Outcome => {
    if (answered.length === 0 && sent.length === 0) return 'midstream';
    if (sent.length === 0) return 'reply-only';
    if (legs.every((leg) => leg.serverFirst)) return 'midstream';
    if (answered.length === 0) return unanswered(errors);
    if (unwanted(legs, answered, errors) || errors.some(undelivered)) return 'reply-lost';
    if (askedAgain(legs, requests, delivered, aligned)) return 'reply-lost';
    if (delivered.length > 0) return 'established';
    if (askedAgain(legs, requests, answered, aligned)) return 'reply-lost';
    return answered.some((reply) => !vanished(reply, requests, aligned, coverage))
      ? 'unacknowledged'
      : 'reply-lost';
  };
  return {
    requests: renumber(requests),
    replies: renumber(replies),
    outcome: outcome(),
    delivered,
  };
}

function renumber(traces: readonly PacketTrace[]): PacketTrace[] {
  return traces.map((trace, i) => (trace.try === i + 1 ? trace : { ...trace, try: i + 1 }));
}

/** Where the request was seen first on its way: of all tries, the sighting with the highest hop limit. */
function entryOf(requests: readonly PacketTrace[]): Sighting | null {
  let entry: Sighting | null = null;
  for (const { sightings } of requests) {
    const [first] = sightings;
    if (first && (entry === null || first.ttl > entry.ttl)) entry = first;
  }
  return entry;
}

/** Whether a reply was seen on its way back, as the client is to see it, where the request was seen first. */
function passesBack({ sightings }: PacketTrace, entry: Sighting): boolean {
  return sightings.some(
    (s) =>
      s.point.node === entry.point.node &&
      s.point.netns === entry.point.netns &&
      s.point.interface === entry.point.interface &&
      (s.direction === null ||
        entry.direction === null ||
        s.direction !== entry.direction ||
        isLoopedBack(entry)) &&
      isReverse(s, entry),
  );
}

const NO_MAC = '00:00:00:00:00:00';

/** A loopback device shows once what goes out by it and comes in at once: as coming in. */
function isLoopedBack({ point, etherSource }: Sighting): boolean {
  return point.interface === 'lo' || etherSource === NO_MAC;
}

/** Whether one has the other's ends and tunnels the other way round. */
function isReverse(s: Sighting, of: Sighting): boolean {
  return (
    s.source.address === of.destination.address &&
    s.destination.address === of.source.address &&
    s.source.port === of.destination.port &&
    s.destination.port === of.source.port &&
    s.encapsulations.length === of.encapsulations.length &&
    s.encapsulations.every((e, i) => e.destination === of.encapsulations[i]!.source)
  );
}

function unanswered(errors: readonly Sighting[]): Outcome {
  const failures = errors.filter((s) => s.fromClient && isDeliveryFailure(s));
  if (failures.some(isPortUnreachable)) return 'refused';
  return failures.length > 0 ? 'unreachable' : 'no-reply';
}

/** A router could not deliver a reply. */
function undelivered(error: Sighting): boolean {
  return !error.fromClient && isDeliveryFailure(error) && !isPortUnreachable(error);
}

/** The client has no socket for any of the replies: it gave up, or they came from an address that it did not ask. */
function unwanted(
  legs: readonly Leg[],
  answered: readonly PacketTrace[],
  errors: readonly Sighting[],
): boolean {
  if (errors.length === 0) return false;
  const clients = new Set(legs.map((leg) => leg.client.address));
  const refusals = errors.filter((s) => !s.fromClient && isPortUnreachable(s) && clients.has(s.icmp!.from));
  const atOnePlace = new Map<string, number>();
  for (const { point, direction } of refusals) {
    const place = `${point.capture} ${point.interface} ${direction}`;
    atOnePlace.set(place, (atOnePlace.get(place) ?? 0) + 1);
  }
  return Math.max(0, ...atOnePlace.values()) >= answered.length;
}

/**
 * Whether a reply was lost between captures: it came in at a node that was to pass it on (as it had the request, or for
 * the address is not its own), all of whose interfaces were captured; or it was sent to the node that had sent the request on, whose capture went on and did not see it; or the client
 * itself was captured, and did not see it either.
 */
function vanished(
  { sightings }: PacketTrace,
  requests: readonly PacketTrace[],
  aligned: Aligned,
  coverage: Coverage,
): boolean {
  const last = sightings.at(-1)!;
  const asked = requests.flatMap((request) => request.sightings);
  if (last.direction === 'in') {
    const { node, netns } = last.point;
    if (!coverage.coversNode(node, netns)) return false;
    if (asked.some((s) => s.direction === 'in' && atNode(s, last))) return true;
    // A router that the request did not come by translates nothing of its connection.
    const isOthers = coverage.owns(node, netns, last.destination.address) === false;
    return isOthers && last.encapsulations.length === 0 && coverage.wentOn(last, aligned(last), aligned);
  }
  if (last.direction !== 'out') return false;
  const first = requests[0]!.sightings[0]!;
  const fromClient =
    first.direction === 'out' &&
    !atNode(first, last) &&
    !asked.some((s) => s.direction === 'in' && atNode(s, first)) &&
    !sightings.some((s) => atNode(s, first)) &&
    coverage.coversNode(first.point.node, first.point.netns) &&
    coverage.wentOn(first, aligned(last), aligned);
  if (fromClient) return true;
  return asked.some(
    (s) =>
      s.direction === 'out' &&
      !atNode(s, last) &&
      isReverse(last, s) &&
      (s.encapsulations.length > 0 || (s.etherSource !== null && s.etherSource === last.etherDestination)) &&
      coverage.wentOn(s, aligned(last), aligned),
  );
}

function atNode(a: Sighting, b: Sighting): boolean {
  return a.point.node === b.point.node && a.point.netns === b.point.netns;
}

/** Which datagrams of an exchange are one request that was sent again, and what the client had seen by then. */
import type { Nanoseconds } from '../model/time.js';
import { type Aligned, cameAfter, compareTimes } from './causal-order.js';
import { serviceOf } from './datagram-ports.js';
import { earliest } from './delay.js';
import type { Leg } from './leg.js';
import { sameContent, wholeContent } from './same-datagram.js';
import type { PacketTrace } from './trace.js';

/**
 * What comes again sooner after its reply is a client that has its answer and asks anew; what comes later has its own
 * reason. Clients that wait in vain ask again after half a second (SIP) to ten (DHCP, resolvers 1 to 5 s), ns.
 */
const FIRST_RETRY: Nanoseconds = 200_000_000n;
const LAST_RETRY: Nanoseconds = 15_000_000_000n;

/** No client asks more often in vain (SIP asks 11 times); what goes on longer is a poll in the same words. */
const MAX_TRIES = 12;

/** The first datagram, and those of the same content: after a reply only where that is certain. */
export function triesOf(
  legs: readonly Leg[],
  sent: readonly PacketTrace[],
  answered: readonly PacketTrace[],
  aligned: Aligned,
): PacketTrace[] {
  if (sent.length <= 1) return [...sent];
  const [first, ...later] = sent as [PacketTrace, ...PacketTrace[]];
  return [
    first,
    ...later.filter((again) => {
      if (!sameContent(first.sightings[0]!, again.sightings[0]!)) return false;
      return isSameRequest(legs, first, again) || !answered.some((reply) => follows(again, reply, aligned));
    }),
  ];
}

/** Whether it is certain that one is the other sent again. */
function isSameRequest(legs: readonly Leg[], first: PacketTrace, again: PacketTrace): boolean {
  const [a, b] = [first.sightings[0]!, again.sightings[0]!];
  if (!sameContent(a, b)) return false;
  const unique = legs.some(({ server }) => server.port !== null && serviceOf(server.port)?.unique);
  return unique || first.sightings.some((s) => again.sightings.some((t) => wholeContent(s, t)));
}

/** Of each request the first reply before the next; where no order tells, the first of all. */
export function firstReplies(
  requests: readonly PacketTrace[],
  answered: readonly PacketTrace[],
  aligned: Aligned,
): PacketTrace[] {
  if (answered.length <= 1) return [...answered];
  const replies = new Set<PacketTrace>(requests.length === 0 ? answered.slice(0, 1) : []);
  for (const [i, request] of requests.entries()) {
    const next = requests[i + 1];
    const reply = answered.find(
      (a) => follows(a, request, aligned) && (next === undefined || !follows(a, next, aligned)),
    );
    if (reply) replies.add(reply);
  }
  // Clocks that do not agree may put every reply before its request.
  if (replies.size === 0) for (const reply of answered.slice(0, 1)) replies.add(reply);
  return answered.filter((reply) => replies.has(reply));
}

/** One capture's own order is certain; across captures the aligned clocks have to do. */
function follows(later: PacketTrace, earlier: PacketTrace, aligned: Aligned): boolean {
  for (const s of earlier.sightings) {
    const here = later.sightings.find((t) => t.point.capture === s.point.capture);
    if (here) return cameAfter(here, s);
  }
  return compareTimes(earliest(earlier.sightings, aligned), earliest(later.sightings, aligned)) < 0;
}

/** Whether the client, after a reply to it was seen, sent the same request once more, as one that has none. */
export function askedAgain(
  legs: readonly Leg[],
  requests: readonly PacketTrace[],
  replies: readonly PacketTrace[],
  aligned: Aligned,
): boolean {
  // An echo's sequence number that comes again is a program's that never counts: ping asks for each but once.
  if (requests.length < 2 || requests.length > MAX_TRIES || legs[0]!.protocol === 'icmp') return false;
  return requests.slice(1).some((again) => {
    if (!isSameRequest(legs, requests[0]!, again)) return false;
    const before = replies.filter((reply) => follows(again, reply, aligned)).at(-1);
    if (!before) return false;
    const [asked, replied] = [earliest(again.sightings, aligned), earliest(before.sightings, aligned)];
    if (asked === null || replied === null) return true;
    return asked - replied >= FIRST_RETRY && asked - replied <= LAST_RETRY;
  });
}

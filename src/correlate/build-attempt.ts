import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Attempt } from './attempt.js';
import { type Aligned, causalOrder, compareTimes } from './causal-order.js';
import type { Coverage } from './coverage.js';
import { delayOf, earliest } from './delay.js';
import { type Exchange, readExchange } from './exchange.js';
import { isDataIgnored, isDisowned, type Leg, unansweredOf } from './leg.js';
import { outcomeOf } from './outcome.js';
import { seenBy, traceOf } from './overheard.js';
import { groupByPacket, type PacketTrace } from './trace.js';
import { type Vips, vipOf } from './vips.js';

interface Packets {
  requests: Sighting[];
  replies: Sighting[];
  /** RSTs, ICMP errors and the client's first ACKs. */
  others: Sighting[];
}

/** The legs' sightings by what they are to an attempt. */
export function packetsOf(legs: readonly Leg[]): Packets {
  const requests: Sighting[] = [];
  const replies: Sighting[] = [];
  const others: Sighting[] = [];
  for (const leg of legs) {
    for (const sighting of leg.sightings) {
      const part = partOf(sighting);
      if (part === 'requests') requests.push(sighting);
      else if (part === 'replies') replies.push(sighting);
      else others.push(sighting);
    }
  }
  // An array that grows has room for more than ten times as many as there mostly are.
  return { requests: requests.slice(), replies: replies.slice(), others: others.slice() };
}

/** What a sighting is to its attempt. */
export function partOf({ kind, fromClient }: Sighting): keyof Packets {
  switch (kind) {
    case 'syn':
    case 'echo-request':
      return 'requests';
    case 'syn-ack':
    case 'echo-reply':
      return 'replies';
    case 'datagram':
      return fromClient ? 'requests' : 'replies';
    case 'ack':
    case 'rst':
    case 'icmp-error':
      return 'others';
  }
}

/** What a group of legs was: one attempt, not yet numbered. */
export function buildAttempt(group: Leg[], vips: Vips, aligned: Aligned, coverage: Coverage): Attempt {
  const found = packetsOf(group);
  const sent = tracesOf(found.requests, 'request', aligned);
  const answered = tracesOf(found.replies, 'reply', aligned);
  const legs = frontFirst(group, sent, vips);
  const { others } = found;
  if (others.length > 1) others.sort((a, b) => compareTimes(aligned(a), aligned(b)));
  const front = legs[0]!;
  const { requests, replies, outcome, delivered } =
    front.protocol === 'tcp'
      ? readHandshake(legs, sent, answered, aligned)
      : readExchange(legs, sent, answered, others, aligned, coverage);
  const isMade = outcome === 'established';
  const unanswered = isMade ? unansweredOf(legs) : null;
  const disowned = isMade && isDisowned(legs);
  // One that is of no use was not made, however late.
  const isOfNoUse = unanswered !== null || disowned || isDataIgnored(legs);
  return {
    id: '',
    protocol: front.protocol,
    client: front.client,
    server: front.server,
    vip: vipOf(legs, vips),
    outcome,
    firstTime: firstTimeOf(legs, requests, replies, aligned),
    tries: requests.length,
    replies: replies.length,
    delayNs: isOfNoUse ? null : delayOf(outcome, requests, delivered, others, aligned),
    unanswered,
    disowned,
    standsFor: Math.max(...legs.map((leg) => leg.standsFor)),
    legs,
    traces: interleave(requests, replies, aligned),
    others,
    otherSource: [],
  };
}

/** Of TCP, all that was sent belongs to the handshake. */
function readHandshake(
  legs: readonly Leg[],
  requests: PacketTrace[],
  replies: PacketTrace[],
  aligned: Aligned,
): Exchange {
  const outcome = outcomeOf({ legs, requests, replies }, aligned);
  return { requests, replies, outcome, delivered: replies };
}

function tracesOf(sightings: Sighting[], role: Role, aligned: Aligned): PacketTrace[] {
  if (sightings.length === 0) return [];
  if (sightings.length === 1) return [traceOf(role, 1, sightings)];
  const packets = groupByPacket(sightings, aligned).map((packet) => causalOrder(packet, aligned));
  if (packets.length > 1) {
    packets.sort((a, b) => compareTimes(earliest(a, aligned), earliest(b, aligned)));
  }
  return packets.map((packet, i) => traceOf(role, i + 1, packet));
}

/** By time, but no reply before the first request. */
function interleave(requests: PacketTrace[], replies: PacketTrace[], aligned: Aligned): PacketTrace[] {
  if (replies.length === 0) return requests;
  const traces = requests.concat(replies);
  const begun = requests.length > 0 ? 1 : 0;
  if (traces.length - begun <= 1) return traces;
  const later = traces
    .slice(begun)
    .sort((a, b) => compareTimes(earliest(a.sightings, aligned), earliest(b.sightings, aligned)));
  return begun === 0 ? later : [traces[0]!, ...later];
}

/**
 * Puts the leg first that the client addressed: the one to a VIP, else the one whose SYN had travelled least
 * (the highest hop limit), else the first of a request in causal order.
 */
function frontFirst(group: Leg[], requests: readonly PacketTrace[], vips: Vips): Leg[] {
  if (group.length === 1) return group;
  const travelled = requests[0]?.sightings ?? [];
  const rank = (leg: Leg) => {
    const at = travelled.findIndex((s) => leg.sightings.includes(s));
    return at < 0 ? travelled.length : at;
  };
  const isVip = (leg: Leg) => vips.named.some((vip) => vip.address === leg.server.address);
  return [...group].sort((a, b) => Number(isVip(b)) - Number(isVip(a)) || rank(a) - rank(b));
}

function firstTimeOf(
  legs: readonly Leg[],
  requests: readonly PacketTrace[],
  replies: readonly PacketTrace[],
  aligned: Aligned,
): bigint | null {
  let least: bigint | null = null;
  for (const traces of [requests, replies]) {
    for (const trace of traces) {
      const time = earliest(seenBy(trace), aligned);
      if (compareTimes(time, least) < 0) least = time;
    }
  }
  if (least !== null) return least;
  for (const { firstTime } of legs) if (compareTimes(firstTime, least) < 0) least = firstTime;
  return least;
}

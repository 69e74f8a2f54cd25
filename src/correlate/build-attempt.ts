import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Attempt } from './attempt.js';
import { type Aligned, causalOrder, compareTimes } from './causal-order.js';
import type { Coverage } from './coverage.js';
import { delayOf, earliest } from './delay.js';
import { type Exchange, readExchange } from './exchange.js';
import type { Leg } from './leg.js';
import { outcomeOf } from './outcome.js';
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
  const packets: Packets = { requests: [], replies: [], others: [] };
  for (const leg of legs) for (const sighting of leg.sightings) packets[partOf(sighting)].push(sighting);
  return packets;
}

function partOf({ kind, fromClient }: Sighting): keyof Packets {
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
  others.sort((a, b) => compareTimes(aligned(a), aligned(b)));
  const front = legs[0]!;
  const { requests, replies, outcome, delivered } =
    front.protocol === 'tcp'
      ? readHandshake(legs, sent, answered, aligned)
      : readExchange(legs, sent, answered, others, aligned, coverage);
  const acknowledgments = others.filter((s) => s.kind === 'ack');
  return {
    id: '',
    protocol: front.protocol,
    client: front.client,
    server: front.server,
    vip: vipOf(legs, vips),
    outcome,
    firstTime: firstTimeOf(legs, [...requests, ...replies], aligned),
    tries: requests.length,
    delayNs: delayOf(outcome, requests, delivered, acknowledgments, aligned),
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
  const packets = groupByPacket(sightings, aligned).map((packet) => causalOrder(packet, aligned));
  packets.sort((a, b) => compareTimes(earliest(a, aligned), earliest(b, aligned)));
  return packets.map((packet, i) => ({ role, try: i + 1, sightings: packet }));
}

/** By time, but no reply before the first request. */
function interleave(requests: PacketTrace[], replies: PacketTrace[], aligned: Aligned): PacketTrace[] {
  const [first, ...rest] = requests;
  const later = [...rest, ...replies].sort((a, b) =>
    compareTimes(earliest(a.sightings, aligned), earliest(b.sightings, aligned)),
  );
  return first ? [first, ...later] : later;
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

function firstTimeOf(legs: readonly Leg[], traces: readonly PacketTrace[], aligned: Aligned): bigint | null {
  const seen = earliest(
    traces.flatMap((trace) => trace.sightings),
    aligned,
  );
  if (seen !== null) return seen;
  return legs.reduce<bigint | null>(
    (least, leg) => (compareTimes(least, leg.firstTime) <= 0 ? least : leg.firstTime),
    null,
  );
}

import type { AnalysisClock, AnalysisVip, Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Attempt } from './attempt.js';
import { type CaptureFile, CapturePoints } from './capture-points.js';
import { type Aligned, causalOrder, compareTimes } from './causal-order.js';
import { Clocks } from './clocks.js';
import { delayOf, earliest } from './delay.js';
import type { Leg } from './leg.js';
import { readLegs } from './legs.js';
import { linkLegs } from './link.js';
import { mergeLegs } from './merge.js';
import { outcomeOf } from './outcome.js';
import { groupByPacket, type PacketTrace } from './trace.js';
import type { Tracker } from './tracker.js';
import { type Vips, vipOf } from './vips.js';

/** One capture and what was folded of it so far. */
export interface TrackedCapture {
  file: CaptureFile;
  tracker: Tracker;
}

export interface Correlation {
  attempts: Attempt[];
  clocks: AnalysisClock[];
  vips: AnalysisVip[];
  /** A VIP is named, but no packet to it or to a known backend was captured: then all connections are given. */
  vipUnseen: boolean;
  aligned: Aligned;
}

/**
 * Joins what all captures saw to connection attempts. It only reads the trackers, so that it can be asked again
 * as captures go on.
 *
 * @param nodes in the order of the inputs
 */
export function correlate(
  captures: readonly TrackedCapture[],
  nodes: readonly string[],
  vips: Vips,
): Correlation {
  const legs = captures.flatMap(({ file, tracker }) => readLegs(tracker, new CapturePoints(file)));
  const groups = linkLegs(mergeLegs(legs)).filter(isConnection);
  const clocks = new Clocks(nodes);
  observeClocks(groups, clocks);
  const aligned: Aligned = (s) => (s.time === null ? null : s.time - clocks.offset(s.point.node));

  const drafts = groups.map((group) => buildAttempt(group, vips, aligned));
  const ofVips = drafts.filter((attempt) => attempt.vip !== null);
  const vipUnseen = vips.named.length > 0 && ofVips.length === 0 && drafts.length > 0;
  const attempts = vips.named.length === 0 || vipUnseen ? drafts : ofVips;
  const known = vips.named.length === 0 ? inferVips(attempts) : vips.named;
  attempts.sort(
    (a, b) => compareTimes(a.firstTime, b.firstTime) || compareTexts(attemptKey(a), attemptKey(b)),
  );
  for (const [i, attempt] of attempts.entries()) attempt.id = `a${i + 1}`;
  return { attempts, clocks: clocks.describe(), vips: known, vipUnseen, aligned };
}

/** An ICMP error about a connection of which no packet was captured is no attempt. */
function isConnection(legs: Leg[]): boolean {
  return legs.some(
    (leg) =>
      leg.syn || leg.synAck || leg.clientSpoke || leg.serverSpoke || leg.clientReset || leg.serverReset,
  );
}

type ByKind = Record<Sighting['kind'], Sighting[]>;

function byKind(legs: readonly Leg[]): ByKind {
  const found: ByKind = { syn: [], 'syn-ack': [], ack: [], rst: [], 'icmp-error': [] };
  for (const leg of legs) for (const sighting of leg.sightings) found[sighting.kind].push(sighting);
  return found;
}

/** Clocks are found from hop limits and directions alone, before any order that would rest on clocks. */
function observeClocks(groups: readonly Leg[][], clocks: Clocks): void {
  for (const legs of groups) {
    if (!spansNodes(legs)) continue;
    const found = byKind(legs);
    for (const kind of ['syn', 'syn-ack'] as const) {
      for (const packet of groupByPacket(found[kind])) {
        clocks.observe(causalOrder(packet, (s) => s.time));
      }
    }
  }
}

function spansNodes(legs: readonly Leg[]): boolean {
  let first: string | null = null;
  for (const leg of legs) {
    for (const { point } of leg.sightings) {
      first ??= point.node;
      if (point.node !== first) return true;
    }
  }
  return false;
}

function buildAttempt(group: Leg[], vips: Vips, aligned: Aligned): Attempt {
  const found = byKind(group);
  const requests = tracesOf(found.syn, 'request', aligned);
  const replies = tracesOf(found['syn-ack'], 'reply', aligned);
  const legs = frontFirst(group, requests, vips);
  const others = [...found.rst, ...found['icmp-error'], ...found.ack];
  others.sort((a, b) => compareTimes(aligned(a), aligned(b)));
  const front = legs[0]!;
  const outcome = outcomeOf({ legs, requests, replies }, aligned);
  return {
    id: '',
    protocol: 'tcp',
    client: front.client,
    server: front.server,
    vip: vipOf(legs, vips),
    outcome,
    firstTime: firstTimeOf(legs, [...requests, ...replies], aligned),
    tries: requests.length,
    delayNs: delayOf(outcome, requests, replies, found.ack, aligned),
    legs,
    traces: interleave(requests, replies, aligned),
    others,
  };
}

function tracesOf(sightings: Sighting[], role: Role, aligned: Aligned): PacketTrace[] {
  const packets = groupByPacket(sightings).map((packet) => causalOrder(packet, aligned));
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

/** With no VIP named: an address is one if connections to it were seen translated to another. */
function inferVips(attempts: readonly Attempt[]): AnalysisVip[] {
  const found = new Set<string>();
  for (const attempt of attempts) {
    const front = attempt.server.address;
    if (attempt.legs.some((leg) => leg.syn && leg.server.address !== front)) found.add(front);
  }
  for (const attempt of attempts) {
    if (found.has(attempt.server.address)) attempt.vip = attempt.server.address;
  }
  return [...found].sort(compareTexts).map((address) => ({ address, source: 'inferred' }));
}

function attemptKey(attempt: Attempt): string {
  return `${attempt.client.address} ${attempt.client.port} ${attempt.server.address} ${attempt.server.port}`;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

import type { AnalysisVip } from '../model/analysis.js';
import type { Snapshot } from '../model/snapshot.js';
import { compareTexts } from '../model/texts.js';
import type { Nanoseconds } from '../model/time.js';
import type { Attempt } from './attempt.js';
import { buildAttempt } from './build-attempt.js';
import { type CaptureFile, CapturePoints } from './capture-points.js';
import { type Aligned, compareTimes } from './causal-order.js';
import { Clocks } from './clocks/clocks.js';
import { observeClocks } from './clocks/observe.js';
import { Coverage, toldUntil } from './coverage.js';
import { KnownServers } from './known-servers.js';
import type { Leg } from './leg.js';
import { CaptureLegs } from './legs.js';
import { linkLegs } from './link.js';
import { linkDatagramLegs } from './link-datagrams.js';
import { loneAttempts } from './lone-attempt.js';
import { divideRows } from './lone-rows.js';
import { mergeLegs } from './merge.js';
import { mergeDatagramLegs } from './merge-datagrams.js';
import type { NeighbourMessage } from './neighbours/message.js';
import { readMessages } from './neighbours/read-messages.js';
import { takeOtherSources } from './other-source.js';
import { isRequest } from './requests.js';
import { countByFile, countOnce, type LeftOut, type SeenTwice } from './seen-twice.js';
import { readServed, type Served } from './served.js';
import { sift } from './sift/sift.js';
import type { Observations } from './track/observations.js';
import { hasPassedOver } from './track/observations.js';
import { type Tracks, trackedTranslations } from './tracked.js';
import type { Vips } from './vips.js';

/** One capture and what was folded of it so far. */
export interface TrackedCapture {
  file: CaptureFile;
  observations: Observations;
  /** Of a capture that was read to its end. */
  summary?: { lastTime: Nanoseconds | null };
}

export interface Correlation {
  attempts: Attempt[];
  /** Attempts that were established, besides those: of each server, some are kept that stand for them. */
  served: Served[];
  clocks: Clocks;
  vips: AnalysisVip[];
  /** A VIP is named, but no packet to it or to a known backend was captured: then all connections that were read are given. */
  vipUnseen: boolean;
  /** ARP and neighbour discovery, by time on the first node's clock. */
  neighbours: NeighbourMessage[];
  /** Packets of connections that another capture of the same interface saw as well: left out. */
  seenTwice: SeenTwice;
}

/**
 * Joins what all captures saw to connection attempts. It only reads what the captures left behind, so that it can be asked again
 * as captures go on. Attempts read it again as they are looked at: they hold as long as the observations do.
 *
 * @param nodes in the order of the inputs
 * @param whole connections that met nothing up to which all are kept: of more, most are only counted
 */
export function correlate(
  captures: readonly TrackedCapture[],
  nodes: readonly string[],
  vips: Vips,
  whole = Number.POSITIVE_INFINITY,
): Correlation {
  const sifted = sift(captures, nodes, vips, whole);
  const knownServers = new KnownServers(captures.map(({ observations }) => observations));
  const sources = captures.map(
    ({ file, observations }, i) =>
      new CaptureLegs(observations, new CapturePoints(file), knownServers, sifted.shares[i]),
  );
  const rows = divideRows(captures.map(({ observations }) => observations)).map(({ lone, others }, i) =>
    sifted.shares[i]
      ? { lone: kept(lone, sources[i]!), others: kept(others, sources[i]!) }
      : { lone, others },
  );
  const legs = sources.flatMap((source, i) => Array.from(rows[i]!.others, (row) => source.leg(row)));
  const snapshots = [...new Set(captures.flatMap(({ file }) => file.snapshot ?? []))];
  const broadcasts = broadcastAddresses(captures, snapshots);
  const tracks = trackedTranslations(snapshots);
  const leftOut: LeftOut = new Map();
  const groups = groupLegs(legs, vips, tracks, leftOut).filter(isConnection);
  const clocks = new Clocks(nodes);
  // Of one node, all is on its own clock.
  if (nodes.length > 1) observeClocks(groups, clocks);
  const aligned: Aligned = nodes.length > 1 ? clocks.aligned : (s) => s.time;

  const coverage = new Coverage(
    captures.map(({ file, observations, summary }) => ({
      file,
      lastTime: toldUntil(observations, summary?.lastTime ?? null),
    })),
  );
  const build = (group: Leg[]) => buildAttempt(group, vips, aligned, coverage);
  const lone = sources.flatMap((source, i) =>
    loneAttempts(source, rows[i]!.lone, build, nodes.length > 1 ? null : vips),
  );
  const grouped = takeOtherSources(groups.map(build), aligned).filter(
    (attempt) => attempt.protocol === 'tcp' || isRequest(attempt, broadcasts),
  );
  const drafts = lone.concat(grouped);
  const ofVips = vips.named.length === 0 ? [] : drafts.filter((attempt) => attempt.vip !== null);
  const allServed = [
    ...sifted.served,
    ...captures.flatMap(({ observations }) => readServed(observations, vips)),
  ];
  const vipsServed = allServed.filter((server) => server.vip !== null);
  const isSeen = ofVips.length > 0 || vipsServed.length > 0;
  const isAnySeen = drafts.length > 0 || captures.some(({ observations }) => hasPassedOver(observations));
  const vipUnseen = vips.named.length > 0 && !isSeen && isAnySeen;
  const isOfAll = vips.named.length === 0 || vipUnseen;
  const attempts = isOfAll ? drafts : ofVips;
  const served = isOfAll ? allServed : vipsServed;
  const known = vips.named.length === 0 ? inferVips(grouped, attempts, served) : vips.named;
  attempts.sort(
    (a, b) => compareTimes(a.firstTime, b.firstTime) || compareTexts(attemptKey(a), attemptKey(b)),
  );
  for (let i = 0; i < attempts.length; i++) attempts[i]!.id = `a${i + 1}`;
  const neighbours = captures
    .flatMap(({ file, observations }) => readMessages(observations.neighbours.rows, new CapturePoints(file)))
    .sort((a, b) => compareTimes(aligned(a), aligned(b)));
  const seenTwice = countByFile(leftOut, attempts);
  return { attempts, served, clocks, vips: known, vipUnseen, neighbours, seenTwice };
}

function kept(rows: Int32Array, source: CaptureLegs): Int32Array {
  return rows.filter((row) => !source.isLetGo(row));
}

/** Those that frames to all were seen for, and those of the nodes' routes: a sender's own cooked capture shows no frame. */
function broadcastAddresses(
  captures: readonly TrackedCapture[],
  snapshots: readonly Snapshot[],
): ReadonlySet<string> {
  const told = snapshots.flatMap(({ routes4 }) =>
    (routes4 ?? []).filter((r) => r.type === 'broadcast').map((r) => r.destination.replace(/\/32$/, '')),
  );
  return new Set([...told, ...captures.flatMap(({ observations }) => [...observations.broadcasts])]);
}

function groupLegs(legs: readonly Leg[], vips: Vips, tracks: Tracks, leftOut: LeftOut): Leg[][] {
  const isTcp = ({ protocol }: Leg) => protocol === 'tcp';
  const fronts = new Set(vips.named.map((vip) => vip.address));
  const translates = (front: string, back: string) => vips.backends.get(back)?.has(front) ?? false;
  const datagrams = mergeDatagramLegs(
    // Cut off before their payload, datagrams are told apart by nothing, and none of them is kept.
    legs.filter((leg) => !isTcp(leg) && leg.sightings.length > 0),
    (address) => fronts.has(address),
  );
  const segments = mergeLegs(legs.filter(isTcp));
  for (const leg of segments) countOnce(leg, leftOut);
  for (const leg of datagrams) countOnce(leg, leftOut);
  return [...linkLegs(segments), ...linkDatagramLegs(datagrams, translates, tracks)];
}

/** An ICMP error about a connection of which no packet was captured is no attempt. */
function isConnection(legs: Leg[]): boolean {
  return legs.some(
    (leg) =>
      leg.syn || leg.synAck || leg.clientSpoke || leg.serverSpoke || leg.clientReset || leg.serverReset,
  );
}

/**
 * With no VIP named: an address is one if connections to it were seen translated to another.
 *
 * @param grouped those attempts that may have several legs
 */
function inferVips(
  grouped: readonly Attempt[],
  attempts: readonly Attempt[],
  served: readonly Served[],
): AnalysisVip[] {
  const found = new Set<string>();
  for (const { server, back } of served) if (back !== server.address) found.add(server.address);
  for (const attempt of grouped) {
    const front = attempt.server.address;
    if (attempt.legs.some((leg) => hasRequest(leg) && leg.server.address !== front)) found.add(front);
  }
  if (found.size === 0) return [];
  for (const attempt of attempts) {
    if (found.has(attempt.server.address)) attempt.vip = attempt.server.address;
  }
  for (const one of served) if (found.has(one.server.address)) one.vip = one.server.address;
  return [...found].sort(compareTexts).map((address) => ({ address, source: 'inferred' }));
}

function hasRequest(leg: Leg): boolean {
  return leg.protocol === 'tcp' ? leg.syn : leg.clientSpoke;
}

function attemptKey(attempt: Attempt): string {
  const { client, server, protocol } = attempt;
  const sequence = protocol === 'icmp' ? attempt.legs[0]!.echo!.sequence : '';
  return `${client.address} ${client.port} ${server.address} ${server.port} ${sequence}`;
}

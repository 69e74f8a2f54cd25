import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId, Confidence, Evidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DropRecord } from '../../model/snapshot.js';
import { isSameStation } from '../../model/station.js';
import type { Nanoseconds } from '../../model/time.js';
import { capturesThen } from '../capture-times.js';
import type { Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { isCutShort } from '../cut-short.js';
import { matchMartians, type PacketWords } from '../kernel-records.js';
import { type Loss, lastSightings, lossOf } from '../loss.js';
import { ownMartians } from '../own-martians.js';
import { inputInterface, placeOf } from '../place.js';
import { remembered } from '../ways/remembered.js';
import type { Course } from './courses.js';
import { type Demand, type DemandedDrop, demandOf } from './demand.js';
import { outdatedEvidence } from './outdated.js';
import {
  type CounterRise,
  causeOfRecord,
  counterOf,
  icmpOf,
  isOfFamily,
  recordsNear,
  resetsMadeAt,
  resetsOf,
} from './records.js';

/** What speaks for a node having dropped a packet by its settings. */
export interface DropProof {
  loss: Loss;
  node: NodeView;
  /** What the settings demand; null where they are not known well enough, and the kernel's record alone tells. */
  demanded: DemandedDrop | null;
  /** Drop reasons of this kind, near the times at which packets were lost. */
  records: DropRecord[];
  counter: CounterRise | null;
  /** The node's own ICMP errors, or RSTs that a rule sent. */
  answers: readonly Sighting[];
  /** Rules of the node that may have dropped it, by what no snapshot tells: a rate, a match that is not modelled. */
  doubtful: readonly string[];
  /** That the settings which demand the drop are younger than the loss. */
  outdated: readonly Evidence[];
}

/** Of a drop that no setting demands for certain. */
const NOTHING_DEMANDED = { demanded: null, counter: null, answers: [], outdated: [] } as const;

/** Whether the cause explains an attempt: by what the settings demand of its packet, and what the kernel recorded. */
export function examineDrop(
  cause: CauseId,
  attempt: Attempt,
  context: DiagnosisContext,
): Suspicion<DropProof> | null {
  const demand = demandOf(attempt, context);
  if (!demand) return null;
  const byDemand = demand.drop && examineDemand(attempt, demand, demand.drop, context);
  if (byDemand) return byDemand.cause === cause ? byDemand.suspicion : null;
  const byRecord = examineRecords(attempt, demand, context) ?? examineDoubtful(attempt, demand, context);
  return byRecord?.cause === cause ? byRecord.suspicion : null;
}

interface Judged {
  cause: CauseId;
  suspicion: Suspicion<DropProof>;
}

function examineDemand(
  attempt: Attempt,
  { courses: { loss } }: Demand,
  demanded: DemandedDrop,
  context: DiagnosisContext,
): Judged | null {
  const { station, drop, role, leg } = demanded;
  // A later packet got through what the settings say at the end, unless it took another way.
  if (loss.made && !wentElsewhere(attempt, demanded)) return null;
  if (!demanded.seen && isCutShort(attempt, context)) return null;
  const node = context.node(station.node, station.netns)!;
  const { packet } = leg.passage;
  const times = timesAt(loss, node, context);
  const words = {
    source: packet.source.text,
    destinations: [packet.destination.text],
    interface: demanded.interface,
    times,
  };
  if (isMartian(attempt, node, words, context)) return null;
  const { family, protocol } = packet;
  const { carrier } = demanded;
  const counter = counterOf(drop, { family, protocol, input: demanded.interface !== null, carrier }, node);
  if (counter?.rise === 0) return null;
  // The record tells a filter's drop, not which rule's.
  const kind = demanded.cause === 'netfilter-rpfilter' ? 'filtered' : demanded.cause;
  const records = recordsNear(node, times, packet.family, kind);
  // What a node cannot route of its own has never been a packet, and leaves no record.
  const leavesRecord = drop.by === 'netfilter' || demanded.interface !== null;
  const isSilent = records.length === 0 && leavesRecord;
  const others = isSilent ? contesting(node, times, packet.family, demanded, context) : [];
  if (others.includes('rp-filter')) return null;
  const answers = [...icmpOf(attempt, drop, station, role === 'request'), ...resetsOf(attempt, drop, node)];
  // A refusal has this cause where a rule sent it; else the server did.
  if (attempt.outcome === 'refused' && answers.length === 0) return null;
  const outdated = outdatedEvidence(demanded, { loss, node, times }, context);
  const confidence = judge(demanded, {
    recorded: records.length > 0,
    answered: answers.length > 0,
    contested: others.length > 0,
    counted: (counter?.rise ?? 0) > 0,
    enclosed: isEnclosed(node, loss, context),
    outdated: outdated.length > 0,
  });
  if (confidence === null) return null;
  const proof = { loss, node, demanded, records, counter, answers, doubtful: [], outdated };
  const place = { node: station.node, interface: demanded.interface };
  const aspect = `${role} ${demanded.carrier} ${station.netns} ${ruleOf(demanded)}`;
  return { cause: demanded.cause, suspicion: { attempt, confidence, ...place, aspect, proof } };
}

/**
 * The other causes that the kernel's records name: a node's records may be those of its whole machine, so that of
 * several lost packets each has to have one, where the settings are known for certain.
 */
function contesting(
  node: NodeView,
  times: readonly Nanoseconds[],
  family: 4 | 6,
  { doubts }: DemandedDrop,
  context: DiagnosisContext,
): CauseId[] {
  const causes = new Set(recordsNear(node, times, family).flatMap((record) => causeOfRecord(record) ?? []));
  if (times.length < 2 || doubts.length > 0) return [...causes];
  return [...causes].filter((cause) => areAllRecorded(times, alike(node, cause, family), context));
}

/** Whether the log says that the reverse-path check dropped it: by lines of its own, as far as that can be told. */
function isMartian(
  attempt: Attempt,
  node: NodeView,
  packet: PacketWords,
  context: DiagnosisContext,
): boolean {
  const told = packet.interface === null ? null : ownMartians(attempt, node, packet.interface, context);
  return told ? told.own.length > 0 : matchMartians(node, packet).length > 0;
}

/** Whether the request that was answered in the end passed by another node, or to another backend. */
function wentElsewhere({ traces, legs }: Attempt, { role, station, leg }: DemandedDrop): boolean {
  if (role !== 'request') return false;
  const asked = traces.slice(
    0,
    traces.findIndex((trace) => trace.role === 'reply'),
  );
  const isHere = ({ point }: Sighting) => isSameStation(point, station);
  if (asked.at(-1)?.sightings.every((s) => !isHere(s))) return true;
  const { destination } = leg.passage.packet;
  return legs.length > 1 && legs.every(({ server }) => server.address !== destination.text);
}

interface Signs {
  /** The kernel gave a reason of this kind at the time. */
  recorded: boolean;
  /** The node itself said so, by ICMP or a RST. */
  answered: boolean;
  /** The kernel gave another reason at the time. */
  contested: boolean;
  /** The counter of such drops rose. */
  counted: boolean;
  /** The node was captured on more than its way in: the packet would have been seen to leave. */
  enclosed: boolean;
  /** What would have dropped it seems to have come later. */
  outdated: boolean;
}

function judge({ seen, doubts, drop }: DemandedDrop, signs: Signs): Confidence | null {
  const { recorded, answered, contested, counted, enclosed, outdated } = signs;
  const certain = doubts.length === 0;
  if (answered) return certain || drop.by === 'routing' ? 'confirmed' : 'probable';
  if (contested) return certain && seen ? 'possible' : null;
  if (!seen) {
    if (certain) return recorded ? 'probable' : 'possible';
    return recorded ? 'possible' : null;
  }
  if (certain && outdated && !recorded) return 'possible';
  if (certain) return recorded ? 'confirmed' : 'probable';
  // That a filter dropped it is certain then; which rule did rests on what is not known.
  if (recorded) return drop.by === 'netfilter' ? 'probable' : 'confirmed';
  // A route that is not known is no missing route.
  const isOpen = drop.by === 'routing' && drop.verdict.verdict === 'no-route' && !counted;
  return enclosed && !isOpen ? 'possible' : null;
}

function isEnclosed(node: NodeView, loss: Loss, { clocks }: DiagnosisContext): boolean {
  const captures = capturesThen(node, lastSightings(loss), clocks);
  if (captures.some((capture) => capture.interfaces === null)) return true;
  return new Set(captures.flatMap((capture) => capture.interfaces!)).size > 1;
}

function ruleOf({ drop }: DemandedDrop): string {
  return drop.by === 'netfilter' ? `${drop.hook} ${drop.chain} ${drop.rule?.text ?? ''}` : '';
}

/** Causes that a drop reason tells with no knowledge of the settings. */
const RECORDED: ReadonlySet<CauseId> = new Set(['filtered', 'forwarding-off', 'no-route']);

/** The settings are not known well enough, or were changed: for each lost packet a record near it, of one kind. */
function examineRecords(attempt: Attempt, demand: Demand, context: DiagnosisContext): Judged | null {
  const { loss, requests, replies } = demand.courses;
  const place = placeOf(loss, context);
  if (!place?.seen || place.interface === null || attempt.outcome === 'refused') return null;
  const courses = [...requests, ...replies];
  const isKnown = courses.length > 0 && courses.every((course) => course.doubts.length === 0);
  if (isKnown && !loss.made) return null;
  const { node } = place;
  const family = loss.last.source.address.includes(':') ? 6 : 4;
  const near = recordsNear(node, timesAt(loss, node, context), family);
  const causes = new Set(near.map(causeOfRecord));
  const [cause] = causes;
  if (!cause || causes.size !== 1 || !RECORDED.has(cause)) return null;
  const records = alike(node, cause, family);
  if (!isEachRecorded(loss, records, context)) return null;
  // Connections like it that were lost there as well, and have no records, tell that these are of something else.
  if (!areAllRecorded(timesOfLike(attempt, loss, context), records, context)) return null;
  const proof = { ...NOTHING_DEMANDED, loss, node, records: near, doubtful: [] };
  // Of a tunnel packet whose content never came out of the tunnel, the outer one was dropped.
  const isOuter =
    loss.last.encapsulations.length > 0 && cause === 'filtered' && isEnclosed(node, loss, context);
  const name = isOuter ? inputInterface(loss.last, node) : place.interface;
  const at = { node: node.name, interface: name };
  const aspect = `${loss.role} record ${node.netns}`;
  return { cause, suspicion: { attempt, confidence: 'possible', ...at, aspect, proof } };
}

/**
 * The request came in and was not seen to leave, as it would have been, and all that could have stopped it by the
 * settings is a rule of which it is not known whether it did.
 */
function examineDoubtful(attempt: Attempt, { courses }: Demand, context: DiagnosisContext): Judged | null {
  const { loss, requests } = courses;
  if (loss.role !== 'request' || isCutShort(attempt, context)) return null;
  const [first] = requests;
  const before = first?.stops[first.reached - 1];
  if (!first || before?.direction !== 'in') return null;
  const { station, interface: name } = before;
  const isStopped = ({ stops, reached, missedAt, doubts }: Course) =>
    missedAt !== null && missedAt === stops[reached] && missedAt.station === station && doubts.length === 0;
  const node = context.node(station.node, station.netns);
  if (!node || !requests.every(isStopped)) return null;
  const isRefused = attempt.outcome === 'refused';
  const answers = isRefused ? resetsMadeAt(attempt, node) : [];
  if (isRefused && answers.length === 0) return null;
  const doubtful = requests.map(({ journey, stops, reached }) => {
    const { unknownDrops, unknownResets } = journey.legs[stops[reached - 1]!.leg]!.passage;
    return isRefused ? unknownResets : unknownDrops;
  });
  if (doubtful.some((lines) => lines.length === 0)) return null;
  const family = loss.last.source.address.includes(':') ? 6 : 4;
  const near = recordsNear(node, timesAt(loss, node, context), family);
  if (near.some((record) => causeOfRecord(record) !== 'filtered')) return null;
  const lines = [...new Set(doubtful.flat())];
  const proof = { ...NOTHING_DEMANDED, loss, node, records: near, answers, doubtful: lines };
  const at = { node: node.name, interface: name };
  const aspect = `request doubtful ${isRefused} ${node.netns} ${lines.join(' ')}`;
  return { cause: 'filtered', suspicion: { attempt, confidence: 'possible', ...at, aspect, proof } };
}

/** Between an event's stamp and its packet's up to 50 ms were measured. */
const CLOSE: Nanoseconds = 100_000_000n;

/**
 * Whether each of several lost packets has a record of its own right at its time, and there are few others of the kind:
 * where a filter drops all day long, one lies near every packet.
 *
 * @param alike all records of the kind
 */
export function isEachRecorded(loss: Loss, alike: readonly DropRecord[], context: DiagnosisContext): boolean {
  return areAllRecorded(
    lastSightings(loss).flatMap(({ time }) => time ?? []),
    alike,
    context,
  );
}

function areAllRecorded(
  times: readonly Nanoseconds[],
  alike: readonly DropRecord[],
  context: DiagnosisContext,
): boolean {
  if (times.length < 2 || isCrowd(alike, context)) return false;
  const records = inOrder(alike.flatMap(({ time }) => time ?? []));
  let next = 0;
  // Two packets may be lost at once, and lie nearest to one record: each takes the first that is left.
  return inOrder(times).every((time) => {
    while (next < records.length && records[next]! < time - CLOSE) next++;
    return next < records.length && records[next++]! <= time + CLOSE;
  });
}

/** By place and ends: when packets were lost of all attempts. */
const lostTimes = remembered(
  () => null,
  (_: null, { attempts }): ReadonlyMap<string, readonly Nanoseconds[]> => {
    const known = new Map<string, Nanoseconds[]>();
    for (const attempt of attempts) {
      const loss = lossOf(attempt);
      if (!loss) continue;
      const times = lastSightings(loss).flatMap(({ time }) => time ?? []);
      const key = placeKey(attempt, loss);
      const others = known.get(key);
      if (others) others.push(...times);
      else known.set(key, times);
    }
    return known;
  },
);

/** When packets were lost at one place of all attempts that differ in the client's port alone. */
function timesOfLike(attempt: Attempt, loss: Loss, context: DiagnosisContext): readonly Nanoseconds[] {
  return lostTimes(null, context).get(placeKey(attempt, loss)) ?? [];
}

function placeKey({ client, server, protocol }: Attempt, { role, last: { point } }: Loss): string {
  const place = [point.node, point.netns, point.interface, role];
  return [...place, protocol, client.address, server.address, server.port].join('\n');
}

function inOrder(times: readonly Nanoseconds[]): Nanoseconds[] {
  return [...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** All records of a kind. */
function alike({ snapshot }: NodeView, cause: CauseId, family: 4 | 6): DropRecord[] {
  return snapshot!.drops!.records.filter(
    (record) => causeOfRecord(record) === cause && isOfFamily(record, family),
  );
}

const LOST = new WeakMap<DiagnosisContext, number>();

/** Far more records of a kind than packets that attempts lost: most are of other traffic, and so may be any. */
export function isCrowd(alike: readonly DropRecord[], context: DiagnosisContext): boolean {
  return alike.length > 2 * lostPackets(context);
}

/** How many packets all attempts lost. */
function lostPackets(context: DiagnosisContext): number {
  let count = LOST.get(context);
  if (count === undefined) {
    const losses = context.attempts.flatMap((attempt) => lossOf(attempt) ?? []);
    count = losses.reduce((sum, loss) => sum + loss.traces.length, 0);
    LOST.set(context, count);
  }
  return count;
}

/**
 * When packets were lost, by the clock of the node that dropped them: its own captures' stamps, or others' moved to it.
 * Empty where nothing places these by its clock.
 */
export function timesAt(loss: Loss, node: NodeView, context: DiagnosisContext): Nanoseconds[] {
  return lastSightings(loss).flatMap((sighting) => context.clocks.timeAt(node.name, sighting) ?? []);
}

import { clusterFacts } from './cluster-facts.js';
import { isAnswered } from './correlate/answered.js';
import type { Attempt } from './correlate/attempt.js';
import type { Correlation } from './correlate/correlate.js';
import { describeEncapsulation } from './correlate/encapsulations.js';
import { isOverheardIn, seenBy } from './correlate/overheard.js';
import type { CaptureResult, Inputs } from './correlate/reading/inputs.js';
import type { Served } from './correlate/served.js';
import type { PacketTrace } from './correlate/trace.js';
import type { Observations } from './correlate/track/observations.js';
import { cutArchiveGaps } from './cut-archives.js';
import type { Diagnosis } from './diagnose/diagnose.js';
import { orNeighbours } from './diagnose/recording.js';
import { dumpGaps } from './dumps.js';
import { gapsWithGivenNames, withGivenNames } from './given-names.js';
import { linkTypeName } from './ingest/capture/linktypes.js';
import { describeAttempt, ListedAttempt } from './listed-attempt.js';
import {
  ANALYSIS_SCHEMA,
  type Analysis,
  type AnalysisAttempt,
  type AnalysisInput,
  type AnalysisTotal,
  type Finding,
  type Gap,
  OUTCOMES,
  type Outcome,
  type PathStep,
} from './model/analysis.js';
import type { Sighting } from './model/sighting.js';
import { timeText } from './model/time.js';
import type { Cluster } from './network/cluster/cluster.js';
import { exemplarOf, shownAttempts } from './report/shown-attempts.js';
import { MOST_FLOWS } from './wasm/layout.js';

/** Which attempts the result lists: by default all of up to 10,000, beyond that those that matter. */
export type AttemptListing = 'default' | 'all' | 'none';

const LISTED_BY_DEFAULT = 10_000;

/**
 * Of which attempts the path is told: of all that are listed, or of those alone whose paths a report in text shows, as
 * a flood's paths take longer than all else.
 */
export type PathListing = 'listed' | 'shown';

/** The result from what the stages found. */
export function assemble(
  inputs: Inputs,
  correlation: Correlation,
  diagnosis: Diagnosis,
  listing: AttemptListing,
  paths: PathListing,
  cluster: Cluster,
): Analysis {
  const { attempts, served, vips, clocks } = correlation;
  const places = choosePlaces(correlation, diagnosis, listing);
  const listed = places.map((i) => attempts[i]!);
  const described =
    paths === 'listed'
      ? listed.map(describeWhole)
      : describeShown(listed, examples(places, attempts, diagnosis));
  return {
    schema: ANALYSIS_SCHEMA,
    inputs: inputs.captures.map(describeInput),
    clocks: clocks.describe(),
    vips,
    totals: countOutcomes(attempts, served),
    attempts: described,
    findings: withGivenNames(inputs, diagnosis.findings),
    gaps: [
      ...inputGaps(inputs, correlation),
      ...gapsWithGivenNames(inputs, diagnosis.gaps),
      ...dumpGaps(inputs, diagnosis.findings),
    ],
    ...clusterFacts(cluster),
  };
}

function describeInput({ file, observations, summary, undecoded }: CaptureResult): AnalysisInput {
  const { since } = observations.unfollowed;
  const linkTypes = new Set(summary.interfaces.map((i) => linkTypeName(i.linkType)));
  return {
    node: file.node,
    file: file.file,
    linkType: [...linkTypes].join(', '),
    packets: summary.packets,
    bytes: summary.bytes,
    firstTime: timeText(summary.firstTime),
    lastTime: timeText(summary.lastTime),
    dropped: summary.dropped,
    truncated: summary.truncated,
    undecoded,
    error: summary.error?.message ?? null,
    ...(since > 0 && { unfollowedSince: since }),
  };
}

function countOutcomes(attempts: readonly Attempt[], served: readonly Served[]): AnalysisTotal[] {
  const totals = new Map<string, AnalysisTotal>();
  const totalOf = (vip: string | null, protocol: string): AnalysisTotal => {
    const key = `${vip} ${protocol}`;
    let total = totals.get(key);
    if (!total) {
      const outcomes = Object.fromEntries(OUTCOMES.map((o) => [o, 0])) as Record<Outcome, number>;
      total = { vip, protocol, outcomes };
      totals.set(key, total);
    }
    return total;
  };
  let total: AnalysisTotal | null = null;
  for (const attempt of attempts) {
    const { vip, protocol, outcome, delayNs } = attempt;
    // Most are of the same as the one before.
    if (total?.vip !== vip || total.protocol !== protocol) total = totalOf(vip, protocol);
    total.outcomes[outcome]++;
    if (isAnswered(attempt)) total.answered = (total.answered ?? 0) + 1;
    if (outcome === 'established' && delayNs !== null && delayNs > 0) total.slow = (total.slow ?? 0) + 1;
  }
  for (const { vip, count } of served) totalOf(vip, 'tcp').outcomes.established += count;
  return [...totals.values()];
}

/** Which attempts are listed, by their places. */
function choosePlaces(
  { attempts, served }: Correlation,
  { explained }: Diagnosis,
  listing: AttemptListing,
): number[] {
  if (listing === 'none') return [];
  const isWhole = attempts.length <= LISTED_BY_DEFAULT && served.length === 0;
  const isAll = listing === 'all' || isWhole;
  const places: number[] = [];
  for (let i = 0; i < attempts.length; i++) {
    if (isAll || attempts[i]!.outcome !== 'established' || explained[i] !== undefined) places.push(i);
  }
  return places;
}

/** Of each finding the attempt that stands for all, if any of them is listed. */
function examples(
  places: readonly number[],
  attempts: readonly Attempt[],
  { explained }: Diagnosis,
): Attempt[] {
  const listed = new Map<Finding, Attempt[]>();
  for (const i of places) {
    const finding = explained[i];
    if (!finding) continue;
    const own = listed.get(finding);
    if (own) own.push(attempts[i]!);
    else listed.set(finding, [attempts[i]!]);
  }
  return [...listed.values()].flatMap((own) => exemplarOf(withPath(own)) ?? []);
}

function* withPath(attempts: readonly Attempt[]): Generator<Attempt, undefined> {
  for (const attempt of attempts) if (attempt.traces.length > 0) yield attempt;
}

/**
 * As a report in text shows them: those of its table and some examples with their paths.
 *
 * @param shown some of the listed ones
 */
function describeShown(listed: readonly Attempt[], shown: readonly Attempt[]): AnalysisAttempt[] {
  const described: AnalysisAttempt[] = listed.map((attempt) => new ListedAttempt(attempt));
  const table = shownAttempts({ attempts: described }).map((one) => described.indexOf(one));
  const examples = shown.map((one) => listed.indexOf(one));
  for (const i of new Set([...table, ...examples])) described[i] = describeWhole(listed[i]!);
  return described;
}

function describeWhole(attempt: Attempt): AnalysisAttempt {
  return describeAttempt(attempt, pathOf(attempt));
}

function pathOf({ traces }: Attempt): PathStep[] {
  return traces.length === 1 ? stepsOf(traces[0]!) : traces.flatMap(stepsOf);
}

function stepsOf(trace: PacketTrace): PathStep[] {
  return seenBy(trace).map((s) => stepOf(trace, s));
}

function stepOf(trace: PacketTrace, s: Sighting): PathStep {
  const overheard = isOverheardIn(trace, s);
  const step: PathStep = {
    role: trace.role,
    node: s.point.node,
    netns: s.point.netns,
    interface: s.point.interface,
    direction: overheard ? null : s.direction,
    time: timeText(s.time),
    file: s.point.file,
    packet: s.packet,
    source: s.source,
    destination: s.destination,
    tunnels: s.encapsulations.length === 0 ? [] : s.encapsulations.map(describeEncapsulation),
    try: trace.try,
  };
  if (overheard) step.overheard = true;
  return step;
}

const NARROWER = 'tcpdump -B 65536 -s 128, with a filter that is as narrow as can be';

/** Of connections that there was no room for, only packets can be counted. */
function unfollowedGap(
  file: string,
  { unfollowed, capacity, passedOver }: Observations,
): Pick<Gap, 'why' | 'capture'> {
  const { since, tunnels, syns, segments, datagrams, flows } = unfollowed;
  const counts = [
    [syns, 'SYNs'],
    [segments, 'other packets of TCP connections'],
    [datagrams, 'datagrams and echoes'],
  ] as const;
  const passed = counts.flatMap(([count, name]) => (count > 0 ? [`${count} ${name}`] : []));
  const room =
    tunnels > 0
      ? `connections in ${tunnels} tunnels (by outer addresses, ports and VNIs)`
      : `${capacity} connections of one capture (--max-attempts)`;
  const parts = [
    `${file}: the room for ${room} was used up at packet ${since}; none that began there or later is followed`,
  ];
  if (passed.length > 0) parts.push(`passed over: ${passed.join(', ')}`);
  if (flows > 0) parts.push(`left out, as part of their packets found no room: ${flows} connections`);
  if (capacity < MOST_FLOWS && tunnels === 0)
    parts.push(`a larger --max-attempts (up to ${MOST_FLOWS}) has room for more`);
  // Where packets are passed over already, or cannot be (`read-for-vips.ts`), it would be no help.
  if (passedOver === null)
    parts.push('of captures of one node that are files, and in no archive, --vip needs less');
  return { why: parts.join('; '), capture: NARROWER };
}

/** Of a node whose interfaces come and go, more would hide what else is missing. */
const MOST_INTERRUPTIONS = 20;

/** What was not captured meanwhile. */
function interruptionGaps(interruptions: Inputs['interruptions']): Gap[] {
  const gaps = interruptions
    .slice(0, MOST_INTERRUPTIONS)
    .map(({ node, interface: name, from, until, why }) => {
      const place = name === null ? node : `${name} of ${node}`;
      const time = until === null ? `from ${from} on` : `from ${from} to ${until}`;
      return { node, interface: name, why: `${place} was not captured ${time}: ${why}`, capture: null };
    });
  const left = interruptions.length - gaps.length;
  if (left > 0) {
    const why = `captures were interrupted ${left} times more; node.json tells when`;
    gaps.push({ node: interruptions.at(-1)!.node, interface: null, why, capture: null });
  }
  return gaps;
}

/** What the inputs themselves lack, whatever was found in them. */
function inputGaps(
  { captures, problems, snapshots, brokenOff, interruptions }: Inputs,
  { vips, vipUnseen, clocks, seenTwice }: Correlation,
): Gap[] {
  const gaps: Gap[] = [];
  if (captures.length === 0) {
    const why = 'there is no capture among the inputs, so no connection can be followed';
    gaps.push({
      node: null,
      interface: null,
      why,
      capture: 'tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap',
    });
  }
  if (vipUnseen) {
    const named = vips.map((vip) => vip.address).join(', ');
    gaps.push({
      node: null,
      interface: null,
      why: `no packet to ${named} or to a backend known to be behind it was captured; every connection in the captures is listed`,
      capture: `tcpdump -i any -n -s 128 -w NODE.pcap 'host ${vips[0]!.address} or udp port 4789 or udp port 8472 ${orNeighbours(vips[0]!.address)}'`,
    });
  }
  for (const node of brokenOff) {
    const why = `the recording of ${node} was broken off before its end: what it saw last, and its counters afterwards, may be missing`;
    gaps.push({ node, interface: null, why, capture: null });
  }
  gaps.push(...interruptionGaps(interruptions));
  const byCap = new Set(
    captures.filter(({ recorded }) => recorded?.engine === 'cap').map(({ file }) => file.node),
  );
  for (const node of byCap) {
    const why = `${node} was captured by the engine cap: times are those of delivery, milliseconds late at times and not in order between interfaces, and packets that the kernel dropped are not counted`;
    gaps.push({ node, interface: null, why, capture: 'returnpath capture --engine tcpdump' });
  }
  for (const { file, observations, summary, undecoded } of captures) {
    const at = { node: file.node, interface: null };
    const { leftOut } = observations.neighbours;
    if (leftOut > 0) {
      const why = `${file.file}: of ARP or neighbour discovery, ${leftOut} messages are left out: there are more addresses, or changes of one, than are kept; an owner that only they tell of is not known`;
      gaps.push({ ...at, why, capture: null });
    }
    const twice = seenTwice.get(file.file);
    if (twice) {
      const why = `${file.file}: overlaps another capture of the same interface; ${twice} packets of connections are in both, and count once`;
      gaps.push({ ...at, why, capture: null });
    }
    if (observations.unfollowed.since > 0) gaps.push({ ...at, ...unfollowedGap(file.file, observations) });
    if (observations.isMiscounted) {
      const why = `${file.file}: its packets are not in the order of their times; connections of which some came again much later may be counted twice. A file is read again for that, what comes by a pipe cannot be`;
      gaps.push({ ...at, why, capture: null });
    }
    if (undecoded > 0) {
      const types = summary.interfaces.map((i) => linkTypeName(i.linkType)).join(', ');
      const why = `${file.file}: packets of a link type that is not decoded (${types}): ${undecoded}`;
      gaps.push({ ...at, why, capture: 'tcpdump -i any -y LINUX_SLL2 -n -s 128 -w any.pcap' });
    }
    if (summary.dropped !== null && summary.dropped > 0) {
      const why = `${file.file}: the capturing system lost ${summary.dropped} packets; one that is not seen may be among them`;
      gaps.push({ ...at, why, capture: NARROWER });
    }
    if (summary.error)
      gaps.push({ ...at, why: `${summary.error.message}; what comes after it was not read`, capture: null });
  }
  for (const { node, wasSet } of clocks.describe()) {
    if (!wasSet) continue;
    const why = `the clock of ${node}, or that of the first node, was set while capturing: what the two saw is not surely placed against each other in time`;
    gaps.push({ node, interface: null, why, capture: null });
  }
  gaps.push(...cutArchiveGaps({ problems, snapshots }));
  for (const { node, message, isCut } of problems) {
    if (!isCut) gaps.push({ node, interface: null, why: `${message}; it was passed over`, capture: null });
  }
  return gaps;
}

import { clusterFacts } from './cluster-facts.js';
import { isAnswered } from './correlate/answered.js';
import type { Attempt } from './correlate/attempt.js';
import type { Correlation } from './correlate/correlate.js';
import { describeEncapsulation } from './correlate/encapsulations.js';
import { isOverheardIn, seenBy } from './correlate/overheard.js';
import type { CaptureResult, Inputs } from './correlate/reading/inputs.js';
import type { PacketTrace } from './correlate/trace.js';
import type { Diagnosis } from './diagnose/diagnose.js';
import { dumpGaps } from './dumps.js';
import { gapsWithGivenNames, withGivenNames } from './given-names.js';
import { linkTypeName } from './ingest/capture/linktypes.js';
import { inputGaps } from './input-gaps.js';
import { describeAttempt, ListedAttempt } from './listed-attempt.js';
import {
  ANALYSIS_SCHEMA,
  type Analysis,
  type AnalysisAttempt,
  type AnalysisInput,
  type AnalysisTotal,
  type Finding,
  OUTCOMES,
  type Outcome,
  type PathStep,
} from './model/analysis.js';
import type { Sighting } from './model/sighting.js';
import { timeText } from './model/time.js';
import type { Cluster } from './network/cluster/cluster.js';
import { exemplarOf, shownAttempts } from './report/shown-attempts.js';

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
  const { attempts, vips, clocks } = correlation;
  const places = choosePlaces(correlation, diagnosis, listing);
  const listed = places.map((i) => attempts[i]!);
  const totals = countOutcomes(correlation, diagnosis);
  const findings = withGivenNames(inputs, diagnosis.findings);
  const described =
    paths === 'listed'
      ? listed.map(describeWhole)
      : describeShown(listed, examples(places, attempts, diagnosis), { totals, findings });
  return {
    schema: ANALYSIS_SCHEMA,
    inputs: inputs.captures.map(describeInput),
    clocks: clocks.describe(),
    vips,
    totals,
    attempts: described,
    findings,
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

function countOutcomes({ attempts, served }: Correlation, { explained }: Diagnosis): AnalysisTotal[] {
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
  for (const [i, attempt] of attempts.entries()) {
    const { vip, protocol, outcome, delayNs } = attempt;
    // Most are of the same as the one before.
    if (total?.vip !== vip || total.protocol !== protocol) total = totalOf(vip, protocol);
    total.outcomes[outcome]++;
    if (isAnswered(attempt)) total.answered = (total.answered ?? 0) + 1;
    if (outcome !== 'established') continue;
    if (delayNs !== null && delayNs > 0) total.slow = (total.slow ?? 0) + 1;
    else if (explained[i]?.severity === 'fault') total.stuck = (total.stuck ?? 0) + 1;
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
function describeShown(
  listed: readonly Attempt[],
  shown: readonly Attempt[],
  rest: Pick<Analysis, 'totals' | 'findings'>,
): AnalysisAttempt[] {
  const described: AnalysisAttempt[] = listed.map((attempt) => new ListedAttempt(attempt));
  const table = shownAttempts({ ...rest, attempts: described }).map((one) => described.indexOf(one));
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

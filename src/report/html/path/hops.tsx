import type { Analysis, AnalysisAttempt, Finding, PathStep } from '../../../model/analysis.js';
import { lossMark } from '../../terminal/causes.js';
import { clockSkew, stepName } from '../../terminal/ladder.js';
import { causeText, counted, flowText, millisecondsBetween, nodeText } from '../../terminal/words.js';
import { type Head, Table } from '../table.js';
import { shownSteps } from './stations.js';

const HEADS: Head[] = [
  { title: '#', align: 'right' },
  { title: 'Packet' },
  { title: 'Node' },
  { title: 'Interface' },
  { title: 'Going' },
  { title: '+ms', align: 'right' },
  { title: 'Addresses' },
  { title: 'Where to look it up' },
];

/** A path may be a loop of thousands. */
const MOST_STEPS = 60;

interface HopsProps {
  attempt: AnalysisAttempt;
  finding: Finding | null;
  analysis: Analysis;
}

/** The path's picture as a table: every sighting of one try, with the packet to look at. */
export function Hops({ attempt, finding, analysis }: HopsProps) {
  const all = shownSteps(attempt, finding);
  const steps = all.slice(0, MOST_STEPS);
  const first = steps[0];
  if (!first) return null;
  const rows = steps.map((step, i) => [
    i + 1,
    stepName(step, steps[i - 1], attempt),
    nodeText(step),
    step.interface ?? '?',
    step.direction ?? '?',
    elapsedText(first, step, analysis),
    addresses(step, steps[i - 1]),
    <span class="place">{`${step.file} packet ${step.packet}`}</span>,
  ]);
  const hidden = attempt.path.length - steps.length;
  return (
    <>
      <Table caption={`Attempt ${attempt.id}, hop by hop`} heads={HEADS} rows={rows} isCaptionHidden />
      {finding !== null && finding.severity === 'fault' && all.length === steps.length && (
        <p class="loss">{`✗ ${lossMark(finding, attempt)}: ${causeText(finding)}`}</p>
      )}
      {hidden > 0 && <p class="remark">{`${counted(hidden, 'sighting')} of other tries left out.`}</p>}
    </>
  );
}

/** Milliseconds since the first sighting, freed of what the clocks are apart; `?` where that is not known. */
export function elapsedText(first: PathStep, step: PathStep, { clocks }: Analysis): string {
  const elapsed = millisecondsBetween(first.time, step.time);
  const skew = clockSkew(first, step, clocks);
  return elapsed === null || skew === null ? '?' : (elapsed - skew).toFixed(3);
}

/** Addresses where they change, and what the packet is wrapped in. */
function addresses(step: PathStep, before: PathStep | undefined) {
  const known = before?.role === step.role ? before : undefined;
  const flow = flowText(step.source, step.destination);
  const isSame = known !== undefined && flow === flowText(known.source, known.destination);
  return (
    <>
      {isSame ? 'same' : known ? <strong>{`NAT: ${flow}`}</strong> : flow}
      {step.tunnels.map((tunnel) => (
        <span class="line">{`in ${tunnel}`}</span>
      ))}
    </>
  );
}

import type { Analysis, Finding } from '../../model/analysis.js';
import {
  COMPARISON_SCHEMA,
  type ComparedFinding,
  type ComparedService,
  type ComparedState,
  type Comparison,
} from '../../model/comparison.js';
import { counted, nodeText, placeText } from '../terminal/words.js';
import { cautionsOf } from './cautions.js';
import { judgeAbsence } from './gone.js';
import { matchFindings, type Pair } from './match.js';
import { Side, servicesOf } from './side.js';
import { judge } from './verdict.js';

/**
 * What became of the findings of one analysis in a later one, and whether its faults are mended. Both are of captures,
 * or both are predictions.
 */
export function compare(earlier: Analysis, later: Analysis): Comparison {
  const services = new Set([...servicesOf(earlier), ...servicesOf(later)]);
  const [before, after] = [new Side(earlier, services), new Side(later, services)];
  const findings = matchFindings(before, after)
    .map((pair) => comparedFinding(pair, before, after))
    .sort((a, b) => gravity(a) - gravity(b));
  const compared = comparedServices(before, after);
  return {
    schema: COMPARISON_SCHEMA,
    ...judge(findings, compared, before, after),
    services: compared,
    findings,
    cautions: cautionsOf(earlier, later),
  };
}

function comparedFinding({ before: was, after: is }: Pair, before: Side, after: Side): ComparedFinding {
  const known = (was ?? is)!;
  const common = {
    cause: known.cause,
    service: was ? before.serviceOf(was) : after.serviceOf(known),
    before: was && stateOf(was),
    after: is && stateOf(is),
  };
  if (!was) return { change: 'new', ...common, why: 'it was not there before' };
  if (!is) {
    const { isGone, why } = judgeAbsence(was, before, after);
    return { change: isGone ? 'gone' : 'not-seen', ...common, why };
  }
  const changes = changesOf(was, is);
  if (was.severity === 'fault' && is.severity !== 'fault') {
    // It may be no fault any more, or nobody may have met it.
    const { isGone, why } = judgeAbsence(was, before, after);
    return { change: isGone ? 'changed' : 'not-seen', ...common, why: [why, ...changes].join('; ') };
  }
  if (changes.length > 0) return { change: 'changed', ...common, why: changes.join('; ') };
  return { change: 'still-there', ...common, why: affected(is) };
}

function changesOf(was: Finding, is: Finding): string[] {
  const [from, to] = [was, is].map((finding) => placeText(nodeText(finding), finding.interface));
  return [
    ...(from === to || was.cause === 'arp-conflict' ? [] : [`it was on ${from}, and is on ${to}`]),
    ...(was.severity === is.severity
      ? []
      : [`it was of the severity ${was.severity}, and is of ${is.severity}`]),
  ];
}

function affected({ attempts, slow = 0 }: Finding): string {
  if (attempts.length === 0) return 'it is shown as before';
  const met = `${counted(attempts.length, 'connection')} met it`;
  return slow >= attempts.length ? `${met}, and ${attempts.length === 1 ? 'was' : 'were'} slow` : met;
}

function stateOf(finding: Finding): ComparedState {
  const { id, confidence, severity, node, netns = null, interface: name, attempts } = finding;
  return { id, confidence, severity, node, netns, interface: name, attempts: attempts.length };
}

const SEVERITIES = ['fault', 'risk', 'info'];
const CHANGES = ['new', 'still-there', 'changed', 'not-seen', 'gone'];

function gravity({ change, before, after }: ComparedFinding): number {
  const severity = Math.min(
    ...[before, after].map((state) => (state ? SEVERITIES.indexOf(state.severity) : 9)),
  );
  return severity * 10 + CHANGES.indexOf(change);
}

function comparedServices(before: Side, after: Side): ComparedService[] {
  const rows = new Map<string, ComparedService>();
  for (const { address, protocol } of [...before.success, ...after.success]) {
    const of = (side: Side) => side.successOf(address, new Set([protocol]));
    const row = { address, protocol, before: of(before), after: of(after) };
    if (row.before.all + row.after.all > 0) rows.set(`${address} ${protocol}`, row);
  }
  return [...rows.values()].sort((a, b) => Number(a.address === null) - Number(b.address === null));
}

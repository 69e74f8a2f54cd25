import {
  type Analysis,
  type AnalysisInput,
  type Finding,
  OUTCOMES,
  type Outcome,
  type Severity,
} from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { Style } from '../style.js';
import { headline } from './causes.js';
import { affectedText, exemplar } from './finding.js';
import { isIncomplete } from './inputs.js';
import { addressNames, namedAddress } from './names.js';
import { predictionVerdict } from './predictions.js';
import { causeText, counted, lostRole, outcomesText, slowCount } from './words.js';
import { labelled } from './wrap.js';

const INDENT = 9;
/** More than these are found in their sections; the verdict has to be read at a glance. */
const MOST_FINDINGS = 5;

/** These are no failures: the connection was made, by what the captures show or by what it led to. */
const FINE: Outcome[] = ['established', 'reply-unseen', 'midstream'];

/** The first lines of the report: what is broken, where and why, or that nothing is. */
export function verdict(analysis: Analysis, style: Style): string[] {
  const faults = analysis.findings.filter((finding) => finding.severity === 'fault');
  const risks = analysis.findings.filter((finding) => finding.severity === 'risk');
  const lines = faults.length > 0 ? findingLines(faults, analysis, style) : [...noFault(analysis, style)];
  lines.push(...findingLines(risks, analysis, style));
  lines.push(...caution(analysis.inputs, style));
  return lines;
}

function findingLines(findings: Finding[], analysis: Analysis, style: Style): string[] {
  const lines = findings.slice(0, MOST_FINDINGS).flatMap((finding) => {
    const paint = finding.severity === 'fault' ? style.red : style.yellow;
    const label = (text: string) => style.bold(paint(text));
    const title = finding.severity.toUpperCase();
    return [
      ...labelled(title, findingText(finding, analysis), style.measure, INDENT, label),
      ...(finding.fix ? labelled('', `Fix: ${finding.fix.summary}`, style.measure, INDENT) : []),
    ];
  });
  const more = findings.length - MOST_FINDINGS;
  if (more > 0)
    lines.push(...labelled('', `${style.ellipsis} and ${more} more, below`, style.measure, INDENT));
  return lines;
}

const CONSEQUENCE: Record<Severity, string> = { fault: 'failed', risk: 'affected', info: 'affected' };

/** `3 of 5 connections failed`, and of those that were made in the end that they were slow. */
function consequence(finding: Finding, analysis: Analysis): string {
  const affected = affectedText(finding, analysis);
  const { slow = 0, attempts } = finding;
  if (affected === null) return '';
  if (slow === 0) return ` ${affected} ${CONSEQUENCE[finding.severity]}.`;
  if (slow >= attempts.length) return ` ${affected} ${slow === 1 ? 'was' : 'were'} slow.`;
  return ` ${affected} affected: ${numberText(attempts.length - slow)} failed, ${numberText(slow)} slow.`;
}

function findingText(finding: Finding, analysis: Analysis): string {
  const attempt = exemplar(finding, analysis);
  if (analysis.predictions) return `${causeText(finding)}: ${foretold(finding, analysis)}.`;
  const what = headline(finding, attempt && lostRole(attempt), addressNames(analysis));
  return `${causeText(finding)}: ${what}.${consequence(finding, analysis)}`;
}

/** Nobody has met it yet: it is what the settings make of it. */
function foretold(finding: Finding, analysis: Analysis): string {
  const { predictions } = analysis;
  const ways = (predictions ?? []).flatMap((prediction) => prediction.ways);
  const way = ways.find((w) => w.finding === finding.id);
  const role = way?.fate === 'lost-reply' ? 'reply' : 'request';
  const lost = ways.filter((w) => w.finding === finding.id).length;
  const share = lost === 0 ? '' : ` (${numberText(lost)} of ${counted(ways.length, 'way')})`;
  return `as configured, ${headline(finding, role, addressNames(analysis))}${share}`;
}

function noFault(analysis: Analysis, style: Style): string[] {
  if (analysis.predictions) return predictionVerdict(analysis, style);
  const outcomes = sumOutcomes(analysis);
  const all = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const label = (text: string) =>
    style.bold(all > 0 && isFine(outcomes) ? style.green(text) : style.yellow(text));
  if (all === 0) {
    const packets = analysis.inputs.reduce((sum, input) => sum + input.packets, 0);
    const read = `${counted(packets, 'packet')} in ${counted(analysis.inputs.length, 'file')} were read`;
    const text = `Nothing to judge: there is no connection attempt in the captures (${read}).`;
    return labelled('UNCLEAR', text, style.measure, INDENT, label);
  }
  const services = new Set(analysis.totals.map((total) => total.vip));
  const [vip] = services;
  const to = services.size === 1 && vip ? ` to ${namedAddress(vip, addressNames(analysis))}` : '';
  const count = `${numberText(outcomes.established)} of ${counted(all, 'connection')}${to} were established`;
  const rest = outcomesText(outcomes, ['established']);
  const slow = slowCount(analysis.totals);
  const late = slow === 0 ? '' : ` ${numberText(slow)} of them only after lost packets.`;
  const others = `${late}${rest === '' ? '' : ` The others: ${rest}.`}`;
  return isFine(outcomes)
    ? labelled('OK', `No fault found: ${count}.${others}`, style.measure, INDENT, label)
    : labelled(
        'UNCLEAR',
        `No fault could be proved, yet only ${count}.${others}`,
        style.measure,
        INDENT,
        label,
      );
}

function sumOutcomes({ totals }: Analysis): Record<Outcome, number> {
  const sums = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const total of totals) {
    for (const outcome of OUTCOMES) sums[outcome] += total.outcomes[outcome];
  }
  return sums;
}

function isFine(outcomes: Record<Outcome, number>): boolean {
  return OUTCOMES.every((outcome) => outcomes[outcome] === 0 || FINE.includes(outcome));
}

/** Silence in a damaged or lossy capture proves nothing: that has to be known before the rest is read. */
function caution(inputs: AnalysisInput[], style: Style): string[] {
  const incomplete = inputs.filter(isIncomplete).length;
  if (incomplete === 0) return [];
  const text = `${numberText(incomplete)} of ${counted(inputs.length, 'capture file')} ${incomplete === 1 ? 'is' : 'are'} incomplete (see Inputs): what is not seen there may have been there.`;
  return labelled('CAUTION', text, style.measure, INDENT, (label) => style.bold(style.yellow(label)));
}

import type {
  Analysis,
  AnalysisAttempt,
  CauseId,
  Confidence,
  EvidenceKind,
  Finding,
} from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { exemplarOf, listedOf } from '../shown-attempts.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { ladder } from './ladder.js';
import { addressNames, namedAddress } from './names.js';
import { patternLines } from './patterns.js';
import { wayLines } from './predictions.js';
import { proof, ruledOut } from './proof.js';
import { remedy } from './remedy.js';
import { causeText, counted, flowText, lastSighting, nodeText, packetName, placeText } from './words.js';
import { labelled, wrap } from './wrap.js';

/** Column of the text beside `Where`, `Last seen` and their like. */
const INDENT = 12;

const CERTAINTY: Record<Exclude<Confidence, 'confirmed'>, string> = {
  probable: 'the packets vanish there, and the configuration of the node says that they must',
  possible: 'either the packets or the configuration point here, not both',
};

/** The kernel's own records of a drop, as evidence. */
const RECORDS: [kind: EvidenceKind, name: string][] = [
  ['martian', 'martian lines'],
  ['drop-reason', 'drop reasons'],
];

/** The same of causes that no node's settings demand: what they are found by instead. */
const PROBABLY: Partial<Record<CauseId, string>> = {
  'wrong-gateway': "the replies leave there by the node's own configuration, and get lost",
  'stateful-gateway': "the replies leave there by the node's own configuration, and what follows gets lost",
  'untranslated-reply': "the replies leave there by the node's own configuration, and are not acknowledged",
  'backend-silent':
    'the packets end there, and by what is known of the nodes nothing else stops them or an answer',
  'not-delivered':
    'the packets vanish there, and what is known of the link and its neighbours accounts for it',
  'arp-conflict': 'what was heard or is set points to it, though no one request was seen answered by both',
};

/**
 * One finding: what and where, the path of an exemplary attempt, proof, what was ruled out, and the fix.
 *
 * @param number from 1, of `analysis.findings.length`
 */
export function findingSection(finding: Finding, number: number, analysis: Analysis, style: Style): string[] {
  const attempt = exemplar(finding, analysis);
  const title = `${finding.severity.toUpperCase()} ${number} of ${analysis.findings.length}: ${causeText(finding)}`;
  return [
    ...heading(title, style),
    ...wrap(finding.summary, style.measure),
    '',
    ...factRows(finding, attempt, analysis).flatMap(([label, text]) =>
      labelled(label, text, style.measure, INDENT, style.bold),
    ),
    ...patternLines(finding, style),
    ...(attempt ? path(attempt, finding, analysis, style) : []),
    ...predictedWay(finding, analysis, style),
    ...proof(finding, style),
    ...ruledOut(finding, style),
    ...remedy(finding, style),
  ];
}

/** The first attempt of the finding whose path is listed; null where none is. */
export function exemplar(finding: Pick<Finding, 'attempts'>, { attempts }: Analysis): AnalysisAttempt | null {
  // Of a flood, few have one.
  const withPath = attempts.filter(({ path }) => path.length > 0);
  return exemplarOf(listedOf(finding, withPath));
}

/** `4 of 5 connections`; null where the finding names no attempt. */
export function affectedText(finding: Finding, { totals }: Analysis): string | null {
  const count = finding.attempts.length;
  if (count === 0) return null;
  const all = totals
    .filter((total) => total.vip === finding.vip)
    .flatMap((total) => Object.values(total.outcomes))
    .reduce((sum, n) => sum + n, 0);
  return all < count ? counted(count, 'connection') : `${numberText(count)} of ${counted(all, 'connection')}`;
}

/** Where it is, whom it concerns, how sure it is and what was seen last: labels, and texts beside them. */
export function factRows(
  finding: Finding,
  attempt: AnalysisAttempt | null,
  analysis: Analysis,
): [label: string, text: string][] {
  const { interface: by, vip, slow = 0 } = finding;
  const at = nodeText(finding);
  const rows: [string, string][] = at === null && by === null ? [] : [['Where', placeText(at, by)]];
  for (const { node, interface: name, mac } of finding.claimants) {
    rows.push(['Claimed by', `${mac} (${placeText(node, name)})`]);
  }
  const affected = affectedText(finding, analysis);
  if (affected) {
    const to = vip === null ? '' : ` to ${namedAddress(vip, addressNames(analysis))}`;
    const late =
      slow === 0
        ? ''
        : `; ${slow >= finding.attempts.length ? 'all' : `${numberText(slow)} of them`} made in the end, after lost packets`;
    rows.push(['Affected', `${affected}${to}${late}`]);
  }
  if (finding.cause !== 'undetermined')
    rows.push(['Certainty', `${finding.confidence}: ${certaintyText(finding, analysis)}`]);
  if (attempt) rows.push(['Last seen', lastSeenText(attempt)]);
  return rows;
}

/** What the confidence rests on. */
export function certaintyText(finding: Finding, { predictions }: Analysis): string {
  const { cause, confidence } = finding;
  if (predictions) return 'the configuration says so, and no packet was seen';
  if (confidence === 'confirmed') return confirmedBy(finding);
  return (confidence === 'probable' ? PROBABLY[cause] : undefined) ?? CERTAINTY[confidence];
}

/** Which of the two it was that makes it sure. */
function confirmedBy({ evidence }: Finding): string {
  const kinds = new Set(evidence.map(({ kind }) => kind));
  const records = RECORDS.flatMap(([kind, name]) => (kinds.has(kind) ? [name] : []));
  return records.length === 0
    ? 'the packets alone prove it'
    : `the kernel's own record of the drop (${records.join(', ')}) fits the packets`;
}

/** The last sighting of the packet that got nowhere. */
export function lastSeenText(attempt: AnalysisAttempt): string {
  const step = lastSighting(attempt)!;
  const name = packetName(attempt.protocol, step.role);
  const direction = step.direction === null ? '' : ` going ${step.direction}`;
  const time = step.time === null ? '' : ` at ${step.time}`;
  const seen = step.overheard ? 'overheard on' : 'on';
  return `${name} (try ${step.try}) ${seen} ${placeText(nodeText(step), step.interface)}${direction}${time} [${step.file} packet ${step.packet}]`;
}

/** Of a finding that is foretold: the first of the ways that it is of. */
export function predictedWay({ id }: Finding, { predictions }: Analysis, style: Style): string[] {
  const ways = (predictions ?? []).flatMap((prediction) => prediction.ways);
  const way = ways.find((w) => w.finding === id);
  return way ? ['', ...wayLines('The way that it would go', way, style)] : [];
}

/** `a1, one of 4: tcp 10.0.0.5:40000 > 192.168.1.100:80, no-reply after 3 tries` */
export function pathTitle(attempt: AnalysisAttempt, finding: Finding): string {
  const of = finding.attempts.length > 1 ? `, one of ${numberText(finding.attempts.length)}` : '';
  const tries = attempt.tries === 1 ? '1 try' : `${numberText(attempt.tries)} tries`;
  return `${attempt.id}${of}: ${attempt.protocol} ${flowText(attempt.client, attempt.server)}, ${attempt.outcome} after ${tries}`;
}

function path(attempt: AnalysisAttempt, finding: Finding, analysis: Analysis, style: Style): string[] {
  return [
    '',
    ...labelled('Path of', pathTitle(attempt, finding), style.measure, 8, style.bold),
    ...ladder(attempt, finding, analysis, style),
  ];
}

import type { Analysis, AnalysisAttempt, Finding } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { exemplar, factRows, pathTitle, predictedWay } from '../terminal/finding.js';
import { ladder } from '../terminal/ladder.js';
import { patternTable } from '../terminal/patterns.js';
import { proof } from '../terminal/proof.js';
import { causeText, nodeText, placeText } from '../terminal/words.js';
import { bullet } from './bullet.js';
import { pathDiagram } from './diagram.js';
import { code, fence, paragraph, prose } from './inline.js';
import { type FINDING_RANKS, findingRank, type Part } from './part.js';
import { remedyText } from './remedy.js';

/**
 * One finding: what and where, what to do, the proof, the path, and what was ruled out.
 *
 * @param index from 0
 */
export function findingParts(finding: Finding, index: number, analysis: Analysis, style: Style): Part[] {
  const attempt = exemplar(finding, analysis);
  const part = (of: keyof typeof FINDING_RANKS, name: string, text: string): Part[] =>
    text === '' ? [] : [{ name: `${name} of finding ${index + 1}`, rank: findingRank(index, of), text }];
  return [
    ...part('summary', 'the summary', summaryText(finding, index, attempt, analysis)),
    ...part('fix', 'the fix', remedyText(finding, style)),
    ...part('patterns', 'what parts failed from made', patternsText(finding, style)),
    ...part('proof', 'the proof', proofText(finding, style)),
    ...part('way', 'the path', pathText(attempt, finding, analysis, style)),
    ...part('diagram', 'the diagram', diagramText(attempt, finding)),
    ...part('ruledOut', 'what was ruled out', ruledOutText(finding)),
  ];
}

function summaryText(
  finding: Finding,
  index: number,
  attempt: AnalysisAttempt | null,
  analysis: Analysis,
): string {
  const { node, interface: name } = finding;
  const where = node === null && name === null ? '' : ` on ${code(placeText(nodeText(finding), name))}`;
  const title = `## ${finding.severity.toUpperCase()} ${index + 1} of ${analysis.findings.length}: ${causeText(finding)}${where}`;
  const rows = factRows(finding, attempt, analysis).map(([label, text]) => bullet(label, unbracketed(text)));
  return [
    title,
    ...(finding.summary.trim() === '' ? [] : [paragraph(finding.summary)]),
    ...(rows.length > 0 ? [rows.join('\n')] : []),
  ].join('\n\n');
}

/** Brackets belong to links here: the place stands behind a comma. */
function unbracketed(text: string): string {
  return text.replace(/ \[([^[\]]*)\]$/, ', $1');
}

function patternsText({ patterns = [] }: Finding, style: Style): string {
  if (patterns.length === 0) return '';
  const each = patterns.flatMap((pattern) => [
    paragraph(pattern.summary),
    fence(patternTable(pattern, style, 0)),
  ]);
  return ['### Not always', ...each].join('\n\n');
}

function proofText(finding: Finding, style: Style): string {
  // Without the blank line and the heading, which are those of the terminal.
  const lines = proof(finding, style).slice(2);
  return lines.length === 0 ? '' : `### Proof\n\n${fence(dedented(lines))}`;
}

function pathText(
  attempt: AnalysisAttempt | null,
  finding: Finding,
  analysis: Analysis,
  style: Style,
): string {
  if (attempt) {
    const block = fence(dedented(ladder(attempt, finding, analysis, style)));
    return `### Path\n\nOf ${prose(pathTitle(attempt, finding))}:\n\n${block}`;
  }
  const way = predictedWay(finding, analysis, style).slice(2);
  return way.length === 0 ? '' : `### The way that it would go\n\n${fence(dedented(way))}`;
}

function dedented(lines: readonly string[]): string[] {
  return lines.every((line) => line.startsWith('  ')) ? lines.map((line) => line.slice(2)) : [...lines];
}

function diagramText(attempt: AnalysisAttempt | null, finding: Finding): string {
  const lines = attempt && pathDiagram(attempt, finding);
  return lines ? fence(lines, 'mermaid') : '';
}

function ruledOutText({ alternatives }: Finding): string {
  if (alternatives.length === 0) return '';
  return `### Ruled out\n\n${alternatives.map(({ cause, why }) => bullet(cause, why)).join('\n')}`;
}

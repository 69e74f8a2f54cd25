import type { Analysis, Gap } from '../model/analysis.js';
import { escapeText } from './escape.js';
import { findingParts } from './markdown/finding.js';
import { fence, prose } from './markdown/inline.js';
import { fitted, type Part, RANKS } from './markdown/part.js';
import { safeAnalysis } from './safe-analysis.js';
import { stuckOf } from './shown-attempts.js';
import { createStyle } from './style.js';
import { attemptsSection, totalsSection } from './terminal/attempts.js';
import { clocksSection } from './terminal/clocks.js';
import { whereFilesAre } from './terminal/files.js';
import { inputsSection } from './terminal/inputs.js';
import { predictionsSection } from './terminal/predictions.js';
import { probesSection } from './terminal/probes.js';
import { servicesSection } from './terminal/services.js';
import { type Statement, verdictStatements } from './terminal/verdict.js';
import { placeText } from './terminal/words.js';

export interface MarkdownOptions {
  /** Characters, at least 200; absent: what an issue on GitHub may have. */
  maxLength?: number | undefined;
}

/** Of the body of an issue or comment on GitHub; GitLab takes more, Jira 32,767, a chat some thousands. */
const MOST_ON_GITHUB = 65_536;
/** Every analysis has a verdict; what would have none says nothing. */
const NO_VERDICT: Statement = { title: 'UNCLEAR', text: 'Nothing to judge.', fix: null };
/** Blocks of code are not wrapped where they are shown. */
const COLUMNS = 80;

/**
 * The analysis as Markdown for a ticket or a chat: the verdict and the fix first, then each finding with its commands,
 * proof and path (a block of text, and Mermaid's diagram where that is drawn), then the counts and what was read.
 *
 * It is never longer than `maxLength`: what matters least is left out, and named at the end. Nothing of a capture or
 * log is markup, link or mention in it, and none ends the block of code that it stands in.
 */
export function renderMarkdown(analysis: Analysis, { maxLength }: MarkdownOptions = {}): string {
  const style = createStyle(COLUMNS, false);
  const { safe, shown } = safeAnalysis(analysis, escapeText);
  const where = escapeText(whereFilesAre(analysis));
  const [first = NO_VERDICT, ...statements] = verdictStatements(safe, style.ellipsis);
  const parts: Part[] = [
    { name: 'the verdict', rank: RANKS.verdict, text: statementText(first) },
    ...statements.map((one) => ({ name: 'other verdicts', rank: RANKS.verdict, text: statementText(one) })),
    ...safe.findings.flatMap((finding, i) => findingParts(finding, i, safe, style)),
    ...gapParts(safe.gaps),
    ...section('ways', RANKS.predictions, 'Ways', predictionsSection(safe, style)),
    ...section('probe', RANKS.probe, 'Probe', below(probesSection(safe, analysis.attempts.length, style))),
    ...section('connections', RANKS.totals, 'Connections', below(totalsSection(safe, style))),
    ...section(
      'attempts',
      RANKS.attempts,
      'Attempts',
      attemptsSection(shown, analysis.attempts.length, stuckOf(safe), style),
    ),
    ...section('services', RANKS.services, 'Services', below(servicesSection(safe, style))),
    ...section('clocks', RANKS.clocks, 'Clocks', below(clocksSection(safe, style))),
    ...section('inputs', RANKS.inputs, 'Inputs', below(inputsSection(safe, where, style))),
  ];
  return fitted(parts, maxLength ?? MOST_ON_GITHUB, '`--format text` has all', (length) =>
    shortened(first, length),
  );
}

/** Without the blank line, the title and the rule under it, which are those of the terminal. */
function below(lines: readonly string[]): string[] {
  return lines.slice(3);
}

function section(name: string, rank: number, title: string, lines: readonly string[]): Part[] {
  const shown = lines[0] === '' ? lines.slice(1) : lines;
  return shown.length === 0 ? [] : [{ name: `the ${name}`, rank, text: `## ${title}\n\n${fence(shown)}` }];
}

function statementText({ title, text, fix }: Statement): string {
  const label = title === '' ? '' : `**${title}:** `;
  return [`${label}${prose(text)}`, ...(fix === null ? [] : [`**Fix:** ${prose(fix)}`])].join('\n\n');
}

/** As much of a statement as there is room for. */
function shortened(statement: Statement, length: number): string {
  let { text } = statement;
  for (;;) {
    const whole = statementText({ ...statement, text: `${text} ...`, fix: null });
    if (whole.length <= length || text === '') return whole;
    // No surrogate pair is parted.
    text = text.slice(0, -Math.max(1, whole.length - length)).replace(/[\ud800-\udbff]$/, '');
  }
}

/** What to record next. Of many, each is a part of its own. */
function gapParts(gaps: readonly Gap[]): Part[] {
  return gaps.map(({ node, interface: name, why, capture }, i) => {
    const where = node === null && name === null ? '' : `${placeText(node, name)}: `;
    const command = capture === null ? [] : [fence([capture], 'sh')];
    const title = i === 0 ? ['## Capture next'] : [];
    const text = [...title, `${i + 1}\\. ${prose(`${where}${why}`)}`, ...command].join('\n\n');
    return { name: 'what to capture next', rank: RANKS.gaps, text };
  });
}

import type { Comparison } from '../../model/comparison.js';
import { escapeAll } from '../escape.js';
import { bullet } from '../markdown/bullet.js';
import { fence, prose } from '../markdown/inline.js';
import { createStyle } from '../style.js';
import { successTable } from './terminal.js';
import { changeText, findingName } from './words.js';

const COLUMNS = 80;
/** A ticket that is longer is not read; `--format json` has all. */
const MOST_FINDINGS = 50;

/** The comparison as Markdown: the verdict, success per service, and what became of each finding. */
export function renderComparisonMarkdown(comparison: Comparison): string {
  const safe = escapeAll(comparison);
  const { summary, cautions, findings } = safe;
  const success = successTable(safe, createStyle(COLUMNS, false));
  const colon = summary.indexOf(':');
  const bullets = findings
    .slice(0, MOST_FINDINGS)
    .map((finding) => bullet(changeText(finding.change), `${findingName(finding)}: ${finding.why}`));
  const more = findings.length - MOST_FINDINGS;
  return `${[
    `**${summary.slice(0, colon + 1)}** ${prose(summary.slice(colon + 1))}`,
    ...cautions.map((text) => `**caution:** ${prose(text)}`),
    ...(success.length > 0 ? [`## Success\n\n${fence(success)}`] : []),
    ...(bullets.length > 0 ? [`## Findings\n\n${bullets.join('\n')}`] : []),
    ...(more > 0 ? [`and ${more} more, in \`--format json\``] : []),
  ].join('\n\n')}\n`;
}

import type { Analysis, AnalysisAttempt } from '../model/analysis.js';
import { escapeAll, escapeLines, escapeText } from './escape.js';
import { createStyle } from './style.js';
import { attemptsSection, shownAttempts, totalsSection } from './terminal/attempts.js';
import { clocksSection } from './terminal/clocks.js';
import { commonDirectory, withShortFiles } from './terminal/files.js';
import { exemplar, findingSection } from './terminal/finding.js';
import { gapsSection } from './terminal/gaps.js';
import { inputsSection } from './terminal/inputs.js';
import { predictionsSection } from './terminal/predictions.js';
import { servicesSection } from './terminal/services.js';
import { verdict } from './terminal/verdict.js';

export interface TerminalOptions {
  /** Of the terminal, at least 60; 80 where the output is no terminal. */
  columns: number;
  color: boolean;
}

/**
 * The analysis as text for a person: the verdict first, then each finding with its path, proof and fix, then the
 * counts, what was read, and what to capture next.
 *
 * No line is wider than `columns`, except commands and manifests, which are never broken. Without `color`, the
 * text holds no escape sequences, and its own signs are ASCII. Whatever the captures say is shown, not obeyed.
 */
export function renderTerminal(analysis: Analysis, { columns, color }: TerminalOptions): string {
  const style = createStyle(columns, color);
  const listed = shownAttempts(analysis);
  const safe = withShortFiles(escaped({ ...analysis, attempts: withExemplars(listed, analysis) }));
  const lines = [
    ...verdict(safe, style),
    ...safe.findings.flatMap((finding, i) => findingSection(finding, i + 1, safe, style)),
    ...predictionsSection(safe, style),
    ...totalsSection(safe, style),
    ...attemptsSection(safe.attempts.slice(0, listed.length), analysis.attempts.length, style),
    ...servicesSection(safe, style),
    ...clocksSection(safe, style),
    ...inputsSection(safe, escapeText(commonDirectory(analysis)), style),
    ...gapsSection(safe, style),
  ];
  return `${lines.join('\n')}\n`;
}

/** The listed attempts first, then those that findings show and the list has no room for. */
function withExemplars(listed: AnalysisAttempt[], analysis: Analysis): AnalysisAttempt[] {
  const examples = analysis.findings.map((finding) => exemplar(finding, analysis));
  return [...new Set([...listed, ...examples.filter((attempt) => attempt !== null)])];
}

/** The one seam: behind it, no text of the analysis can reach the terminal unescaped. */
function escaped(analysis: Analysis): Analysis {
  const safe = escapeAll(analysis);
  // Manifests alone are text of several lines.
  for (const [i, finding] of analysis.findings.entries()) {
    const fix = safe.findings[i]!.fix;
    if (finding.fix && fix) fix.manifests = finding.fix.manifests.map(escapeLines);
  }
  return safe;
}

import type { Analysis } from '../model/analysis.js';
import { escapeText, escapeToAscii } from './escape.js';
import { safeAnalysis } from './safe-analysis.js';
import { stuckOf } from './shown-attempts.js';
import { createStyle } from './style.js';
import { attemptsSection, totalsSection } from './terminal/attempts.js';
import { clocksSection } from './terminal/clocks.js';
import { whereFilesAre } from './terminal/files.js';
import { findingSection } from './terminal/finding.js';
import { gapsSection } from './terminal/gaps.js';
import { inputsSection } from './terminal/inputs.js';
import { predictionsSection } from './terminal/predictions.js';
import { probesSection } from './terminal/probes.js';
import { servicesSection } from './terminal/services.js';
import { verdict } from './terminal/verdict.js';

export interface TerminalOptions {
  /** Of the terminal, at least 60; 80 where the output is no terminal. */
  columns: number;
  color: boolean;
  /** Spells out what is not ASCII, for those that take nothing else. */
  ascii?: boolean;
}

/**
 * The analysis as text for a person: the verdict first, then each finding with its path, proof and fix, then the
 * counts, what was read, and what to capture next.
 *
 * No line is wider than `columns`, except commands and manifests, which are never broken. Without `color`, the
 * text holds no escape sequences, and its own signs are ASCII. Whatever the captures say is shown, not obeyed.
 */
export function renderTerminal(analysis: Analysis, { columns, color, ascii }: TerminalOptions): string {
  const style = createStyle(columns, color);
  const spell = ascii ? escapeToAscii : escapeText;
  const { safe, shown } = safeAnalysis(analysis, spell);
  const lines = [
    ...verdict(safe, style),
    ...safe.findings.flatMap((finding, i) => findingSection(finding, i + 1, safe, style)),
    ...predictionsSection(safe, style),
    ...probesSection(safe, analysis.attempts.length, style),
    ...totalsSection(safe, style),
    ...attemptsSection(shown, analysis.attempts.length, stuckOf(safe), style),
    ...servicesSection(safe, style),
    ...clocksSection(safe, style),
    ...inputsSection(safe, spell(whereFilesAre(analysis)), style),
    ...gapsSection(safe, style),
  ];
  return `${lines.join('\n')}\n`;
}

/** The part of it that tells of connections that were opened on purpose, alone. */
export function renderProbes(analysis: Analysis, { columns, color }: TerminalOptions): string {
  const { safe } = safeAnalysis(analysis, escapeText);
  return `${probesSection(safe, analysis.attempts.length, createStyle(columns, color)).join('\n')}\n`;
}

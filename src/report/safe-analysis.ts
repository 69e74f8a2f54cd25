import type { Analysis, AnalysisAttempt } from '../model/analysis.js';
import { type Escape, escapeAll, escapeLines } from './escape.js';
import { shownAttempts } from './shown-attempts.js';
import { withShortFiles } from './terminal/files.js';
import { exemplar } from './terminal/finding.js';

/** What reports for people are made from. */
export interface SafeAnalysis {
  /** Escaped, its files named in short, and of its attempts those alone that a report shows. */
  safe: Analysis;
  /** Those of them that the table lists. */
  shown: AnalysisAttempt[];
}

/**
 * The one seam: behind it, no text of the analysis can reach a report unescaped.
 *
 * @param most attempts that the report's table has room for; absent: those of a terminal
 */
export function safeAnalysis(analysis: Analysis, spell: Escape, most?: number): SafeAnalysis {
  const listed = shownAttempts(analysis, most);
  const attempts = withExemplars(listed, analysis);
  const safe = withShortFiles(escaped({ ...analysis, attempts }, spell));
  return { safe, shown: safe.attempts.slice(0, listed.length) };
}

/** The listed attempts first, then those that findings show and the list has no room for. */
function withExemplars(listed: AnalysisAttempt[], analysis: Analysis): AnalysisAttempt[] {
  const examples = analysis.findings.map((finding) => exemplar(finding, analysis));
  return [...new Set([...listed, ...examples.filter((attempt) => attempt !== null)])];
}

function escaped(analysis: Analysis, spell: Escape): Analysis {
  const safe = escapeAll(analysis, spell);
  const lines = (text: string) => escapeLines(text, spell);
  // Manifests and files alone are text of several lines.
  for (const [i, finding] of analysis.findings.entries()) {
    const fix = safe.findings[i]!.fix;
    if (!finding.fix || !fix) continue;
    fix.manifests = finding.fix.manifests.map(lines);
    for (const [k, file] of (finding.fix.files ?? []).entries()) fix.files![k]!.content = lines(file.content);
  }
  return safe;
}

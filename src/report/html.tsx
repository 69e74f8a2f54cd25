import { renderToString } from 'preact-render-to-string';
import type { Analysis } from '../model/analysis.js';
import { escapeText } from './escape.js';
import { MOST_ATTEMPTS } from './html/attempts.js';
import { documentOf } from './html/document.js';
import { Page } from './html/page.js';
import { safeAnalysis } from './safe-analysis.js';
import { whereFilesAre } from './terminal/files.js';
import { verdictItems } from './verdict.js';

export interface HtmlOptions {
  /** Who made it, as `returnpath 1.0`. */
  application: string;
}

/**
 * The analysis as one HTML file that needs nothing beside it: no network, and no script to be read.
 *
 * Texts of the analysis become text alone: JSX escapes all that it is given, and behind that a Content Security Policy
 * lets no script run but the page's own. Controls and marks that reorder text are spelt out, as in every report.
 *
 * @returns the file, piece by piece
 */
export function renderHtml(analysis: Analysis, { application }: HtmlOptions): Iterable<string> {
  const { safe, shown } = safeAnalysis(analysis, escapeText, MOST_ATTEMPTS);
  const where = escapeText(whereFilesAre(analysis));
  const body = renderToString(
    <Page
      shown={shown}
      analysis={safe}
      listed={analysis.attempts.length}
      where={where}
      application={application}
    />,
  );
  return documentOf(renderToString(<title>{titleOf(safe)}</title>), body);
}

/** What a browser's tab and a list of files show. */
function titleOf(analysis: Analysis): string {
  const [first] = verdictItems(analysis);
  return first ? `${first.kind.toUpperCase()}: ${first.cause ?? first.what} – returnpath` : 'returnpath';
}

/** Puts a report on an incident, once. */
import { createHash } from 'node:crypto';
import type { Analysis } from '../model/analysis.js';
import { UsageError } from '../model/errors.js';
import { renderMarkdown } from '../report/markdown.js';
import { renderText } from '../report/text.js';
import { sendingClient, showingClient } from './client.js';
import { type SendOptions, TrackerError } from './http.js';
import type { Report, Tracker } from './tracker.js';

/** A file that goes with the report. */
export type ReportFile = Report['files'][number];

export interface AttachOptions extends SendOptions {
  files: readonly ReportFile[];
  /** Shows what would be sent, and sends nothing; null: it is sent. */
  dryRun: ((text: string) => void) | null;
  warn: (message: string) => void;
}

/**
 * Posts the report, unless it is there already.
 *
 * @returns what became of it, a line
 * @throws UsageError where the tracker does not take it
 */
export async function attach(analysis: Analysis, tracker: Tracker, options: AttachOptions): Promise<string> {
  const report = reportOf(analysis, options.files);
  if (tracker.limit !== null && report.files.length > 0) options.warn(tracker.limit);
  if (options.dryRun) {
    await tracker.post(showingClient(options.dryRun), report);
    return `nothing was sent to ${tracker.name}`;
  }
  const client = sendingClient(options);
  try {
    const before = await tracker.find(client, report.mark);
    if (before) return `${tracker.name} has this report already: ${before}`;
    return `${tracker.name}: ${await tracker.post(client, report)}`;
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error;
    // A webhook has no name beside its host.
    const isNamed = tracker.name.endsWith(` ${error.host}`);
    throw new UsageError(`${tracker.name}: ${isNamed ? error.reason : error.message}`);
  }
}

function reportOf(analysis: Analysis, files: readonly ReportFile[]): Report {
  const digest = createHash('sha256').update(JSON.stringify(analysis));
  for (const { name, octets } of files) digest.update(name).update(octets);
  return {
    mark: `returnpath-report-${digest.digest('hex').slice(0, 16)}`,
    markdown: (maxLength) => renderMarkdown(analysis, { maxLength }),
    text: (maxLength) => shortened(renderText(analysis), maxLength),
    analysis,
    files,
  };
}

/** Whole lines from the beginning, which is what matters most. */
function shortened(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const lines = text.split('\n');
  const said = (left: number) => `(${left} more lines are left out)\n`;
  let kept = '';
  let count = 0;
  for (const line of lines) {
    if (kept.length + line.length + 1 + said(lines.length).length > maxLength) break;
    kept += `${line}\n`;
    count++;
  }
  return kept + said(lines.length - count);
}

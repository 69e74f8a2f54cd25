import type { Argv } from 'yargs';
import type { Analysis } from '../model/analysis.js';
import { UsageError } from '../model/errors.js';
import { columns, wantsColor } from './output.js';
import { isStandardOutput, type OutputArguments, outputOption, writeOutput } from './output-file.js';
import { VERSION } from './version.js';

/** What an analysis is printed as. */
export const FORMATS = ['terminal', 'text', 'markdown', 'html', 'json'] as const;

/** In fewer characters not even a verdict can be said. */
const SHORTEST = 200;

export interface FormatArguments extends OutputArguments {
  format: string;
  'max-length': number | undefined;
}

/** `--format`, how long it may be, and where it goes. */
export function formatOptions<T>(
  yargs: Argv<T>,
  choices: readonly string[] = FORMATS,
): Argv<T & FormatArguments> {
  return outputOption(yargs)
    .option('format', { describe: 'what to print', choices, nargs: 1, default: 'terminal' })
    .option('max-length', {
      describe: 'characters that Markdown may have; what matters least is left out, and named',
      type: 'number',
      nargs: 1,
      defaultDescription: "65536, GitHub's most",
    }) as unknown as Argv<T & FormatArguments>;
}

/**
 * The same for what is found too late to be of use: it is asked before the work is done.
 *
 * @throws UsageError
 */
export function checkFormat({ format, 'max-length': most }: FormatArguments): void {
  if (most === undefined) return;
  if (format !== 'markdown') throw new UsageError('--max-length is for --format markdown alone');
  if (!Number.isInteger(most) || most < SHORTEST) {
    throw new UsageError(
      `--max-length ${most}: is no number of characters; a whole one from ${SHORTEST} on is`,
    );
  }
}

/** 1 where something is at fault, else 0. */
export function statusOf({ findings }: Analysis): number {
  return findings.some((finding) => finding.severity === 'fault') ? 1 : 0;
}

/** Prints the result of `analyze` or `predict`, or writes it to the file that was named. */
export async function printAnalysis(analysis: Analysis, options: FormatArguments): Promise<void> {
  await writeOutput(options.output, await rendered(analysis, options));
}

/** What each format is made by: loaded only where it is asked for. */
const REPORTS = {
  terminal: () => import('../report/terminal.js'),
  text: () => import('../report/text.js'),
  markdown: () => import('../report/markdown.js'),
  html: () => import('../report/html.js'),
  json: () => import('../report/json.js'),
};

/** Loads what prints a format. */
export function loadReport(format: string): Promise<unknown> {
  return REPORTS[format as keyof typeof REPORTS]();
}

/** The text in pieces. */
export async function rendered(
  analysis: Analysis,
  { format, output, 'max-length': maxLength }: FormatArguments,
): Promise<Iterable<string>> {
  if (format === 'json') {
    const { jsonChunks } = await REPORTS.json();
    return jsonChunks(analysis);
  }
  if (format === 'markdown') {
    const { renderMarkdown } = await REPORTS.markdown();
    return [renderMarkdown(analysis, { maxLength })];
  }
  if (format === 'html') {
    const { renderHtml } = await REPORTS.html();
    return renderHtml(analysis, { application: `returnpath ${VERSION}` });
  }
  if (format === 'text') {
    const { renderText } = await REPORTS.text();
    return [renderText(analysis)];
  }
  const { renderTerminal } = await REPORTS.terminal();
  // A file has the width of no terminal.
  const style = isStandardOutput(output)
    ? { columns: columns(), color: wantsColor() }
    : { columns: 80, color: false };
  return [renderTerminal(analysis, style)];
}

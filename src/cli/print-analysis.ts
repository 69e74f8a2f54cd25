import type { Analysis } from '../model/analysis.js';
import { columns, wantsColor, write } from './output.js';

/** Prints the result of `analyze` or `predict`; each report's code is loaded only where it is asked for. */
export async function printAnalysis(analysis: Analysis, format: string): Promise<void> {
  if (format === 'json') {
    const { jsonChunks } = await import('../report/json.js');
    await write(jsonChunks(analysis));
  } else {
    const { renderTerminal } = await import('../report/terminal.js');
    await write([renderTerminal(analysis, { columns: columns(), color: wantsColor() })]);
  }
}

import type { Analysis } from '../model/analysis.js';
import { renderTerminal } from './terminal.js';

const COLUMNS = 80;

/**
 * The report as plain text for mail, logs and comparison: ASCII alone, 80 columns but for commands, and the same
 * wherever it is made.
 */
export function renderText(analysis: Analysis): string {
  return renderTerminal(analysis, { columns: COLUMNS, color: false, ascii: true });
}

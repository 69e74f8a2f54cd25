import type { Finding, Pattern } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { Style } from '../style.js';
import { type Cell, type Column, table } from './table.js';
import { wrap } from './wrap.js';

/** By what the attempts that failed differ from those that were made: a sentence and a small table each. */
export function patternLines({ patterns = [] }: Finding, style: Style): string[] {
  if (patterns.length === 0) return [];
  return ['', style.bold('Not always'), ...patterns.flatMap((pattern, i) => lines(pattern, i > 0, style))];
}

const INDENT = 2;

function lines(pattern: Pattern, another: boolean, style: Style): string[] {
  const said = wrap(pattern.summary, style.measure - INDENT).map((line) => ' '.repeat(INDENT) + line);
  return [...(another ? [''] : []), ...said, ...patternTable(pattern, style, INDENT + 2)];
}

/** How many failed and how many were made, a line a value. */
export function patternTable({ by, rows }: Pattern, style: Style, indent: number): string[] {
  const isSlow = rows.some((row) => row.slow > 0);
  const columns: Column[] = [
    { title: by.replaceAll('-', ' ') },
    { title: 'failed', align: 'right' },
    ...(isSlow ? [{ title: 'slow', align: 'right' } as const] : []),
    { title: 'made', align: 'right' },
  ];
  const cells = rows.map(({ value, failed, slow, made }): Cell[] => [
    value,
    count(failed, style.red),
    ...(isSlow ? [count(slow, style.yellow)] : []),
    count(made, style.green),
  ]);
  return table(columns, cells, style, indent);
}

/** A zero is not worth a colour. */
function count(value: number, paint: (text: string) => string): Cell {
  return value === 0 ? '0' : { text: numberText(value), paint };
}

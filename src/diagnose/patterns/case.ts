import type { Attempt } from '../../correlate/attempt.js';
import type { Pattern } from '../../model/analysis.js';

/** How an attempt counts: it failed for the finding's cause, was made after lost packets, or was simply made. */
export type Fate = 'failed' | 'slow' | 'made';

/** One of the attempts that are set against each other. */
export interface Case {
  attempt: Attempt;
  fate: Fate;
}

export type Row = Pattern['rows'][number];

/** What is counted where the captures do not tell an attempt's value. It is shown, and proves nothing. */
export const UNKNOWN = 'unknown';

/** With more values than these, hardly two attempts share one: they cannot tell what it depends on. */
const MOST_VALUES = 20_000;

/** Counts the cases by value, in one pass; null counts as `unknown`. Empty where there are very many values. */
export function tabulate(cases: readonly Case[], valueFor: (attempt: Attempt) => string | null): Row[] {
  const rows = new Map<string, Row>();
  for (const { attempt, fate } of cases) {
    const value = valueFor(attempt) ?? UNKNOWN;
    let row = rows.get(value);
    if (!row) {
      if (rows.size === MOST_VALUES) return [];
      row = emptyRow(value);
      rows.set(value, row);
    }
    row[fate]++;
  }
  return [...rows.values()];
}

export function emptyRow(value: string): Row {
  return { value, failed: 0, slow: 0, made: 0 };
}

/** Those that went wrong: failed or slow. */
export function badOf({ failed, slow }: Omit<Row, 'value'>): number {
  return failed + slow;
}

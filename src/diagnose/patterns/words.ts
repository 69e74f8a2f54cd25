/** A pattern in words, counts and all. */
import { numberText } from '../../model/texts.js';
import { badOf, type Row } from './case.js';
import { sum } from './separation.js';

/** The values at which it goes wrong, or those at which it does not. */
export interface Side {
  rows: readonly Row[];
  /** When that is, after `Fails` and `works`: `with backend 10.0.0.1:80`. */
  phrase: string;
}

/** `Fails with backend 10.244.1.10:80: 8 of 8; works with backend 10.244.0.10:80: 4 of 4.` */
export function contrast(wrong: Side, right: Side): string {
  const [badInside, madeInside] = [sum(wrong.rows, badOf), sum(wrong.rows, (row) => row.made)];
  const [badOutside, madeOutside] = [sum(right.rows, badOf), sum(right.rows, (row) => row.made)];
  const of = (count: number, other: number) => `${numberText(count)} of ${numberText(count + other)}`;
  const verb = verbOf([...wrong.rows, ...right.rows]);
  const inside = `${wrong.phrase}: ${of(badInside, madeInside)}`;
  if (badOutside > 0)
    return `${verb} mostly ${inside}; less ${right.phrase}: ${of(badOutside, madeOutside)}.`;
  // All that goes wrong is on the one side; there, not all need go wrong.
  const only = madeInside === 0 ? '' : ' only';
  return `${verb}${only} ${inside}; works ${right.phrase}: ${of(madeOutside, badOutside)}.`;
}

function verbOf(rows: readonly Row[]): string {
  const slow = sum(rows, (row) => row.slow);
  if (slow === 0) return 'Fails';
  return slow === sum(rows, badOf) ? 'Is slow' : 'Fails or is slow';
}

/** More than these are counted together: a table of a thousand clients says nothing. */
const MOST_ROWS = 8;

/** The first rows, the others as one. */
export function shownRows(rows: readonly Row[]): Row[] {
  if (rows.length <= MOST_ROWS) return [...rows];
  const rest = rows.slice(MOST_ROWS - 1);
  const others: Row = {
    value: `${numberText(rest.length)} others`,
    failed: sum(rest, (row) => row.failed),
    slow: sum(rest, (row) => row.slow),
    made: sum(rest, (row) => row.made),
  };
  return [...rows.slice(0, MOST_ROWS - 1), others];
}

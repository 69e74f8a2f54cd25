import { badOf, type Row, UNKNOWN } from './case.js';
import { logChance, logChoose } from './chance.js';

/** How well the values of a dimension tell what went wrong from what was made. */
export interface Separation {
  /** The values at which more goes wrong than on the whole. */
  suspects: Set<string>;
  /**
   * The share of what went wrong that has such a value, less that of what was made (Youden's J): 1 where the values
   * part the two, 0 where they tell nothing. A backend that loses a tenth of its connections, alone of ten, has 0.9.
   */
  clarity: number;
  /** Logarithm of the chance of it, with every other choice of suspects allowed for. */
  logChance: number;
}

/** Less of what went wrong than this, or of what was made, with a known value: then the rest could turn it round. */
const KNOWN_SHARE = 0.5;

/** @returns null where the values do not differ, or are not known of most */
export function separate(rows: readonly Row[]): Separation | null {
  const known = rows.filter((row) => row.value !== UNKNOWN);
  const bad = sum(known, badOf);
  const made = sum(known, (row) => row.made);
  if (bad === 0 || made === 0 || known.length < 2) return null;
  if (bad < KNOWN_SHARE * sum(rows, badOf) || made < KNOWN_SHARE * sum(rows, (row) => row.made)) return null;
  const overall = bad / (bad + made);
  const suspected = known.filter((row) => badOf(row) / (badOf(row) + row.made) > overall);
  if (suspected.length === 0) return null;
  const badInside = sum(suspected, badOf);
  const madeInside = sum(suspected, (row) => row.made);
  // The suspects were chosen by what they did: as many choices of their number were open, and any number.
  const choices = logChoose(known.length, suspected.length) + Math.log(known.length - 1);
  return {
    suspects: new Set(suspected.map((row) => row.value)),
    clarity: badInside / bad - madeInside / made,
    logChance:
      logChance(badInside, badInside + madeInside, bad, bad + made) + Math.max(choices, LOG_TWO_SIDES),
  };
}

const LOG_TWO_SIDES = Math.log(2);

export function sum<T>(items: readonly T[], valueFor: (item: T) => number): number {
  return items.reduce((total, item) => total + valueFor(item), 0);
}

import type { Attempt } from '../../correlate/attempt.js';
import { inFull } from '../../correlate/lone-attempt.js';
import { numberText } from '../../model/texts.js';
import type { Cases, Facts } from './facts.js';

/** Attempts of a kind (failed, made) that are looked at: more take longer, and tell no more. */
const MOST_CASES = 250;

/** Attempts in full, each read but once: those that were made are set against every fault. */
export class Wholes {
  readonly #known = new Map<Attempt, Attempt>();

  of(attempt: Attempt): Attempt {
    let whole = this.#known.get(attempt);
    if (!whole) {
      whole = inFull(attempt);
      this.#known.set(attempt, whole);
    }
    return whole;
  }
}

export interface Sample {
  cases: number[];
  /** Says of how many they are a part; empty where they are all. */
  note: string;
}

/** As many of each kind as are looked at, evenly over time. */
export function sampleOf({ made, bad }: Cases, facts: Facts): Sample {
  const some = { made: weighedOf(made, facts), bad: spread(bad) };
  const cases = [...some.made.taken, ...some.bad].sort((a, b) => a - b);
  const all = some.made.total + bad.length;
  return { cases, note: cases.length < all ? sampleNote(some.made, some.bad.length, bad.length) : '' };
}

function spread(all: readonly number[]): readonly number[] {
  if (all.length <= MOST_CASES) return all;
  return Array.from(
    { length: MOST_CASES },
    (_, n) => all[Math.ceil(((n + 1) * all.length) / MOST_CASES) - 1]!,
  );
}

interface Weighed {
  taken: number[];
  /** How many there are, those among them that were only counted. */
  total: number;
}

/** Some may stand for others: each is taken as often as all for which it stands would be, but once at the most. */
function weighedOf(made: readonly number[], facts: Facts): Weighed {
  const weights = made.map((i) => facts.attempts[i]!.standsFor);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const step = Math.max(1, total / MOST_CASES);
  let passed = 0;
  const taken = made.filter((_, n) => {
    const before = passed;
    passed += weights[n]!;
    return Math.floor(passed / step) > Math.floor(before / step);
  });
  return { taken, total };
}

/** The kinds are not in proportion: who reads the numbers as shares would take a fault of few for one of most. */
function sampleNote(made: Weighed, bad: number, allBad: number): string {
  const those = `${numberText(bad)} of ${numberText(allBad)} that met this`;
  const others = `${numberText(made.taken.length)} of ${roughly(made.total)} that did not`;
  return ` (Compared are ${those}, and ${others}; the numbers are no shares of all.)`;
}

/** It is known from those that stand for others. */
function roughly(count: number): string {
  return numberText(count < 1000 ? count : Number(count.toPrecision(2)));
}

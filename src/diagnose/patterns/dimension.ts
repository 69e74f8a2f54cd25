import type { Attempt } from '../../correlate/attempt.js';
import { compareTexts } from '../../model/texts.js';
import type { DiagnosisContext } from '../context.js';
import { listed } from '../words.js';
import { badOf, type Case, type Row, tabulate, UNKNOWN } from './case.js';
import type { PodNodes } from './pod-nodes.js';
import { separate } from './separation.js';
import { contrast, type Side } from './words.js';

/** What dimensions may look at beside the cases. */
export interface Setting {
  context: DiagnosisContext;
  nodes: PodNodes;
}

/** What is less clear than this does not part failures from successes. */
export const CLEAR = 0.5;

/** One way of telling what went wrong from what was made, with its counts. */
export interface Candidate {
  by: string;
  rows: Row[];
  /** As in `Separation`. */
  clarity: number;
  logChance: number;
  /** What it comes to, in full sentences. */
  summary: string;
}

/** A kind of difference between attempts: a row in the registry. */
export interface Dimension {
  /** Of one family the clearest is reported alone: what is true of a node is true of the pods on it. */
  family: 'port' | 'backend' | 'entry' | 'reply-way' | 'client' | 'time' | 'source-port' | 'try';
  /** What is set against each other: attempts of one port of the VIP, or of all its ports. */
  among: 'port' | 'vip';
  /**
   * Whether its values were there before anybody looked (`given`), or were made up by looking for the best
   * (`sought`), which finds something in any noise.
   */
  values: 'given' | 'sought';
  candidates(cases: readonly Case[], setting: Setting): Candidate[];
}

/**
 * The candidate of a dimension that gives each attempt a value.
 *
 * @param valueFor null where it is not known
 * @param phrase what follows `Fails` (`first`) and `works`, of values that are listed already
 */
export function byValue(
  by: string,
  cases: readonly Case[],
  valueFor: (attempt: Attempt) => string | null,
  phrase: (values: string, first: boolean) => string,
  remark = '',
): Candidate[] {
  const rows = tabulate(cases, valueFor);
  const separation = separate(rows);
  if (!separation) return [];
  const { suspects, clarity, logChance } = separation;
  // It would not be shown: no words are needed for it.
  if (clarity < CLEAR) return [];
  const sorted = rows.sort(
    (a, b) => badOf(b) - badOf(a) || b.made - a.made || compareTexts(a.value, b.value),
  );
  const known = sorted.filter((row) => row.value !== UNKNOWN);
  const sideOf = (wrong: boolean): Side => {
    const side = known.filter((row) => suspects.has(row.value) === wrong);
    return { rows: side, phrase: phrase(listed(side.map((row) => row.value)), wrong) };
  };
  const said = contrast(sideOf(true), sideOf(false));
  return [{ by, rows: sorted, clarity, logChance, summary: remark === '' ? said : `${said} ${remark}` }];
}

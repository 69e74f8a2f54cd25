import type { Step } from '../rule-set.js';
import type { Expression } from './expression.js';

/** One of a rule's statements, compiled. */
export interface Statement {
  /** Makes the step, once it is known what comes after it in the rule. */
  step: (rest: readonly Step[]) => Step;
  kind: 'match' | 'effect' | 'unknown' | 'neutral';
  /** Of matches: those that are sure to be known come first, for a doubt is told only where it decides. */
  rank: number;
  /** Asks for the way back to the source, so that a drop in the same rule is a check of it. */
  wayBack: boolean;
}

export const RANK = { certain: 0, chance: 1, sometimesUnsure: 2, unsure: 3 };

/** Of a step that reads the expression. */
export function rankOf(read: Expression): number {
  if (read.assumes !== null || read.neverKnown) return RANK.unsure;
  if (read.unsure !== null) return RANK.sometimesUnsure;
  return read.draw ? RANK.chance : RANK.certain;
}

export function match(step: Step, rank: number, wayBack = false): Statement {
  return { step: () => step, kind: 'match', rank, wayBack };
}

/** Changes the packet, or decides on it. */
export function effect(step: Step): Statement {
  return effectBefore(() => step);
}

/** One that has to do the rest of the rule itself where chance parts the ways. */
export function effectBefore(step: (rest: readonly Step[]) => Step): Statement {
  return { step, kind: 'effect', rank: 0, wayBack: false };
}

/** Neither: `counter`, `log`. */
export const NEUTRAL: Statement = { step: () => () => true, kind: 'neutral', rank: 0, wayBack: false };

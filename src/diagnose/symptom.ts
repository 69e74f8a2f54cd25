import type { Attempt } from '../correlate/attempt.js';
import type { Outcome } from '../model/analysis.js';
import { isSlow } from './loss.js';

/**
 * What a cause may explain of an attempt: its outcome, that it was made only after packets of it were lost, or that it
 * was made and no more: what its client sends first is not answered, or reset by a host that has no such connection.
 */
export type Symptom = Outcome | 'slow' | 'unanswered' | 'disowned';

/** Where `lossOf` tells of a lost packet. */
const LOSSES: readonly Symptom[] = ['no-reply', 'unreachable', 'reply-lost', 'slow'];

/** The client takes it as made, and what it sends then may be lost. */
export const TAKEN_AS_MADE: readonly Symptom[] = ['established', 'unanswered', 'disowned'];

/** A packet was lost, or another than its server answered it. */
export const LOSSES_AND_REFUSALS: readonly Symptom[] = [...LOSSES, 'refused'];

export function symptomOf(attempt: Attempt): Symptom {
  if (attempt.unanswered) return 'unanswered';
  if (attempt.disowned) return 'disowned';
  return isSlow(attempt) ? 'slow' : attempt.outcome;
}

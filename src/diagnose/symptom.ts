import type { Attempt } from '../correlate/attempt.js';
import type { Outcome } from '../model/analysis.js';
import { isSlow } from './loss.js';

/** What a cause may explain of an attempt: its outcome, or that it was made only after packets of it were lost. */
export type Symptom = Outcome | 'slow';

/** Where `lossOf` tells of a lost packet. */
const LOSSES: readonly Symptom[] = ['no-reply', 'unreachable', 'reply-lost', 'slow'];

/** A packet was lost, or another than its server answered it. */
export const LOSSES_AND_REFUSALS: readonly Symptom[] = [...LOSSES, 'refused'];

export function symptomOf(attempt: Attempt): Symptom {
  return isSlow(attempt) ? 'slow' : attempt.outcome;
}

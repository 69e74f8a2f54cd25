import { isAnsweredBy } from '../model/answered.js';
import type { Attempt } from './attempt.js';

/** Whether it was answered, though the reply was not seen to go back; of most attempts no traces were made yet. */
export function isAnswered(attempt: Attempt): boolean {
  return isAnsweredBy(attempt, () =>
    attempt.traces.findLast((trace) => trace.role === 'reply')?.sightings.at(-1),
  );
}

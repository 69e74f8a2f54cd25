import type { AnalysisAttempt } from '../model/analysis.js';
import { isAnsweredBy } from '../model/answered.js';

/** Whether an attempt is one of those that totals count as answered, by the path that is listed of it. */
export function isAnswered(attempt: AnalysisAttempt): boolean {
  return isAnsweredBy(attempt, () => attempt.path.findLast((step) => step.role === 'reply'));
}

import type { Analysis, AnalysisAttempt } from '../model/analysis.js';

/** Attempts that the table of a terminal has room for. */
const MOST_ATTEMPTS = 20;

/** The attempts that the table has room for, those that were not established first, then the slow ones. */
export function shownAttempts(
  { attempts }: Pick<Analysis, 'attempts'>,
  most = MOST_ATTEMPTS,
): AnalysisAttempt[] {
  const failed = attempts.filter((attempt) => attempt.outcome !== 'established');
  const slow = attempts.filter(isSlow);
  const made = attempts.filter((attempt) => attempt.outcome === 'established' && !isSlow(attempt));
  return [failed, slow, made].flatMap((some) => some.slice(0, most)).slice(0, most);
}

/** Whether it was made in the end, after lost packets. */
export function isSlow({ outcome, delayNs }: AnalysisAttempt): boolean {
  return outcome === 'established' && delayNs !== null && delayNs > 0;
}

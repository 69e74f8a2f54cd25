import type { Analysis, AnalysisAttempt, Finding } from '../model/analysis.js';

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

/**
 * The attempt that stands for all of a finding: the first in the order of the list that has a path; null where none has.
 *
 * @param attempts that are listed, described or not yet
 */
export function exemplarOf<A extends { id: string }>(
  { attempts: own }: Pick<Finding, 'attempts'>,
  attempts: readonly A[],
  hasPath: (attempt: A) => boolean,
): A | null {
  const ids = new Set(own);
  return attempts.find((attempt) => ids.has(attempt.id) && hasPath(attempt)) ?? null;
}

/** Whether it was made in the end, after lost packets. */
export function isSlow({ outcome, delayNs }: AnalysisAttempt): boolean {
  return outcome === 'established' && delayNs !== null && delayNs > 0;
}

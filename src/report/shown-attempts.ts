import type { Analysis, AnalysisAttempt, Finding, Outcome } from '../model/analysis.js';

/** Attempts that the table of a terminal has room for. */
const MOST_ATTEMPTS = 20;

/** What tells how connections ended, and which of them a fault hit. */
type Ends = Pick<Analysis, 'attempts' | 'findings' | 'totals'>;

/** The attempts that the table has room for, those that failed first, then the slow ones. */
export function shownAttempts(analysis: Ends, most = MOST_ATTEMPTS): AnalysisAttempt[] {
  const stuck = stuckOf(analysis);
  const [failed, slow, made]: AnalysisAttempt[][] = [[], [], []];
  for (const attempt of analysis.attempts) {
    const isFailed = attempt.outcome !== 'established' || stuck.has(attempt.id);
    const kind = isFailed ? failed! : isSlow(attempt) ? slow! : made!;
    if (kind.length < most) kind.push(attempt);
    if (failed!.length === most) break;
  }
  return [failed!, slow!, made!].flat().slice(0, most);
}

/**
 * The attempt that stands for all of a finding: the first of those that failed if any did; null where there is none.
 *
 * @param attempts the finding's that have a path, in the order of the list
 */
export function exemplarOf<A extends { outcome: Outcome }>(attempts: Iterable<A>): A | null {
  let made: A | null = null;
  for (const attempt of attempts) {
    if (attempt.outcome !== 'established') return attempt;
    made ??= attempt;
  }
  return made;
}

/** Those of a finding that are listed, in the order of the list. */
export function* listedOf<A extends { id: string }>(
  finding: Pick<Finding, 'attempts'>,
  attempts: readonly A[],
): Generator<A, undefined> {
  const own = namesIn(finding.attempts, attempts);
  for (const attempt of attempts) if (own.has(attempt.id)) yield attempt;
}

/** The names, or those of them alone that are listed: of a flood, an index of all takes longer than a short list's. */
function namesIn(names: readonly string[], attempts: readonly { id: string }[]): ReadonlySet<string> {
  if (attempts.length >= names.length) return new Set(names);
  const listed = new Set(attempts.map(({ id }) => id));
  return new Set(names.filter((name) => listed.has(name)));
}

/** The names of those that were established and that a fault keeps from getting any further, as far as they are listed. */
export function stuckOf({ attempts, findings, totals }: Ends): ReadonlySet<string> {
  const stuck = new Set<string>();
  if (!totals.some((total) => total.stuck)) return stuck;
  for (const finding of findings) {
    if (finding.severity !== 'fault') continue;
    for (const attempt of listedOf(finding, attempts)) {
      if (attempt.outcome === 'established' && !isSlow(attempt)) stuck.add(attempt.id);
    }
  }
  return stuck;
}

/** Whether it was made in the end, after lost packets. */
export function isSlow({ outcome, delayNs }: AnalysisAttempt): boolean {
  return outcome === 'established' && delayNs !== null && delayNs > 0;
}

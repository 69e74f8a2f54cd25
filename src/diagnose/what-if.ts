import type { Finding, WhatIf } from '../model/analysis.js';
import type { Network } from '../network/network.js';
import type { DiagnosisContext } from './context.js';
import { distinctAttempts, errandOf } from './fixes/errand.js';
import { BACK } from './fixes/fix-for.js';
import { tryOut } from './fixes/trial.js';

/** Attempts of a finding that are followed: what goes otherwise than these is rare, and each takes its time. */
const FOLLOWED = 50;

/**
 * Whether changes that the user proposes would have got a finding's packets through.
 *
 * @param changed the nodes as they would be
 * @param changes in words
 */
export function whatIf(
  finding: Finding,
  context: DiagnosisContext,
  changed: Network,
  changes: readonly string[],
): WhatIf {
  const ids = new Set(finding.attempts);
  const attempts = context.attempts.filter((attempt) => ids.has(attempt.id));
  const results = distinctAttempts(attempts)
    .slice(0, FOLLOWED)
    .map((attempt) => {
      const errand = errandOf(attempt, context, BACK.has(finding.cause));
      return { before: tryOut(errand, context.network), after: tryOut(errand, changed) };
    });
  const told = (mended: boolean | null, texts: readonly string[]): WhatIf => ({
    changes: [...changes],
    mended,
    expected: [...new Set(texts)].slice(0, 3).join('. '),
  });
  const after = results.map((result) => result.after).filter((result) => result !== null);
  if (after.length === 0) {
    return told(null, ['no snapshot tells of the nodes that these packets went through']);
  }
  // One that fails decides; one that cannot be told leaves it open, and is no failure.
  for (const answer of [false, null]) {
    const texts = after.filter(({ mended }) => mended === answer).map(({ text }) => text);
    if (texts.length > 0) return told(answer, texts);
  }
  if (results.every((result) => result.before?.mended)) {
    const why =
      'by their settings the nodes let these packets through as it is, so the loss has another reason';
    return told(null, [why]);
  }
  return told(
    true,
    after.map((result) => result.text),
  );
}

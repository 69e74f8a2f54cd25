import type { CauseId } from '../../model/analysis.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext } from '../context.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { dropAlternatives } from './alternatives.js';
import { dropEvidence } from './evidence.js';
import type { DropProof } from './examine.js';
import { dropGaps } from './gaps.js';
import { summaryOf } from './words.js';

/** In the model those rules let the packets pass, and nothing is to be mended. */
const UNSURE = {
  fix: null,
  noFix:
    'whether that rule drops them is to be made sure of first (see "Capture next"); if it does, what it limits, lists or asks for is to be changed',
} as const;

/** The finding for drops of one node, interface and rule. */
export function concludeDrop(
  cause: CauseId,
  suspicions: readonly Suspicion<DropProof>[],
  context: DiagnosisContext,
): Conclusion {
  const confidence = surest(suspicions.map((s) => s.confidence));
  // The surest tells best what happened.
  const ordered = [
    ...suspicions.filter((s) => s.confidence === confidence),
    ...suspicions.filter((s) => s.confidence !== confidence),
  ];
  const { proof } = ordered[0]!;
  const attempts = suspicions.map((s) => s.attempt);
  return {
    finding: {
      ...faultOf(cause, suspicions, proof.node.netns),
      summary: summaryOf(cause, ordered),
      evidence: dropEvidence(ordered),
      ...(proof.doubtful.length > 0 ? UNSURE : fixFor(cause, attempts, context)),
      alternatives: dropAlternatives(cause, ordered, context),
    },
    gaps: dropGaps(ordered[0]!),
  };
}

import type { Evidence, Gap } from '../../model/analysis.js';

/** What is known of a loss, though nothing names its cause. */
export interface KnownOfLoss {
  /** As a clause. */
  words: string;
  evidence: Evidence[];
  /** What would tell the rest. */
  gap: Gap;
}

import type { Confidence } from '../model/analysis.js';

/** The surest first. */
export const CONFIDENCE_ORDER: Readonly<Record<Confidence, number>> = {
  confirmed: 0,
  probable: 1,
  possible: 2,
};

/** The surest of several. */
export function surest(confidences: readonly Confidence[]): Confidence {
  return [...confidences].sort((a, b) => CONFIDENCE_ORDER[a] - CONFIDENCE_ORDER[b])[0]!;
}

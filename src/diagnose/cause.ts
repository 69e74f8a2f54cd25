import type { Attempt } from '../correlate/attempt.js';
import type { CauseId, Confidence, Finding, Gap } from '../model/analysis.js';
import type { DiagnosisContext } from './context.js';
import { type Symptom, symptomOf } from './symptom.js';

/** One attempt that a cause explains, and what of. Those that are alike in all but the proof become one finding. */
export interface Suspicion<Proof> {
  attempt: Attempt;
  confidence: Confidence;
  node: string | null;
  interface: string | null;
  /** What else tells findings of one node and interface apart, as `request` and `reply`. */
  aspect: string;
  /** The same of several services at one place, which are one finding where a scan alone asked for them. */
  service?: string;
  proof: Proof;
}

export interface Conclusion {
  finding: Omit<Finding, 'id'>;
  /** What would have to be captured to be surer. */
  gaps: Gap[];
}

/** One kind of fault: a file in `causes/`, a row in the registry. */
export interface Cause<Proof = unknown> {
  id: CauseId;
  /** What it explains: of an attempt with another symptom it is not asked. */
  symptoms: readonly Symptom[];
  /**
   * Whether the inputs tell enough for it to explain anything at all; where they do not, it is asked of no attempt.
   * Absent: always.
   */
  applies?(context: DiagnosisContext): boolean;
  /** Whether this explains why the attempt failed; null where it does not, or where nothing failed. */
  examine(attempt: Attempt, context: DiagnosisContext): Suspicion<Proof> | null;
  /** The finding for suspicions of one node, interface, VIP and aspect; never none. */
  conclude(suspicions: readonly Suspicion<Proof>[], context: DiagnosisContext): Conclusion;
  /**
   * What no attempt shows, or none that failed; absent where attempts alone tell of this cause.
   *
   * @param suspicions all of this cause, which have their findings
   */
  survey?(suspicions: readonly Suspicion<Proof>[], context: DiagnosisContext): Conclusion[];
}

/** Forgets a cause's kind of proof: the runner hands back to each cause only what it made itself. */
export function cause<Proof>(definition: Cause<Proof>): Cause {
  return definition as unknown as Cause;
}

/** What a cause makes of an attempt, where it can explain one like that at all. */
export function suspicionOf(
  { symptoms, applies, examine }: Cause,
  attempt: Attempt,
  context: DiagnosisContext,
): Suspicion<unknown> | null {
  if (!symptoms.includes(symptomOf(attempt)) || applies?.(context) === false) return null;
  return examine(attempt, context);
}

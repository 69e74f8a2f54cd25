/** What became of the findings of one analysis in a later one: the object that `diff --format json` prints. */
import type { CauseId, Confidence, Severity } from './analysis.js';

export const COMPARISON_SCHEMA = 'returnpath-diff/1';

/**
 * `gone` is said only where connections were made that would have met it; what the later captures could not have shown
 * is `not-seen`.
 */
export type FindingChange = 'new' | 'still-there' | 'changed' | 'not-seen' | 'gone';

/** `no-fault`: neither before nor after. */
export type ComparisonVerdict = 'fixed' | 'no-fault' | 'not-fixed' | 'worse' | 'cannot-tell';

/** A finding as one of the two analyses has it. */
export interface ComparedState {
  /** In its analysis. */
  id: string;
  confidence: Confidence;
  severity: Severity;
  node: string | null;
  netns: string | null;
  interface: string | null;
  /** Attempts that it explains. */
  attempts: number;
}

export interface ComparedFinding {
  change: FindingChange;
  cause: CauseId;
  /** The address that clients ask for; null where several are concerned, or none. */
  service: string | null;
  before: ComparedState | null;
  after: ComparedState | null;
  /** What the change is told by, in a sentence. */
  why: string;
}

/** Of those whose beginning was captured; of predictions, ways in place of connections. */
export interface Success {
  made: number;
  all: number;
}

export interface ComparedService {
  /** Null for all that are no VIP's. */
  address: string | null;
  protocol: string;
  before: Success;
  after: Success;
}

export interface Comparison {
  schema: typeof COMPARISON_SCHEMA;
  verdict: ComparisonVerdict;
  /** The verdict in a sentence. */
  summary: string;
  services: ComparedService[];
  /** Faults first, and of these what is there after. */
  findings: ComparedFinding[];
  /** What has to be known before this is relied on. */
  cautions: string[];
}

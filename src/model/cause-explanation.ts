import type { CauseId } from './analysis.js';

/** A cause for someone who meets it the first time: what fills one screen. Plain sentences, each true on its own. */
export interface CauseExplanation {
  /** In a line, for the list of all. */
  title: string;
  means: string;
  /** How it looks in the captures, and to those who use the service. */
  shows: readonly string[];
  proof: readonly string[];
  against: readonly string[];
  /** What looks like it, and what tells the two apart. */
  lookAlikes: readonly { cause: CauseId; difference: string }[];
  fix: readonly string[];
  /** Commands to see it by hand; VIP, POD, CLIENT and IFACE stand for one's own. */
  checks: readonly { command: string; tells: string }[];
  /** Kernel functions, RFCs and documentation that it rests on. */
  sources: string;
}

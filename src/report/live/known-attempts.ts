import type { AnalysisAttempt } from '../../model/analysis.js';
import { marksOf } from './view.js';

/** Marks that are remembered: those of the attempts that one analysis may hold, and of those before. */
const MOST_MARKS = 500_000;

/** Attempts that were taken once, though each analysis has them again. */
export class KnownAttempts {
  #marks = new Set<string>();
  /** Those before, when there were too many of them. */
  #older = new Set<string>();

  /** @returns whether the attempt is new */
  take(attempt: AnalysisAttempt): boolean {
    const marks = marksOf(attempt);
    const isNew = !marks.some((mark) => this.#marks.has(mark) || this.#older.has(mark));
    if (this.#marks.size + marks.length > MOST_MARKS) {
      this.#older = this.#marks;
      this.#marks = new Set();
    }
    for (const mark of marks) this.#marks.add(mark);
    return isNew;
  }
}

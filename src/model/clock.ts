import type { AnalysisClock } from './analysis.js';
import { type Nanoseconds, parseTime } from './time.js';

/**
 * Nanoseconds that a node's clock was ahead of the first node's when it showed `time`; null where that is not known.
 * Without a time its drift is left out.
 */
export function clockAhead(
  { offsetNs, driftPpm, at = null }: AnalysisClock,
  time: Nanoseconds | null,
): number | null {
  if (offsetNs === null) return null;
  const began = at === null ? null : parseTime(at);
  if (driftPpm === null || began === null || time === null) return offsetNs;
  return offsetNs + ((Number(time - began) - offsetNs) * driftPpm) / 1e6;
}

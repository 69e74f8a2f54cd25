import type { RoundTrip } from '../../network/round-trip.js';

/**
 * Whether the client gets its answer; null where that cannot be told.
 *
 * @param back whether the reply has to leave by the way that the request came
 */
export function isMended({ fate: { kind } }: RoundTrip, back: boolean): boolean | null {
  if (kind === 'unknown') return null;
  return kind === 'answered' || (!back && kind === 'answered-elsewhere');
}

/** One that fails is a failure of all; one that cannot be told leaves all open. */
export function allMended(results: readonly (boolean | null)[]): boolean | null {
  return results.includes(false) ? false : results.includes(null) ? null : true;
}

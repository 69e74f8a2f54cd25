import { isMade, type RoundTrip } from '../../network/round-trip.js';

/**
 * Whether the connection is made; null where that cannot be told.
 *
 * @param back whether the reply has to leave by the way that the request came
 */
export function isMended(trip: RoundTrip, back: boolean): boolean | null {
  const { kind } = trip.fate;
  if (kind === 'unknown') return null;
  return isMade(trip) && (!back || kind === 'answered');
}

/** One that fails is a failure of all; one that cannot be told leaves all open. */
export function allMended(results: readonly (boolean | null)[]): boolean | null {
  return results.includes(false) ? false : results.includes(null) ? null : true;
}

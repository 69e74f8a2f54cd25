/** What becomes of connections when the nodes' settings are other than they were. */
import { roundTripText } from '../../network/narrate.js';
import type { Network } from '../../network/network.js';
import type { RoundTrip } from '../../network/round-trip.js';
import { allMended, isMended } from './mended.js';

/** One connection that is to be made. */
export interface Errand {
  client: string;
  /** Whether the reply has to leave by the way that the request came. */
  back: boolean;
  /** Whether the request was translated by a node that no snapshot tells of, before the walk begins. */
  translated: boolean;
  /** Empty where there is nothing to follow. */
  walk(network: Network): RoundTrip[];
}

export interface TrialResult {
  /** Whether the packet and its answer get through; null where the snapshots cannot tell. */
  mended: boolean | null;
  /** What becomes of them, in words. */
  text: string;
  trips: readonly RoundTrip[];
}

/** @returns null where there is nothing to follow */
export function tryOut(errand: Errand, network: Network): TrialResult | null {
  const trips = errand.walk(network);
  if (trips.length === 0) return null;
  const results = trips.map((trip) => isMended(trip, errand.back));
  const mended = allMended(results);
  const shown = trips.filter((_, i) => results[i] === mended);
  return { mended, trips, text: [...new Set(shown.map(tripText))].slice(0, 2).join('. ') };
}

function tripText(trip: RoundTrip): string {
  const text = roundTripText(trip);
  const assumed = [...new Set([...trip.request.unknown, ...(trip.reply?.unknown ?? [])])];
  const doubt = assumed.length === 0 ? '' : ` (assumed: ${assumed.join('; ')})`;
  switch (trip.fate.kind) {
    case 'answered-elsewhere':
      if (trip.fate.router !== undefined) {
        return `${text}: ${trip.fate.router}, by which the request came, gets it by another of its links${doubt}`;
      }
      return `${text}, another way than the request came, which is no fault as long as that way is open${doubt}`;
    case 'unknown':
      return `${text}; ${trip.fate.why}${doubt}`;
    default:
      return `${text}${doubt}`;
  }
}

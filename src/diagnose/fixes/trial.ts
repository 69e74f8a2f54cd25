/** What becomes of connections when the nodes' settings are other than they were. */
import { isSameStation } from '../../model/station.js';
import { roundTripText } from '../../network/narrate.js';
import type { Network } from '../../network/network.js';
import type { RoundTrip } from '../../network/round-trip.js';
import type { Station } from '../../network/station.js';
import { allMended, isMended } from './mended.js';

/** One connection that is to be made. */
export interface Errand {
  client: string;
  /** Whether the reply has to leave by the way that the request came. */
  back: boolean;
  /** Whether the request was translated by a node that no snapshot tells of, before the walk begins. */
  translated: boolean;
  /** Who has to translate the reply back beyond the last node that is known, in words; absent where nobody has to. */
  beyond?: string;
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
  return {
    mended,
    trips,
    text: [...new Set(shown.map((trip) => tripText(trip, errand)))].slice(0, 2).join('. '),
  };
}

/** Whether the request leaves a node by a hop, for somebody of whom no snapshot tells whether he has it. */
export function isHandedOn(
  { fate, request: { end, packet } }: RoundTrip,
  station: Pick<Station, 'node' | 'netns'>,
  { dev, via }: { dev: string; via: string },
): boolean {
  if (fate.kind !== 'undelivered' || end.kind !== 'left') return false;
  const { hop } = end;
  return (
    isSameStation(end.station, station) && hop.dev === dev && (hop.via ?? packet.destination.text) === via
  );
}

function tripText(trip: RoundTrip, { beyond }: Errand): string {
  const text = `${roundTripText(trip)}${beyond !== undefined && leavesAsSent(trip) ? `; ${beyond}` : ''}`;
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

/** The reply goes out by the very node that the request came to: to the client it is, as the backend sent it, a stranger's. */
function leavesAsSent({ request, reply, fate }: RoundTrip): boolean {
  if (fate.kind !== 'answered' || reply?.end.kind !== 'left') return false;
  return reply.end.station.label === request.legs[0]!.station.label;
}

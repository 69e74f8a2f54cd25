import type { Endpoint } from '../../model/analysis.js';
import { questionOf } from '../../network/journey.js';
import type { Network } from '../../network/network.js';
import { roundTrips } from '../../network/round-trip.js';
import type { Risk } from '../prediction/risk.js';
import { type Remedy, repair } from './repair.js';
import type { Errand } from './trial.js';

/**
 * The fix for a predicted loss, walked again with it in place.
 *
 * @param single whether the clients are these alone, and do not stand for others
 * @param services all that is asked about: what of it works has to go on working
 */
export function fixRisk(
  risks: readonly Risk[],
  network: Network,
  single: boolean,
  services: readonly Endpoint[],
): Remedy {
  if (risks.some((risk) => risk.trip.entry.isGuess)) {
    return { fix: null, noFix: 'nothing says that requests come in there, so that there is nothing to mend' };
  }
  return repair({ network, errands: risks.map(errandOf), services, anyone: !single });
}

/** The same connection again: every way to that backend has to be answered. */
function errandOf({ trip }: Risk): Errand {
  return {
    client: trip.client.address,
    // What was no loss to begin with is mended only by the way that the request came.
    back: trip.fate.kind === 'answered-elsewhere' && trip.lostAck === null,
    translated: false,
    walk: (network) => {
      const { entry, client, server } = trip;
      const station = network.station(entry.station.node, entry.station.netns)!;
      const question = {
        ...questionOf(trip.request.legs[0]!.passage.packet),
        source: client.address,
        sourcePort: client.port,
        destination: server.address,
        destinationPort: server.port,
      };
      const wanted = trip.request.packet.destination.text;
      const trips = roundTrips(network, { ...entry, station }, question);
      // What is dropped before its translation may be for any backend.
      const same = trips.filter((other) => other.request.packet.destination.text === wanted);
      return same.length > 0 ? same : trips;
    },
  };
}

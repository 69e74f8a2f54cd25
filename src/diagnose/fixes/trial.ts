/** What becomes of an attempt's packets, and of their answer, when the nodes' settings are other than they were. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';
import type { Entry } from '../../network/entry.js';
import { follow, type Journey } from '../../network/journey.js';
import { roundTripText, wayText } from '../../network/narrate.js';
import type { Network } from '../../network/network.js';
import { type RoundTrip, roundTrips } from '../../network/round-trip.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { packetQuestion } from '../packet-question.js';
import { inputInterface } from '../place.js';
import type { Trial, TrialResult } from './idea.js';
import type { LostPacket } from './lost-packet.js';
import { allMended, isMended } from './mended.js';

/**
 * Follows the attempt's request from where it was seen first, and its reply back: by the whole network's settings,
 * where there is a snapshot of the first node, else from the node that lost the packet.
 *
 * @param lost null where no place is known: then only what starts at the first node can be followed
 * @returns null in place of a result where there is nothing to follow
 */
export function trialOf(attempt: Attempt, lost: LostPacket | null, context: DiagnosisContext): Trial {
  const first = attempt.traces
    .find((trace) => trace.role === 'request')
    ?.sightings.find((s) => s.direction === 'in' && s.encapsulations.length === 0);
  return (network) => {
    const whole = first ? fromFirst(network, first, attempt, context) : [];
    const concerned = lost ? whole.filter((trip) => passes(trip, lost)) : whole;
    if (concerned.length > 0) return judge(concerned, false);
    if (!lost) return null;
    const station = network.station(lost.place.node.name, lost.place.node.netns);
    if (!station) return null;
    if (lost.loss.role === 'reply') return inward(network, station, attempt, lost);
    // What came before is not in the snapshots: a node there has to get the reply, to translate it back.
    const { place, translated, gateway } = lost;
    const entry = { station, interface: place.interface, sender: translated ? gateway : null, ...NO_WHY };
    return judge(roundTrips(network, entry, packetQuestion(attempt, lost.loss.last, 'request')), translated);
  };
}

const NO_WHY: Pick<Entry, 'why' | 'unknown' | 'isPod' | 'isGuess'> = {
  why: '',
  unknown: [],
  isPod: false,
  isGuess: false,
};

/** Whether the packet that was lost is on this way. */
function passes({ request, reply }: RoundTrip, { loss, place, destination }: LostPacket): boolean {
  const { node } = place;
  const journey: Journey | null = loss.role === 'request' ? request : reply;
  const legs = journey?.legs ?? [];
  return legs.some(
    (leg) =>
      leg.station.node === node.name &&
      leg.station.netns === node.netns &&
      leg.interface === place.interface &&
      (loss.role === 'reply' || destination === null || leg.passage.packet.destination.text === destination),
  );
}

function fromFirst(
  network: Network,
  first: Sighting,
  attempt: Attempt,
  context: DiagnosisContext,
): RoundTrip[] {
  const station = network.station(first.point.node, first.point.netns);
  const name = station && inputInterface(first, context.node(station.node, station.netns)!);
  if (!station || name === null || first.destination.address !== attempt.server.address) return [];
  const entry = { station, interface: name, sender: null, ...NO_WHY };
  return roundTrips(network, entry, packetQuestion(attempt, first, 'request'));
}

/** @param back whether the reply has to leave by the way that the request came */
function judge(trips: readonly RoundTrip[], back: boolean): TrialResult | null {
  if (trips.length === 0) return null;
  const results = trips.map((trip) => isMended(trip, back));
  const mended = allMended(results);
  const shown = trips.filter((_, i) => results[i] === mended);
  return { mended, text: [...new Set(shown.map(tripText))].slice(0, 2).join('. ') };
}

function tripText(trip: RoundTrip): string {
  const text = roundTripText(trip);
  const assumed = [...new Set([...trip.request.unknown, ...(trip.reply?.unknown ?? [])])];
  const doubt = assumed.length === 0 ? '' : ` (assumed: ${assumed.join('; ')})`;
  switch (trip.fate.kind) {
    case 'answered-elsewhere':
      return `${text}, another way than the request came, which is no fault as long as that way is open${doubt}`;
    case 'unknown':
      return `${text}; ${trip.fate.why}${doubt}`;
    default:
      return `${text}${doubt}`;
  }
}

/** A reply whose request is not followed: whether the node takes it in. */
function inward(
  network: Network,
  station: Station,
  attempt: Attempt,
  { loss, place }: LostPacket,
): TrialResult {
  const journeys = follow(
    network,
    { station, interface: place.interface },
    packetQuestion(attempt, loss.last, 'reply'),
  );
  return {
    mended: !journeys.some((journey) => journey.end.kind === 'dropped'),
    text: journeys.map((journey) => `the reply goes ${wayText(journey)}`).join('. '),
  };
}

/** What each capture saw of a connection behind its handshake. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Witness } from '../../correlate/leg.js';
import type { Evidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { stationLabel } from '../../model/station.js';
import { evidence } from '../evidence.js';
import { listed } from '../words.js';

export function witnessesOf({ legs }: Attempt): Witness[] {
  return legs.flatMap((leg) => leg.witnesses);
}

/** Who saw data of the client's, and who saw anything of the server's behind its SYN-ACK, and who did not. */
export function witnessEvidence(attempt: Attempt): Evidence[] {
  const all = witnessesOf(attempt);
  const of = (holds: (witness: Witness) => boolean) =>
    listed(all.filter(holds).map(({ point }) => stationLabel(point.node, point.netns)));
  const told = (who: string, what: string) => (who === '' ? [] : [evidence('capture', `${who}: ${what}`)]);
  const data = 'data of the client, again and again';
  return [
    ...told(
      of((w) => w.data && !w.spoke),
      `${data}, and nothing of the server behind its SYN-ACK`,
    ),
    ...told(
      of((w) => w.data && w.spoke),
      `${data}, and what the server sent to acknowledge it`,
    ),
    ...told(
      of((w) => !w.data && w.spoke),
      'what the server sent behind its SYN-ACK, and no data of the client',
    ),
    ...told(
      of((w) => !w.data && !w.spoke),
      'neither data of the client nor anything of the server behind its SYN-ACK',
    ),
  ];
}

/** Of some sightings those by captures that saw it. */
export function seenWhere(
  sightings: readonly Sighting[],
  attempt: Attempt,
  saw: (witness: Witness) => boolean,
): Sighting[] {
  const captures = new Set(
    witnessesOf(attempt)
      .filter(saw)
      .map(({ point }) => point.capture),
  );
  return sightings.filter(({ point }) => captures.has(point.capture));
}

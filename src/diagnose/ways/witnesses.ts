/** What each capture saw of a connection behind its handshake. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Leg, Witness } from '../../correlate/leg.js';
import type { Evidence } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation, stationLabel } from '../../model/station.js';
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
  const often = ', again and again';
  const [data, reply] =
    attempt.unanswered === 'reply'
      ? ['data of the client', `what the server sent behind its SYN-ACK${often}`]
      : [`data of the client${often}`, 'what the server sent behind its SYN-ACK'];
  return [
    ...told(
      of((w) => w.data && !w.spoke),
      `${data}, and nothing of the server behind its SYN-ACK`,
    ),
    ...told(
      of((w) => w.data && w.answered),
      `${data}, and ${reply}`,
    ),
    ...told(
      of((w) => w.data && w.spoke && !w.answered),
      `${data}, and ${reply}, which does not acknowledge it`,
    ),
    ...told(
      of((w) => !w.data && w.spoke),
      `${reply}, and no data of the client`,
    ),
    ...told(
      // What one of a node's captures saw, the node saw.
      of((w) => !all.some((one) => (one.data || one.spoke) && isSameStation(one.point, w.point))),
      'neither data of the client nor anything of the server behind its SYN-ACK',
    ),
  ];
}

/** Of some sightings those of a leg, by a capture, of which it holds. */
export function seenWhere(
  sightings: readonly Sighting[],
  { legs }: Attempt,
  holds: (witness: Witness) => boolean,
): Sighting[] {
  return sightings.filter((sighting) =>
    legs.some(
      (leg) =>
        isOf(sighting, leg) &&
        leg.witnesses.some((one) => one.point.capture === sighting.point.capture && holds(one)),
    ),
  );
}

function isOf({ fromClient, source, destination }: Sighting, { client, server }: Leg): boolean {
  const [from, to] = fromClient ? [client, server] : [server, client];
  return endpointLabel(source) === endpointLabel(from) && endpointLabel(destination) === endpointLabel(to);
}

/** As a node has it first: a capture of several of its interfaces does not tell by which of them the rest left. */
export function firstAt({ point }: Sighting, all: readonly Sighting[]): Sighting {
  return all.find((one) => isSameStation(one.point, point))!;
}

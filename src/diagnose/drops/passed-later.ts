/** Packets like a lost one that passed the same place later: what would have stopped all of them was not so then. */

import type { Attempt } from '../../correlate/attempt.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext } from '../context.js';
import type { Loss } from '../loss.js';
import { remembered } from '../ways/remembered.js';

/** By place, client and server as they were seen there: the last request of a connection that was made. */
const lastPassed = remembered(
  () => null,
  (_: null, { attempts }): ReadonlyMap<string, Sighting> => {
    const last = new Map<string, Sighting>();
    for (const { outcome, traces } of attempts) {
      if (outcome !== 'established') continue;
      const request: Attempt['traces'][number] | undefined = traces.findLast(
        ({ role }) => role === 'request',
      );
      for (const sighting of request?.sightings ?? []) {
        if (sighting.direction !== 'in' || sighting.time === null) continue;
        const key = keyOf(sighting);
        const known = last.get(key);
        if (!known || known.time! < sighting.time) last.set(key, sighting);
      }
    }
    return last;
  },
);

/**
 * One that came in where the request was seen last, after that, of a connection that was made. Null where there is none.
 *
 * It differs in the client's port alone: routes do not ask for that as a rule, filters may.
 */
export function passedLater({ role, last }: Loss, context: DiagnosisContext): Sighting | null {
  if (role !== 'request' || last.direction !== 'in' || last.time === null) return null;
  const passed = lastPassed(null, context).get(keyOf(last));
  return passed && passed.time! > last.time ? passed : null;
}

function keyOf({ point, source, destination, encapsulations }: Sighting): string {
  const { node, netns, interface: name } = point;
  return [node, netns, name, encapsulations.length, source.address, endpointLabel(destination)].join('\n');
}

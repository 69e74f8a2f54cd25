import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import type { DiagnosisContext } from '../context.js';

/** Whether the packet was captured on its way into the client's own node or namespace: what is wrong is behind that. */
export function isAtClient(attempt: Attempt, sighting: Sighting, context: DiagnosisContext): boolean {
  if (sighting.direction !== 'in') return false;
  const { node, netns } = sighting.point;
  if (context.node(node, netns)?.model?.hasAddress(sighting.destination.address)) return true;
  // Without a snapshot: where the request was sent from, and did not come in.
  const requests = attempt.traces
    .filter((trace) => trace.role === 'request')
    .flatMap((trace) => trace.sightings)
    .filter(({ point }) => isSameStation(point, sighting.point));
  return requests.length > 0 && requests.every(({ direction }) => direction === 'out');
}

/** The node that translated a request, by the addresses that it was captured with. */
import type { Attempt } from '../../correlate/attempt.js';
import { endpointText } from '../../correlate/merge.js';
import type { Endpoint } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext } from '../context.js';

/** The node behind which the request has another destination than before it. */
export function translatorOf(attempt: Attempt): string | null {
  const translation = translationOf(attempt);
  if (!translation) return null;
  const [before, after] = translation;
  return before.point.node === after.point.node ? before.point.node : null;
}

/** The request right before and right after its destination was translated; null where that was not captured. */
export function translationOf({ traces }: Attempt): [before: Sighting, after: Sighting] | null {
  for (const { role, sightings } of traces) {
    if (role !== 'request') continue;
    for (const [i, after] of sightings.entries()) {
      const before = sightings[i - 1];
      if (before && endpointText(before.destination) !== endpointText(after.destination))
        return [before, after];
    }
  }
  return null;
}

/** Whether the translator put itself in as the source, by whom the backend was asked: it refuses the reply itself. */
export function isAskedByTranslator(
  attempt: Attempt,
  { address }: Endpoint,
  context: DiagnosisContext,
): boolean {
  const translator = translatorOf(attempt);
  return translator !== null && context.ownerOfAddress(address)?.name === translator;
}

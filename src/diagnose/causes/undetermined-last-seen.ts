import { isAnswered } from '../../correlate/answered.js';
import type { Attempt } from '../../correlate/attempt.js';
import type { Verdict } from '../../kernel/verdict.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext } from '../context.js';
import { inputVerdicts } from '../input-verdicts.js';
import { farthestOf, type Loss, lossOf } from '../loss.js';
import { placeOf, routedDestinations } from '../place.js';

/** Where what was lost was seen last, or else what answered. */
export function lastOf(attempt: Attempt, end = wayEndOf(attempt)): Sighting | null {
  return end?.last ?? attempt.others[0] ?? attempt.traces.at(-1)?.sightings.at(-1) ?? null;
}

/** What was lost, or the reply of which it is not known. */
export function wayEndOf(attempt: Attempt): Loss | null {
  return isAnswered(attempt) ? farthestOf(attempt, 'reply') : lossOf(attempt);
}

/** What the node's own routes and settings would have done with the packet where it was seen last. */
export function verdictOf(attempt: Attempt, context: DiagnosisContext): Verdict | null {
  const loss = wayEndOf(attempt);
  const place = loss && placeOf(loss, context);
  if (!loss || !place?.seen || !place.node.model || place.interface === null) return null;
  // What the node sends itself was routed when it was sent.
  if (place.interface === 'lo') return null;
  const [destination] = routedDestinations(attempt, loss, context);
  const asked = inputVerdicts(place.node, place.interface, attempt, loss, [destination!], context);
  const [first, ...others] = asked.verdicts;
  // Of a packet whose mark is not known, or that is picked one of several ways, nothing certain can be told.
  if (!first || asked.guessed || others.some(({ verdict }) => verdict !== first.verdict)) return null;
  return first;
}

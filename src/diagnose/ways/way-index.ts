import type { Attempt } from '../../correlate/attempt.js';
import type { DiagnosisContext } from '../context.js';
import { lossOf } from '../loss.js';
import { type Crossing, crossingsOf, leavesBySeveral } from './crossing.js';
import { asksAgain, getsOn } from './handshake.js';
import { remembered } from './remembered.js';

/** The clients whose connections went by one pair of ways. */
export interface Travellers {
  /** Whose connections were made. */
  made: Set<string>;
  /** Who asked again after a reply had been sent. */
  asking: Set<string>;
}

/** What became of all attempts that came into the node and left it by the same ways. */
export function travellersOf(crossing: Crossing, context: DiagnosisContext): Travellers {
  return index(undefined, context).get(keyOf(crossing)) ?? { made: new Set(), asking: new Set() };
}

const index = remembered(
  () => 'all',
  (_: undefined, context) => indexOf(context),
);

function indexOf(context: DiagnosisContext): Map<string, Travellers> {
  const travellersBy = new Map<string, Travellers>();
  for (const attempt of context.attempts) {
    const made = getsOn(attempt);
    if (!made && !asksAgain(attempt)) continue;
    for (const crossing of made ? crossingsMade(attempt, context) : crossingsOf(attempt, context)) {
      const key = keyOf(crossing);
      let travellers = travellersBy.get(key);
      if (!travellers) {
        travellers = { made: new Set(), asking: new Set() };
        travellersBy.set(key, travellers);
      }
      (made ? travellers.made : travellers.asking).add(attempt.client.address);
    }
  }
  return travellersBy;
}

/**
 * The crossings of a connection that was made. Of one that was made only after replies were lost it is the last reply
 * that shows a way to be open: over several next hops, those before may have gone another one.
 */
function crossingsMade(attempt: Attempt, context: DiagnosisContext): Crossing[] {
  if (lossOf(attempt)?.role !== 'reply') return crossingsOf(attempt, context);
  const last = attempt.traces.findLast(({ role }) => role === 'reply');
  return crossingsOf(attempt, context, last).filter((crossing) => !leavesBySeveral(crossing));
}

function keyOf({ node, in: into, out }: Crossing): string {
  return [node.name, node.netns, into.interface, into.mac, out.interface, out.mac].join('\n');
}

/**
 * Which legs of UDP exchanges and echoes are one attempt. There is no random sequence number that NAT keeps; what it
 * keeps is the payload, an echo's sequence number, and the IP identification where there is one. Many clients may ask
 * for the same in the same words, so the two sides of a translation are looked for where they were seen at one node:
 * the one came in, and a moment later the other went out with one hop less. Where more than one could be the other
 * side, none is taken: two clients' exchanges in one would be worse than one exchange in two.
 */
import { betweenNodes, type Translates } from './between-nodes.js';
import { Groups } from './groups.js';
import type { Leg } from './leg.js';
import type { Tracks } from './tracked.js';
import { Translations } from './translations.js';

/** Groups of legs, each group one attempt, in the order of their first leg. */
export function linkDatagramLegs(legs: readonly Leg[], translates: Translates, tracks: Tracks): Leg[][] {
  const groups = new Groups(legs.length);
  new Translations(legs, tracks).join(groups);
  for (const [a, b] of betweenNodes(legs, translates)) groups.join(a, b);
  return groups.collect(legs);
}

/** Conflicts that may be over: one claimant was heard no more. */
import { compareTimes } from '../../correlate/causal-order.js';
import type { Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import type { Claim } from './claim.js';
import type { AddressConflict } from './conflicts.js';

/** What is silent for less may only not have been asked, ns. */
const LONG: Nanoseconds = 2_000_000_000n;

export interface FallenSilent {
  claim: Claim;
  /** Who has claimed the address since. */
  heir: Claim;
  /** From the last that it said of the address to the end of the capture that has it. */
  silentNs: Nanoseconds;
}

/**
 * Of two claimants the one that was last heard long before its capture ends, where the other was heard since. It may have
 * given the address up, or was asked for it no more.
 */
export function fallenSilent({ claims }: AddressConflict, context: DiagnosisContext): FallenSilent | null {
  if (claims.length !== 2) return null;
  const { aligned } = context;
  const [claim, heir] = [...claims].sort((a, b) => compareTimes(aligned(a.last), aligned(b.last))) as [
    Claim,
    Claim,
  ];
  const { point, time } = claim.last;
  const ends = context
    .node(point.node, point.netns)
    ?.captures.find(({ capture }) => capture === point.capture);
  if (time === null || !ends?.lastTime) return null;
  const silentNs = ends.lastTime - time;
  return silentNs < LONG || compareTimes(aligned(claim.last), aligned(heir.last)) >= 0
    ? null
    : { claim, heir, silentNs };
}

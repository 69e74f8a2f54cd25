/** Who resets a connection that it knows nothing of, and how what its client sent came there. */
import type { Attempt } from '../../correlate/attempt.js';
import { causalOrder } from '../../correlate/causal-order.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import type { Nanoseconds } from '../../model/time.js';
import type { DiagnosisContext } from '../context.js';
import { acknowledgmentsOf } from './handshake.js';
import { remembered } from './remembered.js';

/** The resets of a disowned connection, each place in the order in which one passes them. */
export function disowningResets({ others }: Attempt, { aligned }: DiagnosisContext): Sighting[] {
  return causalOrder(others.filter(isDisowning), aligned);
}

function isDisowning({ kind, fromClient, acknowledgmentNumber }: Sighting): boolean {
  return kind === 'rst' && !fromClient && acknowledgmentNumber === 0;
}

/** How long a node may take to translate a reset, and pass it on, ns. */
const SOON: Nanoseconds = 1_000_000_000n;

/**
 * A reset as it came to the node that translated it, from a host that is none of the attempt's: under the sequence number
 * that is the attempt's, of a connection whose handshake nobody saw. Null where there is none.
 */
export function strayReset(reset: Sighting, context: DiagnosisContext): Sighting | null {
  const at = context.aligned(reset);
  const found = ofMidstream(null, context)
    .get(reset.sequenceNumber)
    ?.find((one) => {
      const time = context.aligned(one);
      const isBefore = at !== null && time !== null && time <= at && at - time < SOON;
      return isBefore && isSameStation(one.point, reset.point);
    });
  return found ?? null;
}

/** Which end of such a connection is its client's, its ports alone tell. */
const ofMidstream = remembered(
  () => null,
  (_: null, { attempts }): ReadonlyMap<number, Sighting[]> => {
    const resets = new Map<number, Sighting[]>();
    for (const { outcome, others } of attempts) {
      if (outcome !== 'midstream') continue;
      for (const one of others) {
        if (one.kind !== 'rst' || one.acknowledgmentNumber !== 0) continue;
        const known = resets.get(one.sequenceNumber);
        if (known) known.push(one);
        else resets.set(one.sequenceNumber, [one]);
      }
    }
    return resets;
  },
);

/** Whether what the client sent behind the handshake came to where the reset was seen first, and its SYN had gone elsewhere. */
export function hasMoved(attempt: Attempt, { point }: Sighting): boolean {
  const asked = attempt.traces.flatMap((trace) => (trace.role === 'request' ? trace.sightings : []));
  const isHere = (one: Sighting) => isSameStation(one.point, point);
  return asked.length > 0 && !asked.some(isHere) && acknowledgmentsOf(attempt).some(isHere);
}

/** Who resets a connection that it knows nothing of, and how what its client sent came there. */
import type { Attempt } from '../../correlate/attempt.js';
import { causalOrder } from '../../correlate/causal-order.js';
import { isSameEnd } from '../../model/endpoint.js';
import type { CapturePoint, Sighting } from '../../model/sighting.js';
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

/** A connection whose client is led elsewhere once the handshake is made. */
export interface Move {
  /** The SYN, where it was last as its client sent it. */
  from: Sighting;
  /** Where what its client sent behind the handshake came, which is where the reset was seen first. */
  to: CapturePoint;
}

/**
 * Whether what came behind the handshake, with the client's own addresses, came to another place than the SYN did. That what
 * was made of the SYN came there says nothing: the backend may be there. Null where both came alike, or a capture began too
 * late to tell.
 *
 * @param isAnswer whether who sent it from there, or translated it, had what it answers
 */
export function moveOf(
  attempt: Attempt,
  reset: Sighting,
  isAnswer: boolean,
  context: DiagnosisContext,
): Move | null {
  const { client, server } = attempt;
  const to = reset.point;
  const isHere = ({ point }: Sighting) => isSameStation(point, to);
  const isOfClient = (one: Sighting) => isSameEnd(one.source, client) && isSameEnd(one.destination, server);
  const asked = attempt.traces.flatMap(({ role, sightings }) =>
    role === 'request' ? sightings.filter(isOfClient) : [],
  );
  const isToClient = isSameEnd(reset.source, server) && isSameEnd(reset.destination, client);
  const came =
    (isAnswer && isToClient) || acknowledgmentsOf(attempt).some((one) => isHere(one) && isOfClient(one));
  const view = context.node(to.node, to.netns);
  if (!came || !view || asked.some(isHere) || !context.watches(view, asked)) return null;
  const from = asked.at(-1);
  return from ? { from, to } : null;
}

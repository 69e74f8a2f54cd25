import type { Attempt } from '../correlate/attempt.js';
import type { PacketTrace } from '../correlate/trace.js';
import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';

/** A packet of an attempt that did not arrive, and where it was seen last. */
export interface Loss {
  role: Role;
  /** Of the transmissions of that packet, the one that got farthest. */
  trace: PacketTrace;
  last: Sighting;
}

/** The outcomes in which a packet is known to be lost, by which one it was. */
const LOST: Partial<Record<Attempt['outcome'], Role>> = {
  'no-reply': 'request',
  unreachable: 'request',
  'reply-lost': 'reply',
};

/** What an attempt lost, null where nothing is known to be lost. */
export function lossOf(attempt: Attempt): Loss | null {
  const role = LOST[attempt.outcome];
  if (!role) return null;
  let best: PacketTrace | null = null;
  for (const trace of attempt.traces) {
    if (trace.role === role && (best === null || reach(trace) > reach(best))) best = trace;
  }
  return best && { role, trace: best, last: best.sightings.at(-1)! };
}

/** More sightings, or at least a lower hop limit at the end, is farther. */
function reach(trace: PacketTrace): number {
  return trace.sightings.length * 256 + (255 - trace.sightings.at(-1)!.ttl);
}

/** The last sightings of every transmission that ended where the loss did: one for each packet lost there. */
export function lastSightings(attempt: Attempt, loss: Loss): Sighting[] {
  return attempt.traces
    .filter((trace) => trace.role === loss.role)
    .map((trace) => trace.sightings.at(-1)!)
    .filter(
      (s) =>
        s.point.node === loss.last.point.node &&
        s.point.interface === loss.last.point.interface &&
        s.direction === loss.last.direction,
    );
}

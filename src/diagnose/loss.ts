import type { Attempt } from '../correlate/attempt.js';
import type { PacketTrace } from '../correlate/trace.js';
import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';

/** A packet of an attempt that did not arrive, and where it was seen last. */
export interface Loss {
  role: Role;
  /** Of the transmissions of that packet that were lost, the one that got farthest. */
  trace: PacketTrace;
  last: Sighting;
  /** All of its transmissions that were lost. */
  traces: readonly PacketTrace[];
  /**
   * The connection was made in the end, by a later transmission: what the settings demand of every packet cannot have
   * been the reason, unless they were changed meanwhile.
   */
  made: boolean;
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
  if (!role) return slowLossOf(attempt);
  return farthestOf(attempt, role);
}

/** Of an attempt's requests (or replies) the one that got farthest, lost or not; null where none was seen. */
export function farthestOf(attempt: Attempt, role: Role): Loss | null {
  const isOfRole = (trace: PacketTrace) => trace.role === role;
  // Nearly always all are requests.
  const traces = attempt.traces.every(isOfRole) ? attempt.traces : attempt.traces.filter(isOfRole);
  return farthest(role, traces, false);
}

/** What was lost before a connection was made; null where nothing was, or where it was not made. */
function slowLossOf(attempt: Attempt): Loss | null {
  if (!isSlow(attempt)) return null;
  const firstReply = attempt.traces.findIndex((trace) => trace.role === 'reply');
  if (firstReply < 0) return null;
  const asked = attempt.traces.slice(0, firstReply);
  // The last one asked before the answer is the one that was answered.
  if (asked.length > 1) return farthest('request', asked.slice(0, -1), true);
  return farthest('reply', [attempt.traces[firstReply]!], true);
}

/**
 * Half the least time after which a host asks again (RFC 6298 section 2.1: 1 s): a duplicate on the wire comes at once,
 * ns.
 */
const SLOW = 500_000_000n;

/** Whether a connection was made only after packets of it were lost. */
export function isSlow({ outcome, delayNs }: Attempt): boolean {
  return outcome === 'established' && delayNs !== null && delayNs >= SLOW;
}

/** Of some transmissions, as if all were lost, the one that got farthest; null where there are none. */
export function farthestIn(role: Role, traces: readonly PacketTrace[]): Loss | null {
  return farthest(role, traces, false);
}

function farthest(role: Role, traces: readonly PacketTrace[], made: boolean): Loss | null {
  const passed = traces.some(isOverheard) ? traces.filter((trace) => !isOverheard(trace)) : traces;
  // Who only overheard it tells nothing of how far it got.
  if (passed.length > 0 && passed.length < traces.length) return farthest(role, passed, made);
  let best: PacketTrace | null = null;
  for (const trace of traces) if (best === null || reach(trace) > reach(best)) best = trace;
  return best && { role, trace: best, last: best.sightings.at(-1)!, traces, made };
}

function isOverheard({ overheard }: PacketTrace): boolean {
  return overheard === true;
}

/** More sightings, or at least a lower hop limit at the end, is farther. */
function reach(trace: PacketTrace): number {
  return trace.sightings.length * 256 + (255 - trace.sightings.at(-1)!.ttl);
}

/** The first sighting of each packet of an attempt. */
export function firstSightings({ traces }: Attempt): Sighting[] {
  return traces.map(({ sightings }) => sightings[0]!);
}

/** The last sightings of every transmission that ended where the loss did: one for each packet lost there. */
export function lastSightings(loss: Loss): Sighting[] {
  return loss.traces
    .map((trace) => trace.sightings.at(-1)!)
    .filter(
      (s) =>
        s.point.node === loss.last.point.node &&
        s.point.interface === loss.last.point.interface &&
        s.direction === loss.last.direction,
    );
}

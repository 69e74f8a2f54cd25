import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import type { Nanoseconds } from '../../model/time.js';
import { farthestIn } from '../loss.js';

/** A server sends its SYN-ACK again after a second (RFC 6298 section 2.1), and few ways take half of one, ns. */
const LATE: Nanoseconds = 500_000_000n;

/** A reply that came late, which its client reset. */
export interface LateReply {
  /** How long after what it answers, or after the first of the replies, the one that was reset was seen. */
  lateNs: Nanoseconds;
  /** Of the replies before it, which got no answer, where the one that got farthest was seen last; null: it is the first. */
  lost: Sighting | null;
}

/**
 * The client's reset answers a reply that came late. One that does not know a reply resets the first that it gets: those
 * sent before, which it did not reset, it never got, or it answered them in vain.
 *
 * All by one node's clock, whose captures may be of an interface each.
 */
export function lateReply({ protocol, outcome, traces, others }: Attempt): LateReply | null {
  if (protocol !== 'tcp' || outcome !== 'rejected') return null;
  const resets = others.filter(({ kind, fromClient, time }) => kind === 'rst' && fromClient && time !== null);
  for (const { point, time } of resets) {
    const isHere = (s: Sighting) => isSameStation(s.point, point) && s.time !== null;
    if (resets.some((s) => isHere(s) && s.time! < time!)) continue;
    const before = traces.filter(({ sightings }) => sightings.some((s) => isHere(s) && s.time! <= time!));
    const timesOf = (role: 'request' | 'reply') =>
      before
        .filter((trace) => trace.role === role)
        .map(({ sightings }) => sightings.find(isHere)!.time!)
        .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    const replied = timesOf('reply');
    const answered = replied.at(-1);
    if (answered === undefined || time! - answered >= LATE) continue;
    if (answered - replied[0]! >= LATE) {
      const replies = before.filter(({ role }) => role === 'reply');
      const earlier = replies.filter(({ sightings }) => sightings.find(isHere)!.time! < answered);
      return { lateNs: answered - replied[0]!, lost: farthestIn('reply', earlier)!.last };
    }
    const asked = timesOf('request').findLast((request) => request < answered);
    if (asked !== undefined && answered - asked >= LATE) return { lateNs: answered - asked, lost: null };
  }
  return null;
}

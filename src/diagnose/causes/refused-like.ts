/**
 * Datagrams to a closed port that are not answered. A host limits the rate of its ICMP errors to each peer (RFC 1812
 * section 4.3.2.8, RFC 4443 section 2.4; Linux: `icmp_ratelimit`), so that of many datagrams only some are.
 */
import type { Attempt } from '../../correlate/attempt.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { DiagnosisContext } from '../context.js';
import { farthestOf } from '../loss.js';

/** One refused attempt of each that ended at another place or with other addresses. */
const REFUSED = new WeakMap<DiagnosisContext, ReadonlyMap<string, Attempt>>();

/** A refused attempt that took the same way to the same port from the same address; null where there is none. */
export function refusedLike(attempt: Attempt, context: DiagnosisContext): Attempt | null {
  if (attempt.protocol !== 'udp') return null;
  let known = REFUSED.get(context);
  if (!known) {
    const refused = context.attempts.filter((a) => a.protocol === 'udp' && a.outcome === 'refused');
    known = new Map(refused.map((a) => [wayOf(a), a]));
    REFUSED.set(context, known);
  }
  return known.get(wayOf(attempt)) ?? null;
}

/** Where its requests were seen last, and from and to whom they went there. */
function wayOf(attempt: Attempt): string {
  const last = farthestOf(attempt, 'request')?.last;
  if (!last) return '';
  const { point, direction, source, destination } = last;
  const place = [point.node, point.netns, point.interface, direction];
  return [...place, source.address, endpointLabel(destination), endpointLabel(attempt.server)].join('\n');
}

import type { Outcome } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import type { Aligned } from './causal-order.js';
import type { PacketTrace } from './trace.js';

/**
 * How much longer a connection took for packets that were lost: from the first request to the one that was answered,
 * and from the first reply to the one that the client had when it went on.
 *
 * @param others among which are the client's acknowledgments
 * @returns 0 where nothing was sent again; null where no reply got through, or where times are not known
 */
export function delayOf(
  outcome: Outcome,
  requests: readonly PacketTrace[],
  replies: readonly PacketTrace[],
  others: readonly Sighting[],
  aligned: Aligned,
): Nanoseconds | null {
  if (outcome !== 'established') return null;
  const asked = requests.map((trace) => earliest(trace.sightings, aligned)).filter((time) => time !== null);
  const answered = replies.map((trace) => earliest(trace.sightings, aligned)).filter((time) => time !== null);
  if (asked.length === 0 || answered.length === 0) return null;
  if (asked.length === 1 && answered.length === 1) return 0n;
  const spoken = earliest(
    others.filter((s) => s.kind === 'ack'),
    aligned,
  );
  const gotThrough = asked.findLast((time) => time <= answered[0]!) ?? asked[0]!;
  const had = spoken === null ? answered[0]! : (answered.findLast((time) => time <= spoken) ?? answered[0]!);
  return gotThrough - asked[0]! + (had - answered[0]!);
}

/** When a packet was first seen, on the first node's clock. */
export function earliest(sightings: readonly Sighting[], aligned: Aligned): Nanoseconds | null {
  let least: Nanoseconds | null = null;
  for (const sighting of sightings) {
    const time = aligned(sighting);
    if (time !== null && (least === null || time < least)) least = time;
  }
  return least;
}

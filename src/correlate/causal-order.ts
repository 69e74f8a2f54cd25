import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';

/** Places what was seen on the first node's clock; null where the file gives no time. */
export type Aligned = (seen: Pick<Sighting, 'time' | 'point'>) => Nanoseconds | null;

/**
 * Orders the sightings of one packet as it travelled. The hop limit only falls along the way, whatever the
 * clocks say, so it comes first; between equal hop limits, what a node sent comes before what the next
 * received; within a node its own clock decides.
 *
 * An encapsulation does not touch the inner hop limit, which is the one compared.
 */
export function causalOrder(sightings: readonly Sighting[], aligned: Aligned): Sighting[] {
  if (sightings.length === 1) return [...sightings];
  const byTtl = new Map<number, Sighting[]>();
  for (const sighting of sightings) {
    const same = byTtl.get(sighting.ttl);
    if (same) same.push(sighting);
    else byTtl.set(sighting.ttl, [sighting]);
  }
  return [...byTtl.entries()].sort(([a], [b]) => b - a).flatMap(([, same]) => orderWithinHop(same, aligned));
}

/** All that saw the packet between two forwardings: the sender's side of a link, bridges, the receiver's side. */
function orderWithinHop(sightings: Sighting[], aligned: Aligned): Sighting[] {
  const byNode = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const { node } = sighting.point;
    const same = byNode.get(node);
    if (same) same.push(sighting);
    else byNode.set(node, [sighting]);
  }
  const nodes = [...byNode.values()].map((same) => {
    const ordered = [...same].sort(withinNode);
    const out = same.some((s) => s.direction === 'out');
    const into = same.some((s) => s.direction === 'in');
    // Sent only, passed through (a bridge), unknown, received only.
    return { ordered, rank: out === into ? 1 : out ? 0 : 2, time: aligned(ordered[0]!) };
  });
  nodes.sort((a, b) => a.rank - b.rank || compareTimes(a.time, b.time));
  return nodes.flatMap((n) => n.ordered);
}

function withinNode(a: Sighting, b: Sighting): number {
  const byTime = compareTimes(a.time, b.time);
  if (byTime !== 0) return byTime;
  if (a.point.file === b.point.file) return a.packet - b.packet;
  // Two files of microseconds: in comes before out.
  return Number(a.direction === 'out') - Number(b.direction === 'out');
}

/** An unknown time sorts last. */
export function compareTimes(a: Nanoseconds | null, b: Nanoseconds | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}

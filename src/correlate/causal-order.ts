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
  const byTtl = [...sightings].sort((a, b) => b.ttl - a.ttl);
  let from = 0;
  for (let to = 1; to <= byTtl.length; to++) {
    if (to < byTtl.length && byTtl[to]!.ttl === byTtl[from]!.ttl) continue;
    if (to - from > 1) {
      const ordered = orderWithinHop(byTtl.slice(from, to), aligned);
      for (let i = from; i < to; i++) byTtl[i] = ordered[i - from]!;
    }
    from = to;
  }
  return byTtl;
}

/** All that saw the packet between two forwardings: the sender's side of a link, bridges, the receiver's side. */
function orderWithinHop(sightings: Sighting[], aligned: Aligned): Sighting[] {
  const { node } = sightings[0]!.point;
  if (sightings.every((s) => s.point.node === node)) return sightings.sort(withinNode);
  const byNode = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const same = byNode.get(sighting.point.node);
    if (same) same.push(sighting);
    else byNode.set(sighting.point.node, [sighting]);
  }
  const nodes = [...byNode.values()].map((same) => {
    const ordered = same.sort(withinNode);
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
  // Two files of microseconds: a pod's end of a link gets what the other end sent; else in comes before out.
  if (a.point.netns !== b.point.netns) return Number(b.direction === 'out') - Number(a.direction === 'out');
  return Number(a.direction === 'out') - Number(b.direction === 'out');
}

type Seen = Pick<Sighting, 'point' | 'time' | 'packet'>;

/** Of two sightings of one capture, in the same file or another one of it: whether the first came later. */
export function cameAfter(later: Seen, earlier: Seen): boolean {
  if (later.point.file === earlier.point.file) return later.packet > earlier.packet;
  return compareTimes(earlier.time, later.time) < 0;
}

/** An unknown time sorts last. */
export function compareTimes(a: Nanoseconds | null, b: Nanoseconds | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : a > b ? 1 : 0;
}

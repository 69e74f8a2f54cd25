import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import { type Aligned, compareTimes } from './causal-order.js';

/** What a node needs to pass a packet on, with room for one that is busy, ns. */
export const PASSAGE: Nanoseconds = 20_000_000n;

/** Less than any client waits before it asks again, and more than clocks that were aligned are off, ns. */
const SAME_TIME: Nanoseconds = 100_000_000n;

/**
 * Groups sightings of datagrams that nothing in them tells apart (one that was sent again, without an identification) by
 * the packet that they saw. On one node its clock tells, and that one place sees a packet once. Between nodes the
 * aligned clocks do or, where none are, the order in which they came.
 */
export function groupCopies(alike: readonly Sighting[], aligned: Aligned): Sighting[][] {
  const byNode = new Map<string, Sighting[]>();
  for (const sighting of alike) {
    const { node } = sighting.point;
    const same = byNode.get(node);
    if (same) same.push(sighting);
    else byNode.set(node, [sighting]);
  }
  // The node that saw most of them sets the count.
  const nodes = [...byNode.values()].map(packetsOnNode).sort((a, b) => b.length - a.length);
  const [packets, ...others] = nodes;
  for (const seen of others) assign(seen, packets!, aligned);
  return packets!;
}

/** In the order of time. */
function packetsOnNode(sightings: Sighting[]): Sighting[][] {
  const packets: { places: Set<string>; copies: Sighting[] }[] = [];
  const inOrder = [...sightings].sort((a, b) => compareTimes(a.time, b.time) || a.packet - b.packet);
  for (const sighting of inOrder) {
    const place = placeOf(sighting);
    const open = packets.filter((packet) => !packet.places.has(place));
    const prompt = open.find((packet) => isSoonAfter(packet.copies.at(-1)!, sighting));
    const home = prompt ?? open.at(-1);
    if (home) {
      home.places.add(place);
      home.copies.push(sighting);
    } else packets.push({ places: new Set([place]), copies: [sighting] });
  }
  return packets.map((packet) => packet.copies);
}

function placeOf({ point, direction, encapsulations, source, destination, ttl }: Sighting): string {
  const { capture, interface: name } = point;
  return `${capture} ${name} ${direction} ${encapsulations.length} ${source.address} ${destination.address} ${ttl}`;
}

function isSoonAfter(before: Sighting, after: Sighting): boolean {
  return before.time !== null && after.time !== null && after.time - before.time <= PASSAGE;
}

/** Adds what another node saw to the packets that it saw it of. */
function assign(seen: readonly Sighting[][], packets: Sighting[][], aligned: Aligned): void {
  const taken = new Set<number>();
  for (const copies of seen) {
    const free = packets.map((_, i) => i).filter((i) => !taken.has(i));
    const near = free.find((i) => isSameTime(packets[i]!, copies, aligned));
    const home = near ?? free[0]!;
    taken.add(home);
    packets[home]!.push(...copies);
  }
}

function isSameTime(one: readonly Sighting[], other: readonly Sighting[], aligned: Aligned): boolean {
  const [a, b] = [aligned(one[0]!), aligned(other[0]!)];
  return a !== null && b !== null && (a < b ? b - a : a - b) <= SAME_TIME;
}

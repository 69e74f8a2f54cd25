/** Whoever only overheard a packet was not on its way: a switch floods what is for a port that it does not know. */
import type { Role } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { PacketTrace } from './trace.js';

/** @param seen all that saw the packet, in causal order */
export function traceOf(role: Role, number: number, seen: Sighting[]): PacketTrace {
  if (!isAnyForOther(seen)) return { role, try: number, sightings: seen };
  const passed = seen.filter((s, i) => !s.forOther || isCarried(s, seen.slice(i + 1)));
  if (passed.length === seen.length) return { role, try: number, sightings: seen };
  if (passed.length === 0) return { role, try: number, sightings: seen, overheard: true };
  return { role, try: number, sightings: passed, seen };
}

/** Asked of every packet of a flood, before anything is optimized: a loop makes nothing. */
function isAnyForOther(seen: readonly Sighting[]): boolean {
  for (let i = 0; i < seen.length; i++) if (seen[i]!.forOther) return true;
  return false;
}

/** All that saw a packet, in causal order. */
export function seenBy({ seen, sightings }: PacketTrace): Sighting[] {
  return seen ?? sightings;
}

/** Whether it is a sighting of one that the packet did not pass. */
export function isOverheardIn({ overheard, seen, sightings }: PacketTrace, sighting: Sighting): boolean {
  return overheard ?? (seen !== undefined && !sightings.includes(sighting));
}

/**
 * Whether the node carried on what is for another MAC, as a bridge or a redirection before IP does: it was seen there
 * again, at another interface with the same hop limit, or on its way out. One that comes back by way of a router has
 * a lower one.
 */
function isCarried({ point, ttl }: Sighting, later: readonly Sighting[]): boolean {
  return later.some(
    (s) =>
      !s.forOther &&
      s.point.node === point.node &&
      s.point.netns === point.netns &&
      (s.direction === 'out'
        ? s.ttl === ttl || s.ttl === ttl - 1
        : s.ttl === ttl && (s.point.interface === null || s.point.interface !== point.interface)),
  );
}

import type { Attempt } from '../../correlate/attempt.js';
import type { Hop } from '../../kernel/verdict.js';
import type { Sighting } from '../../model/sighting.js';
import type { Neighbour, Route } from '../../model/snapshot.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { type UntakenAnswer, untakenAnswer } from '../neighbours/untaken-answer.js';
import { entryInVain } from './asked-in-vain.js';
import { type Course, coursesOf } from './courses.js';

/** A next hop that does not answer ARP, or neighbour solicitations: the packet for it never left the node. */
export interface Unresolved {
  station: Station;
  /** By which the node has it that the next hop is reached. */
  hop: Hop;
  /** That has this next hop. */
  route: Route | null;
  /** The address that was asked for in vain. */
  address: string;
  /** The packet's destination, as it would have left. */
  destination: { address: string; port: number | null };
  /** Whether it is another than the client asked. */
  translated: boolean;
  /** The node's own ICMP errors that say so. */
  errors: Sighting[];
  /** Its neighbour entry, where it says so. */
  entry: Neighbour | null;
  /** It did answer, as the node's captures show, and the node did not take the answer in; null where none was seen. */
  untaken: UntakenAnswer | null;
}

/** Host unreachable (RFC 792), address unreachable (RFC 4443 section 3.1): what Linux sends when asking was in vain. */
const HOST_UNREACHABLE = { 4: { type: 3, code: 1 }, 6: { type: 1, code: 3 } } as const;

/**
 * Where the request may have gone to one of several next hops, it is the one that was asked for in vain. One whose entry
 * says otherwise is told by the node's ICMP error alone, and only where no other can be meant.
 *
 * @returns null where nothing says that a next hop on the request's way was asked for in vain
 */
export function unresolvedOf(attempt: Attempt, context: DiagnosisContext): Unresolved | null {
  if (!context.network.isKnown) return null;
  const courses = coursesOf(attempt, context);
  if (courses?.loss.role !== 'request' || courses.loss.made) return null;
  const all = courses.requests.map((course) => ({ course, hop: heldAt(attempt, course, context) }));
  const told = all.flatMap(({ hop }) => hop ?? []).filter((hop) => hop.entry || hop.errors.length > 0);
  const silent = told.find(({ entry }) => entry !== null);
  if (silent) {
    // By another, which is not silent, it may have left unseen.
    const isOther = all.some(({ course, hop }) => !hop?.entry && course.missedAt === null);
    return silent.errors.length > 0 || !isOther ? silent : null;
  }
  // What needs no answer is not asked for: the error is of another hop, by settings that were changed since.
  const meant = told.filter(({ station, hop, address }) => !isPermanent(station, hop.dev, address));
  return new Set(meant.map(({ address }) => address)).size === 1 ? meant[0]! : null;
}

/** The next hop by which it was to leave the node that it came into, and was not seen to. */
function heldAt(
  attempt: Attempt,
  { journey, stops, reached }: Course,
  context: DiagnosisContext,
): Unresolved | null {
  const next = stops[reached];
  const before = stops[reached - 1];
  if (next?.direction !== 'out' || before?.direction !== 'in' || next.leg !== before.leg) return null;
  const { station, hop, passage } = journey.legs[next.leg]!;
  const address = hop!.via ?? next.destination.address;
  const entry = entryInVain(station, hop!.dev, address);
  return {
    station,
    hop: hop!,
    route: passage.verdict?.lookup?.route ?? null,
    address,
    destination: next.destination,
    translated: next.destination.address !== attempt.server.address,
    errors: attempt.others.filter((s) => s.fromClient && saysUnreachable(s, station)),
    entry,
    untaken: entry && untakenAnswer(station, hop!.dev, address, context),
  };
}

function isPermanent({ snapshot }: Station, device: string, address: string): boolean {
  return (snapshot.neighbours ?? []).some(
    (entry) => entry.interface === device && entry.address === address && entry.states.includes('PERMANENT'),
  );
}

/** Whether it is an ICMP error by which the node itself says that asking for the next hop was in vain. */
export function saysUnreachable({ icmp }: Sighting, station: Station): boolean {
  if (!icmp || !station.model.hasAddress(icmp.from)) return false;
  const { type, code } = HOST_UNREACHABLE[icmp.version];
  return icmp.type === type && icmp.code === code;
}

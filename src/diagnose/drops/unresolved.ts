import type { Attempt } from '../../correlate/attempt.js';
import type { Hop } from '../../kernel/verdict.js';
import type { Sighting } from '../../model/sighting.js';
import type { Neighbour } from '../../model/snapshot.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { entryInVain } from './asked-in-vain.js';
import { coursesOf } from './courses.js';

/** A next hop that does not answer ARP, or neighbour solicitations: the packet for it never left the node. */
export interface Unresolved {
  station: Station;
  /** By which the node has it that the next hop is reached. */
  hop: Hop;
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
}

/** Host unreachable (RFC 792), address unreachable (RFC 4443 section 3.1): what Linux sends when asking was in vain. */
const HOST_UNREACHABLE = { 4: { type: 3, code: 1 }, 6: { type: 1, code: 3 } } as const;

/** @returns null where nothing says that a next hop on the request's way was asked for in vain */
export function unresolvedOf(attempt: Attempt, context: DiagnosisContext): Unresolved | null {
  if (!context.network.isKnown) return null;
  const courses = coursesOf(attempt, context);
  if (courses?.loss.role !== 'request' || courses.loss.made) return null;
  for (const { journey, stops, reached } of courses.requests) {
    const next = stops[reached];
    const before = stops[reached - 1];
    if (next?.direction !== 'out' || before?.direction !== 'in' || next.leg !== before.leg) continue;
    const { station, hop } = journey.legs[next.leg]!;
    const address = hop!.via ?? next.destination.address;
    const errors = attempt.others.filter((s) => s.fromClient && saysUnreachable(s, station));
    const entry = entryInVain(station, hop!.dev, address);
    if (errors.length === 0 && !entry) continue;
    // What needs no answer is not asked for: the error is of another hop, by settings that were changed since.
    if (!entry && isPermanent(station, hop!.dev, address)) continue;
    const { server } = attempt;
    const translated = next.destination.address !== server.address;
    return { station, hop: hop!, address, destination: next.destination, translated, errors, entry };
  }
  return null;
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

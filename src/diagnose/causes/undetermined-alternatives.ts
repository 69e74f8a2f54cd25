import type { Attempt } from '../../correlate/attempt.js';
import { familyOf } from '../../model/address.js';
import type { Alternative, Evidence } from '../../model/analysis.js';
import { doubtfulDrops } from '../../network/decisive.js';
import { wayText } from '../../network/narrate.js';
import type { DiagnosisContext } from '../context.js';
import { coursesOfLost, isGainsaid } from '../drops/courses.js';
import { type DemandedDrop, demandOf } from '../drops/demand.js';
import type { KnownOfLoss } from '../drops/known-of-loss.js';
import { counterOf } from '../drops/records.js';
import { evidence, QUOTED, risenEvidence } from '../evidence.js';
import { REVERSE_PATH_COUNTER } from '../kernel-records.js';
import { lastSightings } from '../loss.js';
import { PACKETS } from '../words.js';
import { isOfAnotherTime } from './unwatched.js';

/**
 * What the settings of the nodes on the way rule out, where they are known well enough.
 *
 * @param isTold what became of the packet is known by other than settings
 */
export function ruledOutBySettings(
  attempt: Attempt,
  isTold: boolean,
  context: DiagnosisContext,
): Alternative[] {
  const demand = demandOf(attempt, context);
  if (!demand || demand.courses.loss.made) return [];
  if (demand.drop) return disproved(demand.drop, context);
  const known = coursesOfLost(demand.courses);
  if (known.length === 0 || demand.doubts.length > 0) return [];
  // What the node did not do as its settings have it, it may have done by others, that were changed since.
  if (!isTold && known.some(isGainsaid)) return [];
  const what = demand.courses.loss.role;
  const filtered: Alternative[] = known.some(({ journey }) => doubtfulDrops(journey).length > 0)
    ? []
    : [{ cause: 'filtered', why: `no rule of the nodes on its known way drops the ${what}` }];
  return [
    ...filtered,
    { cause: 'no-route', why: `the nodes on its known way have a route for the ${what}` },
    { cause: 'forwarding-off', why: `the nodes on its known way pass the ${what} on` },
  ];
}

/** Counters of what a node drops by its settings, where those that were recorded let the packet pass. */
const DROPPED: Record<4 | 6, readonly string[]> = {
  4: [REVERSE_PATH_COUNTER, 'IpInAddrErrors', 'IpExtInNoRoutes'],
  6: ['Ip6InAddrErrors', 'Ip6InNoRoutes'],
};

/** What a node lost though it should have passed it on by its settings: null where none did. */
export function gainsaid(
  attempt: Attempt,
  context: DiagnosisContext,
): Pick<KnownOfLoss, 'words' | 'evidence'> | null {
  const courses = demandOf(attempt, context)?.courses;
  const course = courses && !courses.loss.made ? coursesOfLost(courses).find(isGainsaid) : undefined;
  if (!courses || !course) return null;
  const { station, interface: name, direction, leg } = course.stops[course.reached - 1]!;
  const node = context.node(station.node, station.netns)!;
  const risen = DROPPED[familyOf(courses.loss.last.source.address)!].flatMap((counter) =>
    risenEvidence(node, counter),
  );
  const had = direction === 'in' ? 'got' : 'sent';
  const what = `${station.label} ${had} the ${PACKETS[course.role]} by ${name} and did not pass them on`;
  const open = course.journey.legs[leg]!.passage.unknown;
  return {
    words:
      open.length === 0
        ? `${what}, as by its settings it would: they were changed since, or what dropped them is in no snapshot`
        : `${what}; whether it would by its settings, no snapshot tells (${open.slice(0, QUOTED).join('; ')})`,
    evidence: risen,
  };
}

/** A drop that the settings demand, and that the kernel's counter says did not happen. */
function disproved(demanded: DemandedDrop, context: DiagnosisContext): Alternative[] {
  const { cause, drop, leg, station, interface: name, carrier } = demanded;
  const node = context.node(station.node, station.netns)!;
  const { family, protocol } = leg.passage.packet;
  const counter = counterOf(drop, { family, protocol, input: name !== null, carrier }, node);
  if (counter?.rise !== 0) return [];
  const why = `${station.label} would drop it by its settings as recorded, but its counter ${counter.name} did not move`;
  return [{ cause, why }];
}

/** The way that the settings have the packet go from where it was seen last. */
export function wayEvidence(attempt: Attempt, context: DiagnosisContext): Evidence[] {
  const courses = demandOf(attempt, context)?.courses;
  if (!courses) return [];
  const known = coursesOfLost(courses).filter((course) => course.missedAt === null);
  const ways = new Set(known.map(({ journey }) => wayText(journey)));
  return [...ways]
    .slice(0, 2)
    .map((way) => evidence('model', `by the nodes' settings the ${courses.loss.role} goes ${way}`));
}

/** Where the settings have it go next and a capture shows that it did not. */
export function missedEvidence(attempt: Attempt, context: DiagnosisContext): Evidence[] {
  const courses = demandOf(attempt, context)?.courses;
  const missed = courses?.requests.find((course) => course.missedAt !== null)?.missedAt;
  if (!missed || courses?.loss.role !== 'request') return [];
  const { station, interface: name, direction } = missed;
  const view = context.node(station.node, station.netns);
  if (view && isOfAnotherTime(view, lastSightings(courses.loss), context)) return [];
  const text = `${name} was captured, and the request did not ${direction === 'in' ? 'come in' : 'leave'} by it, as the settings have it`;
  return [evidence('capture', text, { node: station.node })];
}

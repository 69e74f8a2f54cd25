import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId, Role } from '../../model/analysis.js';
import { isSameStation } from '../../model/station.js';
import type { Drop, Leg } from '../../network/journey.js';
import type { Station } from '../../network/station.js';
import { capturesThen } from '../capture-times.js';
import type { DiagnosisContext } from '../context.js';
import { lastSightings } from '../loss.js';
import { causeOf } from '../prediction/risk.js';
import { refusesAsker } from './asked-in-vain.js';
import { type Course, type Courses, coursesOf } from './courses.js';

/** A drop that the nodes' settings demand of an attempt's packet, the first on its way. */
export interface DemandedDrop {
  cause: CauseId;
  role: Role;
  station: Station;
  /** That the packet came in by; null where the node itself sent it. */
  interface: string | null;
  drop: Drop;
  /** It is the tunnel packet around it that is dropped. */
  carrier: boolean;
  leg: Leg;
  course: Course;
  /** The packet was captured right before it: nothing else can have happened to it. */
  seen: boolean;
  /** Without which it may not be dropped there. */
  doubts: string[];
}

/** What the settings say of an attempt that lost a packet. */
export interface Demand {
  courses: Courses;
  /** Null where the packet gets through by the settings, or may. */
  drop: DemandedDrop | null;
  /** What would have to be known to say so for certain. */
  doubts: string[];
}

/** @returns null where nothing was lost */
export function demandOf(attempt: Attempt, context: DiagnosisContext): Demand | null {
  const courses = coursesOf(attempt, context);
  if (!courses) return null;
  const open = openCourses(courses);
  // Where none is open, what is not known may be the reason.
  const concerned = open.length > 0 ? open : [...courses.requests, ...courses.replies];
  const doubts = [...new Set(concerned.flatMap((course) => course.doubts))];
  const drops = open.map((course) => dropOf(course, courses, context));
  const [first] = drops;
  // Where chance decides, and one of the ways is open, it is none of the settings' demands.
  const isOne = drops.every((drop) => drop !== null && first != null && isSame(drop, first));
  if (!first || !isOne) return { courses, drop: null, doubts };
  const all = [...new Set(drops.flatMap((drop) => drop!.doubts))];
  return { courses, drop: { ...first, doubts: all }, doubts: all };
}

/** The ways that nothing speaks against, each to its end: where the request arrives, that of its reply. */
function openCourses({ loss, requests, replies }: Courses): Course[] {
  const isOpen = (course: Course) => course.missedAt === null;
  if (loss.role === 'reply') return replies.filter(isOpen);
  return requests.filter(isOpen).flatMap((request) => {
    const answers = replies.filter((reply) => reply.request === request && isOpen(reply));
    return answers.length > 0 ? answers : [request];
  });
}

function dropOf(course: Course, courses: Courses, context: DiagnosisContext): DemandedDrop | null {
  const { end, legs } = course.journey;
  if (end.kind !== 'dropped') return null;
  const { station, interface: name, drop, carrier } = end;
  const { blocked } = course;
  // What never left is dropped nowhere, unless the neighbour is silent for the very reason.
  if (blocked && (causeOf(drop) !== 'rp-filter' || !refusesAsker(blocked, station, name!))) return null;
  const doubts = [...course.doubts];
  if (drop.by === 'netfilter' && !carrier && mayBeTracked(course, courses, station, context)) {
    doubts.push(
      `${station.label}: whether it knows the connection, on which its rules may rest, is not known`,
    );
  }
  return {
    cause: causeOf(drop),
    role: course.role,
    station,
    interface: name,
    drop,
    carrier,
    leg: legs.at(-1)!,
    course,
    seen: isSeen(course, courses),
    doubts,
  };
}

function isSame(a: DemandedDrop, b: DemandedDrop): boolean {
  return a.cause === b.cause && a.role === b.role && a.station === b.station && a.interface === b.interface;
}

/**
 * Whether a node that a reply comes to may have passed its request before that was seen for the first time. One that
 * captured all it passes would have shown it.
 */
function mayBeTracked(
  { role, request }: Course,
  { loss }: Courses,
  station: Station,
  context: DiagnosisContext,
): boolean {
  if (role === 'request') return false;
  if (request?.journey.legs.some((leg) => leg.station === station)) return false;
  const view = context.node(station.node, station.netns);
  const beside = lastSightings(loss);
  const captures = view ? capturesThen(view, beside, context.clocks) : [];
  if (captures.some((capture) => capture.interfaces === null)) return false;
  const links = (station.snapshot.links ?? []).filter(
    ({ flags }) => flags.includes('UP') && !flags.includes('LOOPBACK'),
  );
  return links.length === 0 || !view || !links.every(({ name }) => context.covers(view, name, beside));
}

function isSeen({ journey, stops, reached, request }: Course, { loss }: Courses): boolean {
  const { end } = journey;
  if (end.kind !== 'dropped') return false;
  if (end.carrier && end.interface !== null) {
    return loss.trace.sightings.some(
      ({ point, encapsulations }) => encapsulations.length > 0 && isSameStation(point, end.station),
    );
  }
  // A reply that its own node drops is sent right where the request was seen to arrive.
  if (stops.length === 0) return request !== null && request.reached === request.stops.length;
  return reached === stops.length;
}

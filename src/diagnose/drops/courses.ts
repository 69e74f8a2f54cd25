/**
 * The ways that a lost packet may have gone by the nodes' own settings, held against the captures: those on which it
 * would have been seen elsewhere than it was are none.
 */

import type { Attempt } from '../../correlate/attempt.js';
import type { PacketTrace } from '../../correlate/trace.js';
import type { PacketQuestion } from '../../kernel/netfilter/passage.js';
import type { Role } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { decisive } from '../../network/decisive.js';
import type { Journey } from '../../network/journey.js';
import { answerStart, answerTo } from '../../network/round-trip.js';
import type { DiagnosisContext } from '../context.js';
import { farthestOf, firstSightings, type Loss, lossOf } from '../loss.js';
import { type AskedInVain, entryInVain } from './asked-in-vain.js';
import { disproves } from './conntrack.js';
import { Journeys } from './journeys.js';
import { type Start, startsOf } from './start.js';
import { isAt, type Stop, serverOf, stopsOf } from './stops.js';
import { isVisible } from './visibility.js';

/** One way of one packet. */
export interface Course {
  role: Role;
  journey: Journey;
  stops: readonly Stop[];
  /** How many of the stops, from the first, have been passed: the last of them is where it was seen last. */
  reached: number;
  /** Where it would have been seen behind that, and was not; null where nothing speaks against the way. */
  missedAt: Stop | null;
  /** The first stop ahead that a reply cannot have passed, for its next hop did not answer; null where there is none. */
  blocked: AskedInVain | null;
  /** Without which it may have gone another way, from where it was seen last. */
  doubts: readonly string[];
  /** The request's way that a reply answers; null for a request, and where none is known. */
  request: Course | null;
}

/** What became of an attempt by the settings. */
export interface Courses {
  loss: Loss;
  /** Of the requests, as far as they agree with what was seen. */
  requests: readonly Course[];
  /** Of the replies: those that were seen, or else those that would have been sent. */
  replies: readonly Course[];
}

const KNOWN = new WeakMap<DiagnosisContext, CourseFinder>();

/** @returns null where nothing was lost */
export function coursesOf(attempt: Attempt, context: DiagnosisContext): Courses | null {
  if (!context.network.isKnown) {
    const loss = concernOf(attempt);
    return loss && { loss, requests: [], replies: [] };
  }
  let finder = KNOWN.get(context);
  if (!finder) {
    finder = new CourseFinder(context);
    KNOWN.set(context, finder);
  }
  return finder.find(attempt);
}

/** Those of the packet that was lost. */
export function coursesOfLost({ loss, requests, replies }: Courses): readonly Course[] {
  return loss.role === 'request' ? requests : replies;
}

/** Whether it came into a node that would have passed it on by its settings, and did not. */
export function isGainsaid({ stops, reached, missedAt }: Course): boolean {
  const last = stops[reached - 1];
  return missedAt !== null && missedAt === stops[reached] && missedAt.station === last?.station;
}

/** The packet whose way is to be found: also one that was answered by who should not have. */
function concernOf(attempt: Attempt): Loss | null {
  return attempt.outcome === 'refused' ? farthestOf(attempt, 'request') : lossOf(attempt);
}

class CourseFinder {
  readonly #context: DiagnosisContext;
  readonly #found = new Map<Attempt, Courses | null>();
  readonly #journeys: Journeys;

  constructor(context: DiagnosisContext) {
    this.#context = context;
    this.#journeys = new Journeys(context);
  }

  find(attempt: Attempt): Courses | null {
    const known = this.#found.get(attempt);
    if (known !== undefined) return known;
    const loss = concernOf(attempt);
    const courses = loss && this.#coursesOf(attempt, loss);
    this.#found.set(attempt, courses);
    return courses;
  }

  #coursesOf(attempt: Attempt, loss: Loss): Courses {
    const beside = firstSightings(attempt);
    const asked = loss.role === 'request' ? loss : farthestOf(attempt, 'request');
    const requests = asked ? this.#requests(attempt, asked, beside) : [];
    const replies =
      loss.role === 'request'
        ? requests.filter((c) => c.missedAt === null).flatMap((c) => this.#unseenReplies(attempt, c, beside))
        : this.#seenReplies(attempt, loss, requests, beside);
    return { loss, requests, replies };
  }

  #requests(attempt: Attempt, { trace }: Loss, beside: readonly Sighting[]): Course[] {
    return this.#fromEarliest(attempt, trace, (start, before) =>
      this.#journeys
        .from(start, 'request')
        .map((journey) => this.#journeys.seenBefore(journey, before))
        .flatMap((journey) =>
          this.#held(
            attempt,
            { role: 'request', journey, asked: start.packet, start, trace, request: null },
            beside,
          ),
        ),
    );
  }

  /**
   * From the first place where the settings have the packet go as it was seen to. What they say of nodes before may be
   * wrong, or not known.
   */
  #fromEarliest(
    attempt: Attempt,
    trace: PacketTrace,
    from: (start: Start, before: readonly Start[]) => Course[],
  ): Course[] {
    const starts = startsOf(attempt, trace, this.#context);
    for (const [i, start] of starts.entries()) {
      const courses = from(start, starts.slice(0, i));
      if (courses.length > 0) return courses;
    }
    return [];
  }

  #seenReplies(
    attempt: Attempt,
    { trace }: Loss,
    requests: readonly Course[],
    beside: readonly Sighting[],
  ): Course[] {
    const arrived = requests.filter(({ journey, missedAt }) => journey.end.kind !== 'dropped' && !missedAt);
    return this.#fromEarliest(attempt, trace, (start) => {
      const held = (journey: Journey, request: Course | null) =>
        this.#held(attempt, { role: 'reply', journey, asked: start.packet, start, trace, request }, beside);
      if (arrived.length === 0)
        return this.#journeys.from(start, 'reply').flatMap((journey) => held(journey, null));
      return arrived.flatMap((request) =>
        this.#journeys.answering(start, request.journey).flatMap((journey) => held(journey, request)),
      );
    });
  }

  /** Of a request that arrives by the settings, though nobody saw an answer. */
  #unseenReplies(attempt: Attempt, request: Course, beside: readonly Sighting[]): Course[] {
    const { journey } = request;
    const at = answerStart(this.#context.network, journey, attempt.client.address);
    if (!at || 'fate' in at) return [];
    const asked: PacketQuestion & { source: string } = {
      ...answerTo(journey),
      tcp: attempt.protocol === 'tcp' ? 'syn-ack' : null,
    };
    const start = { ...at, packet: asked };
    return this.#journeys
      .answering(start, journey)
      .flatMap((reply) =>
        this.#held(
          attempt,
          { role: 'reply', journey: reply, asked, start: null, trace: null, request },
          beside,
        ),
      );
  }

  /** The course, if the sightings and the connections that nodes track agree with it. */
  #held(attempt: Attempt, draft: Draft, beside: readonly Sighting[]): Course[] {
    const { role, journey, asked, start, trace, request } = draft;
    const stops = stopsOf(journey, asked);
    const reached = trace && start ? this.#reach(journey, stops, trace, start, role) : 0;
    if (reached === null || disproves(attempt, journey, role, this.#context)) return [];
    const ahead = stops.slice(reached);
    const blocked = role === 'reply' ? firstBlocked(journey, ahead) : null;
    const open = blocked ? ahead.slice(0, ahead.indexOf(blocked.stop)) : ahead;
    const missedAt = open.find((stop) => this.#wouldShow(stop, role, beside)) ?? null;
    const doubts = doubtsFrom(journey, reached === 0 ? 0 : stops[reached - 1]!.leg);
    const before = trace === null ? (request?.doubts ?? []) : [];
    return [
      {
        role,
        journey,
        stops,
        reached,
        missedAt,
        blocked,
        doubts: [...new Set([...before, ...doubts])],
        request,
      },
    ];
  }

  /** How many stops were passed; null where a sighting is of none of them. */
  #reach(
    { end }: Journey,
    stops: readonly Stop[],
    { sightings }: PacketTrace,
    start: Start,
    role: Role,
  ): number | null {
    let reached = 0;
    for (const sighting of sightings.slice(start.index)) {
      const { node, netns } = sighting.point;
      const view = this.#context.node(node, netns);
      if (!view?.snapshot) continue;
      const at = stops.findIndex((stop, i) => i + 1 >= reached && isAt(stop, sighting, role, view));
      if (at >= 0) reached = Math.max(reached, at + 1);
      else if (!isBefore(sighting, start) && !isCarrier(sighting, end)) return null;
    }
    return reached;
  }

  #wouldShow(stop: Stop, role: Role, beside: readonly Sighting[]): boolean {
    const { station, interface: name } = stop;
    const view = this.#context.node(station.node, station.netns);
    return (
      view !== null && isVisible(view, name, { role, server: serverOf(stop, role) }, beside, this.#context)
    );
  }
}

interface Draft {
  role: Role;
  journey: Journey;
  asked: PacketQuestion & { source: string };
  /** Null for a packet that nobody saw. */
  start: Start | null;
  trace: PacketTrace | null;
  request: Course | null;
}

/** Seen at the node before the one where the way begins to be known, as it left that. */
function isBefore({ point, ttl }: Sighting, { sighting, station }: Start): boolean {
  const isElsewhere = !isSameStation(station, sighting.point);
  return isElsewhere && isSameStation(point, sighting.point) && ttl === sighting.ttl;
}

function firstBlocked({ legs }: Journey, stops: readonly Stop[]): AskedInVain | null {
  for (const stop of stops) {
    const hop = stop.direction === 'out' ? legs[stop.leg]!.hop : null;
    if (!hop) continue;
    const address = hop.via ?? stop.destination.address;
    const entry = entryInVain(stop.station, hop.dev, address);
    if (entry) return { stop, address, entry };
  }
  return null;
}

/** The tunnel packet around it, where that one was dropped. */
function isCarrier({ encapsulations, point }: Sighting, end: Journey['end']): boolean {
  if (end.kind !== 'dropped' || !end.carrier || encapsulations.length === 0) return false;
  return end.station.node === point.node && end.station.netns === point.netns;
}

/** What a journey had to assume from one of its legs on: what was passed before was passed. */
function doubtsFrom({ legs, doubts }: Journey, from: number): string[] {
  const of = (some: typeof legs) =>
    new Set(
      some.flatMap(({ station, passage }) =>
        [...station.blindSpots, ...decisive(passage)].map((line) => `${station.label}: ${line}`),
      ),
    );
  const before = of(legs.slice(0, from));
  const after = of(legs.slice(from));
  return doubts.filter((line) => after.has(line) || !before.has(line));
}

/**
 * Where one attempt's packets went, as far as they were captured. Every dimension asks it of thousands of attempts, so
 * that it goes by plain loops.
 */
import type { Attempt } from '../../correlate/attempt.js';
import type { Endpoint } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext } from '../context.js';
import type { Case } from './case.js';

/** Whom the request was for, once it was translated; null where no translation was captured. */
export function backendOf({ legs, server }: Attempt): Endpoint | null {
  for (let i = legs.length - 1; i >= 0; i--) {
    const asked = legs[i]!.server;
    if (asked === server) continue;
    if (asked.address !== server.address || asked.port !== server.port) return asked;
  }
  return null;
}

/** Whether a request was seen as the client had sent it. */
function isAsSent({ encapsulations, destination }: Sighting, { server }: Attempt): boolean {
  return (
    encapsulations.length === 0 && destination.address === server.address && destination.port === server.port
  );
}

function firstRequest({ traces }: Attempt): readonly Sighting[] {
  for (const { role, sightings } of traces) if (role === 'request') return sightings;
  return [];
}

/** Where the first request was last seen as the client had sent it. */
function lastAsSent(attempt: Attempt): Sighting | null {
  const seen = firstRequest(attempt);
  for (let i = seen.length - 1; i >= 0; i--) if (isAsSent(seen[i]!, attempt)) return seen[i]!;
  return null;
}

/** The nodes that pass requests on as the client sent them: routers, the client itself. */
export function relaysOf(cases: readonly Case[]): Set<string> {
  const relays = new Set<string>();
  for (const { attempt } of cases) {
    for (const sighting of firstRequest(attempt)) {
      if (sighting.direction === 'out' && isAsSent(sighting, attempt)) relays.add(sighting.point.node);
    }
  }
  return relays;
}

/**
 * Who took the request in: the node that it was last seen to enter with the VIP as its destination, else who has the
 * MAC that it was sent to, else that MAC itself; null where nothing tells. A relay does not take it in: that a request
 * was not seen after it says that it was lost, not why.
 */
export function entryOf(
  attempt: Attempt,
  relays: ReadonlySet<string>,
  context: DiagnosisContext,
): string | null {
  const last = lastAsSent(attempt);
  if (!last) return null;
  if (last.direction === 'in') return relays.has(last.point.node) ? null : last.point.node;
  if (last.etherDestination === null) return null;
  return context.ownerOfMac(last.etherDestination)?.name ?? last.etherDestination;
}

/** The node and interface that the request came in by, relays aside. */
export function wayIn(attempt: Attempt, relays: ReadonlySet<string>): string | null {
  const last = lastAsSent(attempt);
  return last?.direction === 'in' && !relays.has(last.point.node) ? passage(last) : null;
}

/** The node and interface of a relay that the request was last seen to go out of. */
export function wayOut(attempt: Attempt): string | null {
  const last = lastAsSent(attempt);
  return last?.direction === 'out' ? passage(last) : null;
}

/** The node and interface that the reply first left by as the VIP's, and the MAC that it was sent to where captured. */
export function replyWay({ traces, server }: Attempt): string | null {
  for (const { role, sightings } of traces) {
    if (role !== 'reply') continue;
    const left = sightings.find(
      (s) => s.direction === 'out' && s.encapsulations.length === 0 && s.source.address === server.address,
    );
    const way = left && passage(left);
    if (way) return left.etherDestination === null ? way : `${way} to ${left.etherDestination}`;
  }
  return null;
}

function passage({ direction, point }: Sighting): string | null {
  if (direction === null || point.interface === null) return null;
  return `${direction === 'in' ? 'into' : 'out of'} ${point.node} by ${point.interface}`;
}

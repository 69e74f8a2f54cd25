import type { Endpoint } from '../model/analysis.js';
import type { Leg } from './leg.js';

/**
 * A sequence number this far above the initial one still belongs to the connection. A gigabyte: half the
 * sequence space is the most that could be told from "before", and a long transfer may be joined at its end.
 */
const SAME_CONNECTION = 2 ** 30;

/**
 * Joins what several captures saw of one connection under one pair of addresses and ports. Ports that were
 * reused stay apart by their initial sequence numbers.
 */
export function mergeLegs(legs: readonly Leg[]): Leg[] {
  const byTuple = new Map<string, Leg[]>();
  for (const leg of legs) {
    const key = endsKey(leg);
    const same = byTuple.get(key);
    if (same) same.push(leg);
    else byTuple.set(key, [leg]);
  }
  const merged: Leg[] = [];
  for (const same of byTuple.values()) {
    if (same.length === 1) merged.push(same[0]!);
    else merged.push(...mergeTuple(same));
  }
  return merged;
}

/** Both ends of a leg, the same for both directions. */
export function endsKey(leg: Leg): string {
  const a = endpointText(leg.client);
  const b = endpointText(leg.server);
  return a < b ? `${a}>${b}` : `${b}>${a}`;
}

export function endpointText(endpoint: Endpoint): string {
  return `${endpoint.address}|${endpoint.port}`;
}

function mergeTuple(legs: Leg[]): Leg[] {
  const numbered = new Map<string, Leg>();
  const midstream: Leg[] = [];
  for (const leg of legs) {
    if (leg.clientIsn === null) {
      midstream.push(leg);
      continue;
    }
    const key = `${endpointText(leg.client)} ${leg.clientIsn}`;
    const same = numbered.get(key);
    if (same) absorb(same, leg);
    else numbered.set(key, copy(leg));
  }
  const rest: Leg[] = [];
  for (const leg of midstream) {
    const home = homeOf(leg, [...numbered.values()]) ?? rest[0];
    if (home) absorb(home, oriented(leg, home));
    else rest.push(copy(leg));
  }
  return [...numbered.values(), ...rest];
}

/** The connection that a leg without its beginning is a part of: the one that its sequence numbers follow closest. */
function homeOf(leg: Leg, connections: Leg[]): Leg | null {
  let best: Leg | null = null;
  let bestDistance = SAME_CONNECTION;
  for (const connection of connections) {
    const distance = distanceFrom(leg, connection);
    if (distance < bestDistance) {
      best = connection;
      bestDistance = distance;
    }
  }
  return best;
}

function distanceFrom(leg: Leg, connection: Leg): number {
  const turned = oriented(leg, connection);
  let distance = Number.POSITIVE_INFINITY;
  if (turned.clientFirstSequence !== null && connection.clientIsn !== null) {
    distance = Math.min(distance, (turned.clientFirstSequence - connection.clientIsn) >>> 0);
  }
  if (turned.serverFirstSequence !== null && connection.serverIsn !== null) {
    distance = Math.min(distance, (turned.serverFirstSequence - connection.serverIsn) >>> 0);
  }
  for (const sighting of turned.sightings) {
    // A RST answers with the number it was sent: ISN + 1; an ICMP error quotes the SYN's own.
    const number =
      sighting.kind === 'icmp-error' && sighting.fromClient
        ? sighting.sequenceNumber
        : sighting.kind === 'rst'
          ? sighting.fromClient
            ? sighting.sequenceNumber
            : sighting.acknowledgmentNumber
          : null;
    if (number !== null && connection.clientIsn !== null) {
      distance = Math.min(distance, (number - connection.clientIsn) >>> 0);
    }
  }
  return distance;
}

/** The leg with its ends named as `like` names them. */
export function oriented(leg: Leg, like: Leg): Leg {
  if (endpointText(leg.client) === endpointText(like.client)) return leg;
  return {
    ...leg,
    client: leg.server,
    server: leg.client,
    // Of UDP, the end that was not the server sent first.
    serverFirst: leg.protocol === 'udp' && !leg.serverFirst,
    clientFirstSequence: leg.serverFirstSequence,
    serverFirstSequence: leg.clientFirstSequence,
    clientSpoke: leg.serverSpoke,
    serverSpoke: leg.clientSpoke,
    clientReset: leg.serverReset,
    serverReset: leg.clientReset,
    sightings: leg.sightings.map((s) => ({ ...s, fromClient: !s.fromClient })),
  };
}

export function copy(leg: Leg): Leg {
  return { ...leg, sightings: [...leg.sightings] };
}

export function absorb(into: Leg, leg: Leg): void {
  into.clientKnown ||= leg.clientKnown;
  into.serverFirst &&= leg.serverFirst;
  into.serverIsn ??= leg.serverIsn;
  into.clientFirstSequence ??= leg.clientFirstSequence;
  into.serverFirstSequence ??= leg.serverFirstSequence;
  into.syn ||= leg.syn;
  into.synAck ||= leg.synAck;
  into.clientSpoke ||= leg.clientSpoke;
  into.serverSpoke ||= leg.serverSpoke;
  into.clientReset ||= leg.clientReset;
  into.serverReset ||= leg.serverReset;
  into.firstTime = earlier(into.firstTime, leg.firstTime);
  into.lastTime = later(into.lastTime, leg.lastTime);
  into.sightings.push(...leg.sightings);
}

function earlier(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

function later(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}

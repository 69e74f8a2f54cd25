import type { Endpoint } from '../model/analysis.js';
import { isSameEnd } from '../model/endpoint.js';
import type { Leg } from './leg.js';
import { Likeness, TextNumbers } from './likeness.js';

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
  const alike = new Likeness(endsHashes(legs), (a, b) => haveSameEnds(legs[a]!, legs[b]!));
  return mergeAlike(legs, alike, (same) => (same.length === 1 ? same : mergeTuple(same)));
}

/** Replaces the legs that are alike by what they are merged to, where the first of them was. */
export function mergeAlike(
  legs: readonly Leg[],
  { first }: Likeness,
  merge: (same: Leg[]) => readonly Leg[],
): Leg[] {
  const groups = new Map<number, Leg[]>();
  for (let i = 0; i < legs.length; i++) {
    const beginning = first[i]!;
    if (beginning === i) continue;
    const group = groups.get(beginning);
    if (group) group.push(legs[i]!);
    else groups.set(beginning, [legs[beginning]!, legs[i]!]);
  }
  const merged: Leg[] = [];
  for (let i = 0; i < legs.length; i++) {
    if (first[i] !== i) continue;
    for (const leg of merge(groups.get(i) ?? [legs[i]!])) merged.push(leg);
  }
  return merged;
}

/** Whether two legs have the same addresses and ports, whichever end is the client. */
export function haveSameEnds(a: Leg, b: Leg): boolean {
  if (isSameEnd(a.client, b.client)) return isSameEnd(a.server, b.server);
  return isSameEnd(a.client, b.server) && isSameEnd(a.server, b.client);
}

/** The same for legs of the same ends, whichever of them is the client. */
export function endsHashes(legs: readonly Leg[]): Int32Array {
  const numbers = new TextNumbers();
  const hashes = new Int32Array(legs.length);
  for (let i = 0; i < legs.length; i++) {
    const { client, server } = legs[i]!;
    hashes[i] = numbers.hashOf(client) + numbers.hashOf(server);
  }
  return hashes;
}

export function endpointText(endpoint: Endpoint): string {
  return `${endpoint.address}|${endpoint.port}`;
}

function mergeTuple(legs: Leg[]): Leg[] {
  const [first] = legs as [Leg];
  const { client, clientIsn } = first;
  if (clientIsn !== null && legs.every((l) => l.clientIsn === clientIsn && isSameEnd(l.client, client))) {
    const whole = copy(first);
    for (const leg of legs) if (leg !== first) absorb(whole, leg);
    return [whole];
  }
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
    if (home) {
      const part = oriented(leg, home);
      absorb(home, part);
      if (isBehindFirstData(part, home)) home.wentOn = true;
    } else rest.push(copy(leg));
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

/** Whether a leg that began in the middle shows that the client's first data was answered: another file saw it come again. */
function isBehindFirstData({ clientFirstSequence: number }: Leg, { clientIsn }: Leg): boolean {
  return number !== null && clientIsn !== null && number !== (clientIsn + 1) >>> 0;
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
  if (isSameEnd(leg.client, like.client)) return leg;
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
    dataIgnored: false,
    unanswered: null,
    wentOn: false,
    witnesses: [],
    clientReset: leg.serverReset,
    serverReset: leg.clientReset,
    sightings: leg.sightings.map((s) => ({ ...s, fromClient: !s.fromClient })),
  };
}

/** For `absorb`, which leaves the leg as it is. */
export function copy(leg: Leg): Leg {
  return { ...leg };
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
  into.dataIgnored ||= leg.dataIgnored;
  into.unanswered ??= leg.unanswered;
  into.wentOn ||= leg.wentOn;
  into.witnesses = [...into.witnesses, ...leg.witnesses];
  into.clientReset ||= leg.clientReset;
  into.serverReset ||= leg.serverReset;
  into.standsFor = Math.max(into.standsFor, leg.standsFor);
  into.firstTime = earlier(into.firstTime, leg.firstTime);
  into.lastTime = later(into.lastTime, leg.lastTime);
  into.sightings = into.sightings.concat(leg.sightings);
}

function earlier(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}

function later(a: bigint | null, b: bigint | null): bigint | null {
  if (a === null || b === null) return a ?? b;
  return a > b ? a : b;
}

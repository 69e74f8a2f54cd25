/**
 * Which legs are one attempt. Linux NAT changes addresses and ports but keeps the client's initial sequence
 * number, the IP identification and the TCP timestamps, so the same packet is told on both sides of it, on
 * whichever node it was translated, and without trusting two clocks to agree.
 */
import type { Sighting } from '../model/sighting.js';
import { Groups } from './groups.js';
import type { Leg } from './leg.js';
import { sharedHashes } from './likeness.js';
import { endpointText } from './merge.js';

/**
 * An initial sequence number that this many clients chose is no random number (a generator that starts every
 * connection at 0, a SYN-proxy): then it says nothing.
 */
export const MAX_CLIENTS_PER_ISN = 4;

/** NAT makes a handful of legs of one attempt. More than this many are a scanner's, with one number for all. */
export const MAX_LEGS_PER_ISN = 16;

/** Groups of legs, each group one attempt, in the order of their first leg. */
export function linkLegs(legs: readonly Leg[]): Leg[][] {
  const groups = new Groups(legs.length);
  const byIsn = new Map<number, number[]>();
  const mayShare = sharedHashes(new Int32Array(legs.map((leg) => leg.clientIsn ?? 0)));
  for (let i = 0; i < legs.length; i++) {
    const { clientIsn } = legs[i]!;
    if (clientIsn === null || mayShare[i] === 0) continue;
    const same = byIsn.get(clientIsn);
    if (same) same.push(i);
    else byIsn.set(clientIsn, [i]);
  }
  for (const [isn, members] of byIsn) {
    if (members.length > 1) linkBucket(legs, members, isn, groups);
  }
  return groups.collect(legs);
}

function linkBucket(legs: readonly Leg[], members: number[], isn: number, groups: Groups): void {
  const clients = new Set(members.map((i) => endpointText(legs[i]!.client)));
  const isRandom = isn !== 0 && clients.size <= MAX_CLIENTS_PER_ISN && members.length <= MAX_LEGS_PER_ISN;
  if (!isRandom) {
    linkByTimestamps(legs, members, groups);
    return;
  }
  for (let a = 0; a < members.length; a++) {
    for (let b = a + 1; b < members.length; b++) {
      if (samePackets(legs[members[a]!]!, legs[members[b]!]!)) groups.join(members[a]!, members[b]!);
    }
  }
}

/** Legs whose number says nothing: only those that share a timestamped packet, found without comparing all pairs. */
function linkByTimestamps(legs: readonly Leg[], members: number[], groups: Groups): void {
  const bySyn = new Map<string, number>();
  const byTimestamp = new Map<number, number>();
  const join = (i: number, first: number | undefined) => {
    if (first !== undefined && !parallel(legs[first]!, legs[i]!)) groups.join(first, i);
  };
  for (const i of members) {
    for (const identity of identities(legs[i]!, true)) {
      const first = bySyn.get(identity);
      if (first === undefined) bySyn.set(identity, i);
      else join(i, first);
    }
    for (const value of timestamps(legs[i]!)) if (!byTimestamp.has(value)) byTimestamp.set(value, i);
  }
  for (const i of members) for (const echo of echoedTimestamps(legs[i]!)) join(i, byTimestamp.get(echo));
}

/** Of two legs that share a random initial sequence number. */
function samePackets(one: Leg, other: Leg): boolean {
  if (parallel(one, other)) return false;
  const shares = (withoutTimestamps: boolean) => {
    const known = new Set(identities(one, !withoutTimestamps));
    return identities(other, !withoutTimestamps).some((identity) => known.has(identity));
  };
  if (shares(false)) return true;
  if (echoes(one, other) || echoes(other, one)) return true;
  if (one.serverIsn !== null && other.serverIsn !== null) return one.serverIsn === other.serverIsn;
  if (shares(true)) return true;
  // Other tries were captured on each side, or nothing but the number identifies them: one end must be unchanged.
  return (
    endpointText(one.client) === endpointText(other.client) ||
    endpointText(one.server) === endpointText(other.server)
  );
}

/** What tells a SYN from every other one with its sequence number. */
function identities(leg: Leg, timestampedOnly: boolean): string[] {
  const result: string[] = [];
  for (const s of leg.sightings) {
    if (s.kind !== 'syn') continue;
    if (s.timestampValue === null && (timestampedOnly || s.identification === null)) continue;
    result.push(`${s.timestampValue} ${s.identification} ${s.window}`);
  }
  return result;
}

/** Whether a SYN-ACK of one leg echoes the timestamp of a SYN of the other. */
function echoes(replied: Leg, asked: Leg): boolean {
  const values = new Set(timestamps(asked));
  return echoedTimestamps(replied).some((echo) => values.has(echo));
}

/** Of a leg's SYNs. */
function timestamps(leg: Leg): number[] {
  return leg.sightings.flatMap((s) =>
    s.kind === 'syn' && s.timestampValue !== null ? [s.timestampValue] : [],
  );
}

/** Of a leg's SYN-ACKs: the timestamps of the SYNs that they answer. */
function echoedTimestamps(leg: Leg): number[] {
  return leg.sightings.flatMap((s) =>
    s.kind === 'syn-ack' && s.timestampEchoReply !== null ? [s.timestampEchoReply] : [],
  );
}

/**
 * Whether SYNs of both went the same way through the same capture point with the same hop limit: then no
 * translation lies between them, and they are two attempts.
 */
function parallel(one: Leg, other: Leg): boolean {
  const places = new Set(one.sightings.filter((s) => s.kind === 'syn').map(placeOf));
  return other.sightings.some((s) => s.kind === 'syn' && places.has(placeOf(s)));
}

export function placeOf(s: Sighting): string {
  const { capture, interface: name } = s.point;
  return `${capture} ${name} ${s.direction} ${s.ttl} ${s.encapsulations.length} ${s.etherDestination}`;
}

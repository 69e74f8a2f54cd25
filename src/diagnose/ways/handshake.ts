/** Who sent again, which tells how far a handshake got. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { farthestOf as farthestPacket } from '../loss.js';

/** Why nothing that keeps a reply from its client is the cause. */
export const HAD_REPLY = 'the client had the SYN-ACK: it answered it with its ACK';

/** Whether the client asked again after a reply was sent: it did not get that one. */
export function asksAgain({ traces }: Attempt): boolean {
  const firstReply = traces.findIndex((trace) => trace.role === 'reply');
  return firstReply >= 0 && traces.slice(firstReply).some((trace) => trace.role === 'request');
}

/** The client's segments that follow the handshake, as far as they are kept. */
export function acknowledgmentsOf({ others }: Attempt): Sighting[] {
  return others.filter((s) => s.kind === 'ack' && s.fromClient);
}

/**
 * Whether a connection that its client takes as made never came to be: the server sends its SYN-ACK again and nothing
 * else, for the client's ACK and data do not reach it (RFC 9293 section 3.5).
 */
export function isHalfOpen(attempt: Attempt): boolean {
  return (
    attempt.protocol === 'tcp' &&
    attempt.outcome === 'established' &&
    attempt.replies > 1 &&
    attempt.legs.every((leg) => !leg.serverSpoke)
  );
}

/** Whether a connection that is made gets no further: what comes next is not answered, or reset by who knows of none. */
export function isStuck({ unanswered, disowned }: Attempt): boolean {
  return unanswered !== null || disowned;
}

/** Whether it was made at both ends, and gets on. */
export function getsOn(attempt: Attempt): boolean {
  return attempt.outcome === 'established' && !isStuck(attempt) && !isHalfOpen(attempt);
}

/** Each router that passes a packet on takes one from its hop limit. */
export function farthestOf(acks: readonly Sighting[]): Sighting | null {
  let last: Sighting | null = null;
  for (const ack of acks) if (last === null || isFarther(ack, last)) last = ack;
  return last;
}

function isFarther(a: Sighting, b: Sighting): boolean {
  return a.ttl < b.ttl || (a.ttl === b.ttl && a.time !== null && b.time !== null && a.time > b.time);
}

/** What was seen of a connection that its client takes as made and its server does not. */
export interface Unconcluded {
  /** The client's ACK, where it was seen last. */
  ack: Sighting;
  /** The SYN, where it was seen last: there the ACK should have been. */
  syn: Sighting;
  /** The SYN-ACK that was sent again, where the ACK should have been; null where data alone was, of the client's. */
  again: Sighting | null;
  /** The ACK came as far, and what lost it lies beyond. */
  arrived: boolean;
}

/** Whether the server gives no sign that it had anything behind the client's SYN. */
function isUnheard(attempt: Attempt): boolean {
  return attempt.unanswered === 'request' && attempt.legs.every((leg) => !leg.serverSpoke);
}

/** @returns null where the connection is made, or does not show that it is not */
export function unconcluded(attempt: Attempt): Unconcluded | null {
  const isSilent = isUnheard(attempt);
  if (!isSilent && !isHalfOpen(attempt)) return null;
  const acks = acknowledgmentsOf(attempt).filter((s) => !s.forOther);
  const ack = farthestOf(acks);
  const syn = farthestPacket(attempt, 'request')?.last;
  if (!ack || !syn || syn.forOther) return null;
  const again = repeatedAt(attempt, syn);
  return again || isSilent ? { ack, syn, again, arrived: acks.some((s) => isAsFar(s, syn)) } : null;
}

/** Seen where the SYN was seen last, on the same side of the node. */
function isAsFar({ point, direction }: Sighting, syn: Sighting): boolean {
  return (
    isSameStation(point, syn.point) &&
    (direction === null || syn.direction === null || direction === syn.direction)
  );
}

/** The SYN-ACK that was sent again, at the node where the SYN was seen last; null where that does not show it. */
function repeatedAt({ traces }: Attempt, { point }: Sighting): Sighting | null {
  const here = traces
    .filter(({ role }) => role === 'reply')
    .flatMap(({ sightings }) => sightings.find((s) => isSameStation(s.point, point)) ?? []);
  return here.length > 1 ? here.at(-1)! : null;
}

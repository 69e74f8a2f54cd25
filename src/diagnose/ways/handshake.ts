/** Who sent again, which tells how far a handshake got. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Sighting } from '../../model/sighting.js';

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

/** Each router that passes a packet on takes one from its hop limit. */
export function farthestOf(acks: readonly Sighting[]): Sighting | null {
  let last: Sighting | null = null;
  for (const ack of acks) if (last === null || isFarther(ack, last)) last = ack;
  return last;
}

function isFarther(a: Sighting, b: Sighting): boolean {
  return a.ttl < b.ttl || (a.ttl === b.ttl && a.time !== null && b.time !== null && a.time > b.time);
}

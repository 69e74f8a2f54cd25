import type { Attempt } from './attempt.js';
import { isSilentPort, serviceOf } from './datagram-ports.js';

/** What is sent more often in the same words is a heartbeat, and no question. */
const MOST_TRIES = 12;

/** By the list of attempts: who was seen to answer. A list is asked about many attempts, and does not change. */
const answering = new WeakMap<readonly Attempt[], ReadonlySet<string>>();

/**
 * Whether silence is a fault: TCP, a protocol that owes every request a reply, a request to a VIP that the client sent
 * again, or one to a server that was seen to answer another. A lone datagram to a port of which nothing is known may be
 * one that nobody answers; a lone echo may be one that a firewall, or a VIP that is no interface's, leaves unanswered by design.
 *
 * @param all the attempts of the same analysis
 */
export function expectsReply(attempt: Attempt, all: readonly Attempt[]): boolean {
  if (attempt.protocol === 'tcp') return true;
  if (attempt.replies > 0) return true;
  // Of an address that nobody asked about, a heartbeat in the same words is no retry.
  if (attempt.vip !== null && isAskedAgain(attempt)) return true;
  const owed = attempt.legs.some(({ server }) => server.port !== null && serviceOf(server.port) !== null);
  return owed || answeringServers(all).has(serverKey(attempt));
}

/** In the manner of a client that wants an answer. */
function isAskedAgain({ protocol, tries, server }: Attempt): boolean {
  if (protocol !== 'udp' || server.port === null || isSilentPort(server.port)) return false;
  return tries > 1 && tries <= MOST_TRIES;
}

function answeringServers(all: readonly Attempt[]): ReadonlySet<string> {
  let known = answering.get(all);
  if (!known) {
    const answered = all.filter((attempt) => attempt.replies > 0);
    known = new Set(answered.map(serverKey));
    answering.set(all, known);
  }
  return known;
}

function serverKey({ protocol, server }: Attempt): string {
  return `${protocol} ${server.address} ${server.port}`;
}

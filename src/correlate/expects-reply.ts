import type { Attempt } from './attempt.js';
import { serviceOf } from './datagram-ports.js';

/** By the list of attempts: who was seen to answer. A list is asked about many attempts, and does not change. */
const answering = new WeakMap<readonly Attempt[], ReadonlySet<string>>();

/**
 * Whether silence is a fault: TCP, a protocol that owes every request a reply, a request to a VIP that
 * the client sent again, or one to a server that was seen to answer another. A lone datagram to a port of which nothing is known may be one that
 * nobody answers; a lone echo may be one that a firewall, or a VIP that is no interface's, leaves unanswered by design.
 *
 * @param all the attempts of the same analysis
 */
export function expectsReply(attempt: Attempt, all: readonly Attempt[]): boolean {
  if (attempt.protocol === 'tcp') return true;
  if (attempt.traces.some((trace) => trace.role === 'reply')) return true;
  // Of an address that nobody asked about, a heartbeat in the same words is no retry.
  if (attempt.protocol === 'udp' && attempt.tries > 1 && attempt.vip !== null) return true;
  const owed = attempt.legs.some(({ server }) => server.port !== null && serviceOf(server.port) !== null);
  return owed || answeringServers(all).has(serverKey(attempt));
}

function answeringServers(all: readonly Attempt[]): ReadonlySet<string> {
  let known = answering.get(all);
  if (!known) {
    const answered = all.filter((attempt) => attempt.traces.some((trace) => trace.role === 'reply'));
    known = new Set(answered.map(serverKey));
    answering.set(all, known);
  }
  return known;
}

function serverKey({ protocol, server }: Attempt): string {
  return `${protocol} ${server.address} ${server.port}`;
}

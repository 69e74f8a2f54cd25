/**
 * A UDP server that listens on all addresses answers from the one that its route back prefers, unless it takes care
 * (ip(7), IP_PKTINFO). Where that is another than was asked, the two ways of one exchange have no pair of addresses in
 * common: the answer looks like a flow of its own.
 */
import type { Endpoint } from '../model/analysis.js';
import type { Sighting } from '../model/sighting.js';
import type { Attempt } from './attempt.js';
import type { Aligned } from './causal-order.js';

/** A client waits no longer for its answer: resolv.conf(5), ns. */
const AWAITED = 5_000_000_000n;

/**
 * Gives unanswered UDP requests the answers that their server sent from another of its addresses
 * (`Attempt.otherSource`).
 *
 * @returns the attempts without those that are such answers
 */
export function takeOtherSources(attempts: readonly Attempt[], aligned: Aligned): Attempt[] {
  const oneWay = new Map<string, Attempt[]>();
  for (const attempt of attempts) {
    const to = attempt.protocol === 'udp' ? receiverOf(attempt) : null;
    if (!to) continue;
    const key = keyOf(to);
    const known = oneWay.get(key);
    if (known) known.push(attempt);
    else oneWay.set(key, [attempt]);
  }
  const taken = new Set<Attempt>();
  for (const request of attempts) {
    if (request.protocol !== 'udp' || request.outcome !== 'no-reply') continue;
    for (const attempt of oneWay.get(keyOf(request.client)) ?? []) {
      const answers = answersTo(request, attempt, aligned);
      if (attempt === request || answers.length === 0) continue;
      request.otherSource.push(...answers);
      taken.add(attempt);
    }
  }
  return attempts.filter((attempt) => !taken.has(attempt));
}

function receiverOf({ outcome, client, server }: Attempt): Endpoint | null {
  // By its port the sender may look like a server or like a client.
  if (outcome === 'reply-only') return client;
  return outcome === 'no-reply' || outcome === 'refused' ? server : null;
}

function keyOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}

/** Of what was sent one way, what the node that took a request in sent out itself, soon after. */
function answersTo(request: Attempt, oneWay: Attempt, aligned: Aligned): Sighting[] {
  const asked = request.traces.map(({ sightings }) => sightings.at(-1)!);
  const arrived = asked.filter((last) => last.direction === 'in');
  const sent = oneWay.legs.flatMap((leg) => leg.sightings).filter((s) => s.kind === 'datagram');
  return sent.filter(
    (s) =>
      s.direction === 'out' &&
      s.encapsulations.length === 0 &&
      request.legs.every((leg) => leg.server.address !== s.source.address) &&
      !sent.some((other) => other.direction === 'in' && isAt(other, s)) &&
      arrived.some((last) => isAt(last, s) && isSoonAfter(s, last, aligned)),
  );
}

function isAt({ point: a }: Sighting, { point: b }: Sighting): boolean {
  return a.node === b.node && a.netns === b.netns;
}

function isSoonAfter(answer: Sighting, request: Sighting, aligned: Aligned): boolean {
  const [from, to] = [aligned(request), aligned(answer)];
  return from !== null && to !== null && to >= from && to - from < AWAITED;
}

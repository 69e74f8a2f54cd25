import { endpointLabel } from '../model/endpoint.js';
import type { Attempt } from './attempt.js';

/**
 * Whether a UDP exchange or a ping was answered as its client asked, though the reply was not seen to go back where the
 * request had come from. Nothing but TCP acknowledges a reply: that no more is seen of the client is no sign that it
 * got none.
 */
export function isAnswered(attempt: Attempt): boolean {
  const { protocol, outcome, client, server } = attempt;
  if (protocol === 'tcp' || outcome !== 'unacknowledged') return false;
  // Not before: of most attempts no traces were made yet.
  const reply = attempt.traces.findLast((trace) => trace.role === 'reply')?.sightings.at(-1);
  if (!reply) return false;
  return (
    endpointLabel(reply.source) === endpointLabel(server) &&
    endpointLabel(reply.destination) === endpointLabel(client)
  );
}

import type { Endpoint, Outcome } from './analysis.js';
import { endpointLabel } from './endpoint.js';

interface Asked {
  protocol: string;
  outcome: Outcome;
  client: Endpoint;
  server: Endpoint;
}

interface Ends {
  source: Endpoint;
  destination: Endpoint;
}

/**
 * Whether a UDP exchange or a ping was answered as its client asked, though the reply was not seen to go back where the
 * request had come from. Nothing but TCP acknowledges a reply: that no more is seen of the client is no sign that it
 * got none.
 *
 * @param lastReply where the reply was seen last; of most attempts it is not asked for
 */
export function isAnsweredBy(
  { protocol, outcome, client, server }: Asked,
  lastReply: () => Ends | undefined,
): boolean {
  if (protocol === 'tcp' || outcome !== 'unacknowledged') return false;
  const reply = lastReply();
  if (!reply) return false;
  return (
    endpointLabel(reply.source) === endpointLabel(server) &&
    endpointLabel(reply.destination) === endpointLabel(client)
  );
}

import type { AnalysisAttempt } from '../model/analysis.js';
import { endpointLabel } from '../model/endpoint.js';

/**
 * Whether an attempt is one of those that totals count as answered (`correlate/answered.ts`), by the path that is listed
 * of it.
 */
export function isAnswered({ protocol, outcome, client, server, path }: AnalysisAttempt): boolean {
  if (protocol === 'tcp' || outcome !== 'unacknowledged') return false;
  const reply = path.findLast((step) => step.role === 'reply');
  if (!reply) return false;
  return (
    endpointLabel(reply.source) === endpointLabel(server) &&
    endpointLabel(reply.destination) === endpointLabel(client)
  );
}

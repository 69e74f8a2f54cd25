import type { Attempt } from '../../correlate/attempt.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { DiagnosisContext } from '../context.js';
import { isWatchedAfterAsking } from '../cut-short.js';
import { lateReply } from './late-reply.js';

/**
 * One that wanted no more than the reply. Whose kernel does not take a reply, for the addresses that it bears or for a
 * filter, still waits for the right one, and sends its SYN again. That came with the addresses that were asked, as far as
 * it was seen.
 */
export function isHalfOpenClient(attempt: Attempt, context: DiagnosisContext): boolean {
  const { protocol, outcome, tries, client, server } = attempt;
  if (protocol !== 'tcp' || outcome !== 'rejected' || tries !== 1 || lateReply(attempt)) return false;
  const reply = attempt.traces.findLast(({ role }) => role === 'reply')?.sightings.at(-1);
  const isAsAsked =
    reply !== undefined &&
    endpointLabel(reply.source) === endpointLabel(server) &&
    endpointLabel(reply.destination) === endpointLabel(client);
  return isAsAsked && isWatchedAfterAsking(attempt, context);
}

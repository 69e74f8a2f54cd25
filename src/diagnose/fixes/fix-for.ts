import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId, Endpoint } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { DiagnosisContext } from '../context.js';
import { distinctAttempts, errandOf } from './errand.js';
import { type Remedy, repair } from './repair.js';
import type { Errand } from './trial.js';

/** Connections that differ in the client's port alone go the same way; of others, this many are tried. */
const TRIED = 40;

/** What is lost because the reply goes another way than the request came: only that way mends it. */
export const BACK: ReadonlySet<CauseId> = new Set(['wrong-gateway', 'stateful-gateway']);

/**
 * What would get a finding's packets through, to the connection's end, tried on a copy of the snapshots; by the node's
 * settings alone, whatever the cause. There is none where nothing that is known of helps, or where the snapshots do not
 * suffice to try.
 *
 * @param attempts those that the finding explains
 */
export function fixFor(cause: CauseId, attempts: readonly Attempt[], context: DiagnosisContext): Remedy {
  const errands = errandsOf(cause, attempts, context);
  return repair({ network: context.network, errands, services: distinctServers(context), anyone: false });
}

/** The connections that a fix for the cause is tried with. */
export function errandsOf(cause: CauseId, attempts: readonly Attempt[], context: DiagnosisContext): Errand[] {
  return distinctAttempts(attempts)
    .slice(0, TRIED)
    .map((attempt) => errandOf(attempt, context, BACK.has(cause)));
}

/** What clients asked for, also those that got it. */
function distinctServers(context: DiagnosisContext): Endpoint[] {
  const byLabel = new Map<string, Endpoint>();
  for (const { server } of context.attempts) byLabel.set(endpointLabel(server), server);
  return [...byLabel.values()];
}

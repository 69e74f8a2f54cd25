import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId, Fix } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';

/**
 * What would get a finding's packets through, to the connection's end, tried on a copy of the snapshots; by the node's
 * settings alone, whatever the cause.
 *
 * @param attempts those that the finding explains
 * @returns null where nothing that is known of helps, or where the snapshots do not suffice to try
 */
export function fixFor(
  _cause: CauseId,
  _attempts: readonly Attempt[],
  _context: DiagnosisContext,
): Fix | null {
  return null;
}

import type { Attempt } from '../../correlate/attempt.js';
import type { Evidence } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import { evidence } from '../evidence.js';
import { lossOf } from '../loss.js';
import { isAtClient } from './client-side.js';
import { asksAgain, isHalfOpen } from './handshake.js';

/** Whether the server sends its SYN-ACK again, though the client does not ask again. */
export function isUnconfirmed(attempt: Attempt, context: DiagnosisContext): boolean {
  if (isHalfOpen(attempt)) return true;
  if (attempt.protocol !== 'tcp' || attempt.outcome !== 'reply-lost') return false;
  if (asksAgain(attempt) || attempt.replies < 2) return false;
  const loss = lossOf(attempt);
  return loss !== null && !isAtClient(attempt, loss.last, context);
}

/** @param node where that was seen */
export function repeatedEvidence({ replies }: Attempt, node: string): Evidence {
  return evidence('capture', `the SYN-ACK was sent ${replies} times, and nothing else came of the server`, {
    node,
  });
}

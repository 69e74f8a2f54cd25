import type { Attempt } from '../../correlate/attempt.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { DiagnosisContext } from '../context.js';
import { getsOn } from '../ways/handshake.js';
import { remembered } from '../ways/remembered.js';

/** More of them are no accident. */
const MOST_GONE = 2;

/** One of a few whose client never asked again for what was answered, where the server's other clients are served. */
export function isGone({ protocol, outcome, server }: Attempt, context: DiagnosisContext): boolean {
  if (protocol !== 'tcp' || outcome !== 'reply-lost') return false;
  const { isServing, lost, isRepeated } = recordsOf(null, context).get(endpointLabel(server))!;
  return isServing && lost <= MOST_GONE && !isRepeated;
}

interface ServerRecord {
  isServing: boolean;
  /** Attempts whose reply was lost, and whether a client of one asked again. */
  lost: number;
  isRepeated: boolean;
}

/** By server. */
const recordsOf = remembered(
  () => null,
  (_: null, { attempts }): ReadonlyMap<string, ServerRecord> => {
    const records = new Map<string, ServerRecord>();
    for (const attempt of attempts) {
      const { outcome, server, tries } = attempt;
      const key = endpointLabel(server);
      const record = records.get(key) ?? { isServing: false, lost: 0, isRepeated: false };
      records.set(key, record);
      if (getsOn(attempt)) record.isServing = true;
      if (outcome !== 'reply-lost') continue;
      record.lost++;
      if (tries !== 1) record.isRepeated = true;
    }
    return records;
  },
);

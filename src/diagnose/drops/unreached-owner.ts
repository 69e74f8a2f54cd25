/** Requests that never came to the node that has their address, which does not answer who asks for it there. */
import type { Attempt } from '../../correlate/attempt.js';
import { isSameStation } from '../../model/station.js';
import type { DiagnosisContext } from '../context.js';
import { lossOf } from '../loss.js';
import {
  vainAskerBefore,
  vainAskerEvidence,
  vainAskerGap,
  vainAskerText,
} from '../neighbours/vain-askers.js';
import type { KnownOfLoss } from './known-of-loss.js';

/** @returns null where nobody asks for the node in vain, or the request came to it */
export function unreachedOwner(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const loss = lossOf(attempt);
  if (loss?.role !== 'request' || loss.made) return null;
  const asker = vainAskerBefore(attempt.server.address, context);
  if (!asker || asker.sender === attempt.client.address) return null;
  if (loss.trace.sightings.some(({ point }) => isSameStation(point, asker.station))) return null;
  return { words: vainAskerText(asker), evidence: vainAskerEvidence(asker), gap: vainAskerGap(asker) };
}

import type { CauseId } from '../../model/analysis.js';
import { type Cause, cause } from '../cause.js';
import { LOSSES_AND_REFUSALS } from '../symptom.js';
import { concludeDrop } from './conclude.js';
import { type DropProof, examineDrop } from './examine.js';

/** A cause by which a node's own settings or rules drop the packet; the walk through the nodes tells which. */
export function dropCause(id: CauseId): Cause {
  return cause<DropProof>({
    id,
    symptoms: LOSSES_AND_REFUSALS,
    applies: ({ network }) => network.isKnown,
    examine: (attempt, context) => examineDrop(id, attempt, context),
    conclude: (suspicions, context) => concludeDrop(id, suspicions, context),
  });
}

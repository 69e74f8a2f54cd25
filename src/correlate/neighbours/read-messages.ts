import { toNanoseconds } from '../../model/time.js';
import type { CapturePoints } from '../capture-points.js';
import type { NeighbourRow } from './kept-messages.js';
import type { NeighbourMessage } from './message.js';

/** The messages that a capture's table has kept, in their order. */
export function readMessages(rows: readonly NeighbourRow[], points: CapturePoints): NeighbourMessage[] {
  return rows.map((row) => {
    const { claim, packet } = row;
    const point = points.point(row.interface, row.isIfindex);
    const { etherSource, etherDestination, sender, target } = claim;
    return {
      ...claim,
      point,
      direction: points.direction(point, row.packetType, etherSource, etherDestination, sender, target),
      time: Number.isNaN(row.seconds) ? null : toNanoseconds(row.seconds, row.nanoseconds),
      packet,
    };
  });
}

import { toNanoseconds } from '../../model/time.js';
import type { CapturePoints } from '../capture-points.js';
import type { NeighbourMessage } from './message.js';
import type { NeighbourTable } from './neighbour-table.js';

/** The messages that a capture's table has kept so far, in the order of the capture. */
export function readMessages(table: NeighbourTable, points: CapturePoints): NeighbourMessage[] {
  return table.rows().map((row) => {
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

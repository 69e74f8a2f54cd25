import type { Encapsulation } from '../../model/sighting.js';
import type { NeighbourRow } from '../neighbours/kept-messages.js';
import type { PassedOver } from './interest.js';
import type { UnfollowedCounts } from './unfollowed.js';

/** The used part of the tables that `src/wasm/layout.ts` describes: rows of words of four octets. */
export interface TableContents {
  /** `FLOW_`; a row whose state is 0 is free. */
  flows: Int32Array;
  /** `CELL_`: the flows' sightings. */
  cells: Int32Array;
  /** `FRAME_` */
  frames: Int32Array;
  /** `SERVED_` */
  servers: Int32Array;
  /** IPv6 addresses, of sixteen octets each. */
  addresses: Uint8Array;
}

/** What one capture left behind, as plain data: it can be posted from one thread to another. */
export interface Observations extends TableContents {
  /** What `FRAME_TUNNELS` counts from 1. */
  encapsulations: readonly (readonly Encapsulation[])[];
  /** Addresses that ICMP errors came from: what `CELL_ICMP_FROM` counts from 1. */
  icmpSenders: readonly string[];
  /** Addresses that datagrams to a whole link bore. */
  broadcasts: readonly string[];
  neighbours: {
    /** In the order of the capture. */
    rows: readonly NeighbourRow[];
    /** Messages that are not kept for want of room, and that repeat none that is. */
    leftOut: number;
  };
  /** What there was no room for. */
  unfollowed: UnfollowedCounts;
  /** Flows that there are. */
  count: number;
  /** Flows that there was room for. */
  capacity: number;
  /**
   * Connections were counted and let go before it showed that packets are not in the order of their times: copies of
   * theirs that came later may have been counted once more.
   */
  isMiscounted: boolean;
  /** What was passed over as nobody asked for it; null where all connections are wanted. */
  passedOver: PassedOver | null;
}

/** Whether there is more in the capture than was looked at. */
export function hasPassedOver({ passedOver }: Observations): boolean {
  return passedOver !== null && passedOver.packets > 0;
}

/** The same in memory of its own, so that the capture's tables can be let go. */
export function detached(observations: Observations): Observations {
  const { flows, cells, frames, servers, addresses } = observations;
  return {
    ...observations,
    flows: flows.slice(),
    cells: cells.slice(),
    frames: frames.slice(),
    servers: servers.slice(),
    addresses: addresses.slice(),
  };
}

/** What need not be copied when detached observations are posted. */
export function transferable(observations: Observations): ArrayBuffer[] {
  const { flows, cells, frames, servers, addresses, passedOver } = observations;
  const notes = passedOver ? [passedOver.notes, passedOver.wanted] : [];
  return [flows, cells, frames, servers, addresses, ...notes].map(({ buffer }) => buffer as ArrayBuffer);
}

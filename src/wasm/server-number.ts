/** Which server a connection was for: of its legs, the one whose SYN had travelled least has it as the client addressed it. */
import { hasSiblings, sibling } from './flows';
import {
  CELL_FRAME,
  CELL_PACKET,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_FIRST_SIGHTING,
  FLOW_PORTS,
  FLOW_STATE,
  STATE_CLIENT_IS_B,
  STATE_VERSION,
  TTL_SHIFT,
} from './layout';
import { get } from './rows';
import { internServer } from './served';
import { cellAt } from './sightings';
import { NONE } from './intern-table';

/** Of the servers that a connection was for before and after NAT; `NONE` where two addresses do not tell them. */
export function serverNumber(row: u32): u32 {
  const front = frontOf(row);
  const address = serverOf(front);
  let back = address;
  let next = row;
  do {
    const server = serverOf(next);
    next = sibling(next);
    if (server === address) continue;
    if (back !== address && back !== server) return NONE;
    back = server;
  } while (next !== row);
  const state = get(front, FLOW_STATE);
  const ports = get(front, FLOW_PORTS);
  const port = (state & STATE_CLIENT_IS_B) !== 0 ? ports >>> 16 : ports & 0xffff;
  return internServer(address, back, (port << 4) | (state & STATE_VERSION));
}

function serverOf(row: u32): u32 {
  return get(row, (get(row, FLOW_STATE) & STATE_CLIENT_IS_B) !== 0 ? FLOW_ADDRESS_A : FLOW_ADDRESS_B);
}

/** The leg whose SYN had travelled least. */
function frontOf(row: u32): u32 {
  if (!hasSiblings(row)) return row;
  let front = row;
  let least = rankOf(row);
  for (let next = sibling(row); next !== row; next = sibling(next)) {
    const rank = rankOf(next);
    if (rank < least) {
      least = rank;
      front = next;
    }
  }
  return front;
}

/** By hops, then by the order in the file. */
function rankOf(row: u32): u64 {
  const at = cellAt(get(row, FLOW_FIRST_SIGHTING) - 1);
  const hops = 255 - ((load<u32>(at, CELL_FRAME << 2) >>> TTL_SHIFT) & 0xff);
  return ((<u64>hops) << 32) | <u64>load<u32>(at, CELL_PACKET << 2);
}

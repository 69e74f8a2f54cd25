/** Which connections met nothing: each packet of the handshake once at each place, and both ends closed it. */
import { sibling } from './flows';
import {
  CELL_FRAME,
  CELL_ID_WINDOW,
  CELL_NEXT,
  CELL_TIMESTAMP_VALUE,
  EXTENT_NEXT,
  EXTENT_SECOND,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_FIRST_SIGHTING,
  FLOW_OLDER,
  FLOW_PORTS,
  FLOW_SERVER_SEQUENCE,
  FLOW_SIGHTINGS,
  FLOW_STATE,
  KIND_ACK,
  KIND_SHIFT,
  KIND_SYN,
  KIND_SYN_ACK,
  STATE_CLIENT_KNOWN,
  STATE_FINISHED,
  STATE_ICMP_ERROR,
  STATE_LOST,
  STATE_ODD,
  STATE_RESET,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_UNANSWERED,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from './layout';
import { get } from './rows';
import { cellAt } from './sightings';

/** More sightings than a dozen interfaces have of a handshake show something else. */
const MOST_SIGHTINGS: u32 = 48;

const MADE: u32 = STATE_SYN | STATE_SYN_ACK | STATE_CLIENT_KNOWN | STATE_FINISHED;
const TOLD: u32 =
  MADE | STATE_RESET | STATE_ICMP_ERROR | STATE_LOST | STATE_UNANSWERED | TRANSPORT_UDP | TRANSPORT_ECHO;
const HANDSHAKE: u32 = (1 << KIND_SYN) | (1 << KIND_SYN_ACK) | (1 << KIND_ACK);

/** A connection as it should be: each packet of its handshake once at each place, and no error of it. */
export function isPlain(row: u32): bool {
  if ((get(row, FLOW_STATE) & TOLD) !== MADE || !isApart(row)) return false;
  const count = get(row, FLOW_SIGHTINGS);
  if (count === 3 && (get(row, FLOW_STATE) & STATE_ODD) === 0) return true;
  const first = get(row, FLOW_FIRST_SIGHTING);
  let kinds: u32 = 0;
  for (let cell = first; cell !== 0; ) {
    const at = cellAt(cell - 1);
    const link = load<u32>(at, CELL_NEXT << 2);
    if ((link & EXTENT_SECOND) !== 0) return false;
    kinds |= 1 << ((load<u32>(at, CELL_FRAME << 2) >>> KIND_SHIFT) & 7);
    cell = link & EXTENT_NEXT;
  }
  if (kinds !== HANDSHAKE) return false;
  return count === 3 || (count <= MOST_SIGHTINGS && isOnceAtEachPlace(first));
}

/** Whether the one before it of the same ends is another connection for certain: its beginning was seen. */
function isApart(row: u32): bool {
  const older = get(row, FLOW_OLDER);
  if (older === 0) return true;
  const state = get(older - 1, FLOW_STATE);
  // At the end, it may have been let go already.
  return state === 0 || (state & (STATE_SYN | STATE_SYN_ACK)) !== 0;
}

function isOnceAtEachPlace(first: u32): bool {
  for (let one = first; one !== 0; ) {
    const at = cellAt(one - 1);
    const packed = load<u32>(at, CELL_FRAME << 2);
    one = load<u32>(at, CELL_NEXT << 2) & EXTENT_NEXT;
    for (let other = one; other !== 0; ) {
      const to = cellAt(other - 1);
      const changed = load<u32>(to, CELL_FRAME << 2) ^ packed;
      if (changed === 0) return false;
      // Of one kind: copies of one packet.
      if (((changed >>> KIND_SHIFT) & 7) === 0) {
        if (load<u32>(at, CELL_TIMESTAMP_VALUE << 2) !== load<u32>(to, CELL_TIMESTAMP_VALUE << 2))
          return false;
        if (load<u32>(at, CELL_ID_WINDOW << 2) !== load<u32>(to, CELL_ID_WINDOW << 2)) return false;
      }
      other = load<u32>(to, CELL_NEXT << 2) & EXTENT_NEXT;
    }
  }
  return true;
}

/** Whether the legs of a ring are plain, of one connection, and no two have the same ends: one would be a late sighting. */
export function areOneConnection(row: u32): bool {
  const number = get(row, FLOW_SERVER_SEQUENCE);
  let next = row;
  do {
    if (get(next, FLOW_SERVER_SEQUENCE) !== number || !isPlain(next)) return false;
    for (let other = sibling(next); other !== row; other = sibling(other)) {
      if (haveSameEnds(next, other)) return false;
    }
    next = sibling(next);
  } while (next !== row);
  return true;
}

function haveSameEnds(one: u32, other: u32): bool {
  return (
    get(one, FLOW_PORTS) === get(other, FLOW_PORTS) &&
    get(one, FLOW_ADDRESS_A) === get(other, FLOW_ADDRESS_A) &&
    get(one, FLOW_ADDRESS_B) === get(other, FLOW_ADDRESS_B)
  );
}

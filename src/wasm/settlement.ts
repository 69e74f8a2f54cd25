/**
 * Which flows are over, and which of those are counted and let go: connections that were made, came to an end, and met
 * nothing on the way, but for a sample (`sample.ts`).
 *
 * The legs of one connection (before and after NAT) are told by their initial sequence numbers, and go together.
 */
import {
  hasSiblings,
  insert,
  isCrowded,
  isNewest,
  leaveTogether,
  MOST_SIBLINGS,
  openAt,
  openSlots,
  remove,
  reopen,
  setCrowd,
  settle,
  sibling,
} from './flows';
import {
  CELL_FRAME,
  CELL_ID_WINDOW,
  CELL_NEXT,
  CELL_PACKET,
  CELL_TIMESTAMP_VALUE,
  EXTENT_NEXT,
  EXTENT_SECOND,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_SIGHTING,
  FLOW_LAST_SECONDS,
  FLOW_OLDER,
  FLOW_PORTS,
  FLOW_SERVER_SEQUENCE,
  FLOW_SIGHTINGS,
  FLOW_STATE,
  KIND_ACK,
  KIND_SHIFT,
  KIND_SYN,
  KIND_SYN_ACK,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_FINISHED,
  STATE_ICMP_ERROR,
  STATE_LOST,
  STATE_ODD,
  STATE_RESET,
  STATE_SETTLED,
  STATE_SHARE_SHIFT,
  STATE_SPOKE,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_VERSION,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
  TTL_SHIFT,
} from './layout';
import { freeRow, get, rowsEnd, set } from './rows';
import { bitsFor, isOfSample, lets } from './sample';
import { countKept, countServed, forgetKept, internServer, servedTotal, uncountKept } from './served';
import { cellAt, freeCells } from './sightings';
import { NONE } from './intern-table';
import { isFiltering } from './interest';
import { isDisordered } from './order';
import { noteRow } from './wanted';

/** A connection that is silent for longer is seldom heard again, s. A client that has no answer asks after 1, 3 and 7. */
const IDLE_SECONDS: i32 = 4;

/** More sightings than a dozen interfaces have of a handshake show something else. */
const MOST_SIGHTINGS: u32 = 48;

const MADE: u32 = STATE_SYN | STATE_SYN_ACK | STATE_CLIENT_KNOWN | STATE_FINISHED;
const TOLD: u32 = MADE | STATE_RESET | STATE_ICMP_ERROR | STATE_LOST | TRANSPORT_UDP | TRANSPORT_ECHO;
const DATAGRAM: u32 = TRANSPORT_UDP | TRANSPORT_ECHO;
const HANDSHAKE: u32 = (1 << KIND_SYN) | (1 << KIND_SYN_ACK) | (1 << KIND_ACK);

/** Both ends of a connection have closed it. */
export function finished(row: u32): void {
  if (!hasSiblings(row)) {
    if (lets() && isPlain(row) && decide(row)) release(row);
    else settle(row);
    return;
  }
  let legs: u32 = 0;
  let leg = row;
  let areNewest = true;
  do {
    if (++legs > MOST_SIBLINGS) {
      settle(row);
      return;
    }
    const state = get(leg, FLOW_STATE);
    // One that is not over is waited for.
    if ((state & STATE_FINISHED) !== STATE_FINISHED && (state & STATE_SETTLED) === 0) return;
    areNewest = areNewest && isNewest(leg);
    leg = sibling(leg);
  } while (leg !== row);
  const isOut = areNewest && lets() && areOneConnection(row) && decide(row);
  if (isOut) leaveTogether(legs);
  let next = row;
  do {
    const after = sibling(next);
    if (isOut) release(next);
    else if ((get(next, FLOW_STATE) & STATE_SETTLED) === 0 && isNewest(next)) settle(next);
    next = after;
  } while (next !== row);
}

/**
 * Adds an instance of what was looked up last, in front of `older` (-1 for none). -1 where there is no room.
 *
 * @param now s
 */
export function insertFlow(older: i32, now: u32): i32 {
  if (isCrowded()) {
    sweep(now);
    // Where the older one was put away, it would stay in its index beside the new one.
    reopen();
  }
  return insert(older);
}

/** Puts away what is over or silent. */
function sweep(now: u32): void {
  const slots = openSlots();
  // A slot that is emptied may be filled by one behind it.
  for (let slot: u32 = 0; slot < slots; ) {
    const row = openAt(slot);
    if (row >= 0 && isOver(row, now)) settle(row);
    if (openAt(slot) === row) slot++;
  }
  setCrowd();
}

/** At the end of the capture: lets go what is over and not of the sample, of which each then says what it stands for. */
export function letGo(): void {
  if (!lets()) return;
  const end = rowsEnd();
  forgetKept();
  for (let row: u32 = 0; row < end; row++) {
    if (isWhole(row)) countKept(serverNumber(row));
  }
  for (let row: u32 = 0; row < end; row++) {
    if (!isWhole(row)) continue;
    const server = serverNumber(row);
    const bits = bitsFor(server);
    if (isKept(row, bits)) {
      setShare(row, bits);
      continue;
    }
    uncountKept(server);
    countServed(server);
    // Nobody looks for one any more.
    freeAll(row);
  }
}

/** Whether connections were let go of which copies may have come later, and were counted once more. */
export function isMiscounted(): bool {
  return isDisordered() && servedTotal() > 0;
}

/** Whether the row stands for its connection, and that met nothing. */
function isWhole(row: u32): bool {
  if (!isPlain(row)) return false;
  return !hasSiblings(row) || (isFirstOfRing(row) && areOneConnection(row));
}

/** Of all legs of a connection. */
function setShare(row: u32, bits: u32): void {
  let next = row;
  do {
    set(next, FLOW_STATE, get(next, FLOW_STATE) | (bits << STATE_SHARE_SHIFT));
    next = sibling(next);
  } while (next !== row);
}

function freeAll(row: u32): void {
  let next = row;
  let legs: u32 = 0;
  do {
    const after = sibling(next);
    free(next);
    next = after;
    legs++;
  } while (next !== row);
  leaveTogether(legs);
}

function isFirstOfRing(row: u32): bool {
  let legs: u32 = 0;
  for (let next = sibling(row); next !== row; next = sibling(next)) {
    if (next < row || ++legs > MOST_SIBLINGS) return false;
  }
  return true;
}

function isOver(row: u32, now: u32): bool {
  const state = get(row, FLOW_STATE);
  if ((state & STATE_FINISHED) === STATE_FINISHED || (state & STATE_RESET) !== 0) return true;
  if ((state & DATAGRAM) !== 0 && (state & STATE_SPOKE) === STATE_SPOKE) return true;
  return <i32>(now - get(row, FLOW_LAST_SECONDS)) > IDLE_SECONDS;
}

/** Whether the legs of a ring are plain, of one connection, and no two have the same ends: one would be a late sighting. */
function areOneConnection(row: u32): bool {
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

/** A connection as it should be: each packet of its handshake once at each place, and no error of it. */
function isPlain(row: u32): bool {
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

/** Whether a connection is let go, and then counted. */
function decide(row: u32): bool {
  const server = serverNumber(row);
  if (isKept(row, bitsFor(server))) {
    countKept(server);
    return false;
  }
  countServed(server);
  return true;
}

function isKept(row: u32, bits: u32): bool {
  return isOfSample(bits, get(row, FLOW_CLIENT_SEQUENCE), get(row, FLOW_SERVER_SEQUENCE));
}

/** Of the servers that a connection was for before and after NAT; `NONE` where two addresses do not tell them. */
function serverNumber(row: u32): u32 {
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

function release(row: u32): void {
  remove(row);
  free(row);
}

function free(row: u32): void {
  if (isFiltering()) noteRow(row);
  freeCells(row);
  freeRow(row);
}

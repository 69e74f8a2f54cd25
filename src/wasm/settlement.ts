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
  FLOW_CLIENT_SEQUENCE,
  FLOW_LAST_SECONDS,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
  STATE_FINISHED,
  STATE_RESET,
  STATE_SETTLED,
  STATE_SHARE_SHIFT,
  STATE_SPOKE,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from './layout';
import { freeRow, get, rowsEnd, set } from './rows';
import { bitsFor, isOfSample, lets } from './sample';
import { countKept, countServed, forgetKept, servedTotal, uncountKept } from './served';
import { freeCells } from './sightings';
import { isFiltering } from './interest';
import { isDisordered } from './order';
import { noteRow } from './wanted';
import { areOneConnection, isPlain } from './plain';
import { serverNumber } from './server-number';

/** A connection that is silent for longer is seldom heard again, s. A client that has no answer asks after 1, 3 and 7. */
const IDLE_SECONDS: i32 = 4;

const DATAGRAM: u32 = TRANSPORT_UDP | TRANSPORT_ECHO;

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

function release(row: u32): void {
  remove(row);
  free(row);
}

function free(row: u32): void {
  if (isFiltering()) noteRow(row);
  freeCells(row);
  freeRow(row);
}

/** The rows of flows: one array, of which those that are let go are used again, the last first. */

import { hash, mix } from './hash';
import {
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_OLDER,
  FLOW_PORTS,
  FLOW_SHIFT,
  FLOW_STATE,
  STATE_TRANSPORT,
} from './layout';
import { allocate } from './memory';

let base: usize = 0;
let capacity: u32 = 0;
/** Rows that were ever in use. */
let end: u32 = 0;
/** The first of those that are free again, plus 1. */
let free: u32 = 0;
let count: u32 = 0;
/**
 * Something there was no room for. From then on no row is begun any more, even where one is free again: of a
 * connection whose first packets were passed over, the later ones would tell a wrong story.
 */
let closed: bool = false;

/** Begins no rows any more. */
export function close(): void {
  closed = true;
}

export function isClosed(): bool {
  return closed;
}

export function reserveRows(most: u32): void {
  capacity = most;
  base = allocate((<usize>most) << FLOW_SHIFT);
}

export function rowsBase(): usize {
  return base;
}

export function rowsEnd(): u32 {
  return end;
}

export function rowsInUse(): u32 {
  return count;
}

/** Half of all rows that there are room for are in use. */
export function areRowsScarce(): bool {
  return count > capacity >>> 1;
}

/** Where a row's words are. */
export function rowAt(row: u32): usize {
  return base + ((<usize>row) << FLOW_SHIFT);
}

export function get(row: u32, field: u32): u32 {
  return load<u32>(rowAt(row) + (field << 2));
}

export function set(row: u32, field: u32, value: u32): void {
  store<u32>(rowAt(row) + (field << 2), value);
}

/** A row of zeros; -1 where there is no room, or was none before. */
export function takeRow(): i32 {
  if (closed) return -1;
  let row = end;
  if (free !== 0) {
    row = free - 1;
    free = get(row, FLOW_OLDER);
    clear(rowAt(row));
  } else if (end < capacity) {
    end++;
  } else {
    close();
    return -1;
  }
  count++;
  return <i32>row;
}

/** A call of memory.fill takes longer than eight stores. */
function clear(at: usize): void {
  store<u64>(at, 0);
  store<u64>(at, 0, 8);
  store<u64>(at, 0, 16);
  store<u64>(at, 0, 24);
  store<u64>(at, 0, 32);
  store<u64>(at, 0, 40);
  store<u64>(at, 0, 48);
  store<u64>(at, 0, 56);
}

export function freeRow(row: u32): void {
  set(row, FLOW_STATE, 0);
  set(row, FLOW_OLDER, free);
  free = row + 1;
  count--;
}

export function keyHash(row: u32): u32 {
  return <u32>keyMix(row);
}

/** All bits of the hash. */
export function keyMix(row: u32): u64 {
  const at = rowAt(row);
  return mix(
    load<u32>(at, FLOW_ADDRESS_A << 2),
    load<u32>(at, FLOW_ADDRESS_B << 2),
    load<u32>(at, FLOW_PORTS << 2),
  );
}

export function numberHash(number: u32): u32 {
  return hash(number, 0, 0);
}

export function hasKey(row: u32, a: u32, b: u32, ports: u32, transport: u32): bool {
  const at = rowAt(row);
  return (
    load<u32>(at, FLOW_PORTS << 2) === ports &&
    load<u32>(at, FLOW_ADDRESS_A << 2) === a &&
    load<u32>(at, FLOW_ADDRESS_B << 2) === b &&
    (load<u32>(at, FLOW_STATE << 2) & STATE_TRANSPORT) === transport
  );
}

/** The cells of sightings: one array, of which single ones that are let go are used again. */
import {
  CELL_NEXT,
  CELL_SHIFT,
  EXTENT_NEXT,
  EXTENT_SECOND,
  FLOW_FIRST_SIGHTING,
  FLOW_LAST_SIGHTING,
} from './layout';
import { allocate } from './memory';
import { close, get } from './rows';

/** One cell in so many is kept for flows that are known. */
const KEPT_BACK: u32 = 8;

let base: usize = 0;
let capacity: u32 = 0;
/** Cells beyond which no flows are begun any more, so that there is room for what comes of those that are known. */
let crowded: u32 = 0;
/** Cells that were ever in use. */
let end: u32 = 0;
/** The first of those that are free again, plus 1. */
let free: u32 = 0;

export function reserveCells(most: u32): void {
  capacity = most;
  crowded = most - most / KEPT_BACK;
  base = allocate((<usize>most) << CELL_SHIFT);
}

export function cellsBase(): usize {
  return base;
}

export function cellsEnd(): u32 {
  return end;
}

export function cellAt(cell: u32): usize {
  return base + ((<usize>cell) << CELL_SHIFT);
}

/** How many sightings there is room for besides those that are free again, at two cells each. */
export function cellsLeft(): u32 {
  return (capacity - end) >>> 1;
}

/** The same for all words of a sighting of one cell to be written. */
export function takeCell(): i32 {
  if (free === 0) return takeCells(1);
  const cell = free - 1;
  free = load<u32>(cellAt(cell), CELL_NEXT << 2);
  return <i32>cell;
}

/**
 * A sighting's cell, or two cells in a row, of zeros; -1 where all are in use.
 *
 * @param cells 1 or 2
 */
export function takeCells(cells: u32): i32 {
  if (cells === 1 && free !== 0) {
    const cell = free - 1;
    const at = cellAt(cell);
    free = load<u32>(at, CELL_NEXT << 2);
    store<u64>(at, 0);
    store<u64>(at, 0, 8);
    store<u64>(at, 0, 16);
    store<u64>(at, 0, 24);
    return <i32>cell;
  }
  if (end + cells > crowded) {
    close();
    if (end + cells > capacity) return -1;
  }
  const cell = end;
  end += cells;
  return <i32>cell;
}

export function nextCell(cell: u32): u32 {
  return load<u32>(cellAt(cell), CELL_NEXT << 2) & EXTENT_NEXT;
}

/** Lets go of a flow's sightings, which are of one cell each. */
export function freeCells(row: u32): void {
  const first = get(row, FLOW_FIRST_SIGHTING);
  if (first === 0) return;
  // They are linked already: no cell but the last is touched.
  store<u32>(cellAt(get(row, FLOW_LAST_SIGHTING) - 1), free, CELL_NEXT << 2);
  free = first;
}

/**
 * The records of a pcap file, as long as their packets are plain. They are taken some at a time: what of the tables
 * they need is touched for all of them before the first is dealt with, so that the misses of the cache overlap.
 */
import { touchRow, touchSlot } from './flows';
import { isForeign } from './foreign';
import { wantsNumbers } from './interest';
import { readSegment, Segment } from './read-segment';
import { observe } from './segment';
import { allocate } from './memory';

const TS_SECONDS = 0;
const TS_FRACTION = 4;
const CAPTURED = 8;
const HEADER: usize = 16;

/** Segments of a batch. */
const BATCH: u32 = 32;
const SEGMENT_SIZE: u32 = 64;
const batch: usize = allocate(BATCH * SEGMENT_SIZE);
/** Where the record behind each ends. */
const ends: usize = allocate(BATCH * <u32>sizeof<usize>());

// The earliest and the latest time, as seconds in the upper half and nanoseconds in the lower.
let first: u64 = u64.MAX_VALUE;
let last: u64 = 0;
let stopped: usize = 0;
let touched: u32 = 0;

/**
 * Takes in records from `at` on, until one that is not plain, not whole, or damaged.
 *
 * @param unit nanoseconds in a unit of the fraction
 * @param most octets that a packet can have
 * @param packets before the first record
 * @returns how many were taken in; `scanStopped` has where it ended
 */
export function scan(
  at: usize,
  end: usize,
  linkType: u32,
  isSwapped: bool,
  unit: u32,
  most: u32,
  packets: u32,
): u32 {
  let number = packets;
  let position = at;
  let isDone = false;
  // Else it depends on which flows are known, to which those before it in the batch may belong.
  const isForeignForSure = !wantsNumbers();
  while (!isDone) {
    let count: u32 = 0;
    let next = position;
    while (count < BATCH && next + HEADER <= end) {
      const captured = read(next + CAPTURED, isSwapped);
      const nanoseconds = read(next + TS_FRACTION, isSwapped) * unit;
      const after = next + HEADER + captured;
      // Some writers let the fraction run past the second.
      if (captured > most || after > end || nanoseconds >= 1_000_000_000) break;
      const segment = segmentAt(count);
      segment.frame = next + HEADER;
      segment.linkType = linkType;
      segment.index = 0;
      segment.seconds = read(next + TS_SECONDS, isSwapped);
      segment.nanoseconds = nanoseconds;
      segment.number = number + count + 1;
      if (!readSegment(segment, after)) break;
      if (isForeignForSure) segment.isForeign = isForeign(segment);
      store<usize>(ends + count * sizeof<usize>(), after);
      next = after;
      count++;
    }
    isDone = count < BATCH;
    if (isForeignForSure) touch(count);
    for (let i: u32 = 0; i < count; i++) {
      const segment = segmentAt(i);
      if (!isForeignForSure) segment.isForeign = isForeign(segment);
      if (!observe(segment)) {
        isDone = true;
        break;
      }
      const time = ((<u64>segment.seconds) << 32) | <u64>segment.nanoseconds;
      if (time < first) first = time;
      if (time > last) last = time;
      position = load<usize>(ends + i * sizeof<usize>());
      number++;
    }
  }
  stopped = position;
  return number - packets;
}

function touch(count: u32): void {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) sum += touchSlot(segmentAt(i).hashed);
  for (let i: u32 = 0; i < count; i++) sum += touchRow(segmentAt(i).hashed);
  // What nothing came of would not be loaded.
  touched = sum;
}

export function scanTouched(): u32 {
  return touched;
}

/** Where the last scan ended. */
export function scanStopped(): usize {
  return stopped;
}

/** The earliest time of what was scanned; that of no packet is later than the latest. */
export function scanFirst(): u64 {
  return first;
}

export function scanLast(): u64 {
  return last;
}

function segmentAt(i: u32): Segment {
  return changetype<Segment>(batch + i * SEGMENT_SIZE);
}

function read(at: usize, isSwapped: bool): u32 {
  const value = load<u32>(at);
  return isSwapped ? bswap<u32>(value) : value;
}

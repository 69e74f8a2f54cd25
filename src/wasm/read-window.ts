/** All that a thread makes of a window's records. */
import { SYN } from '../model/tcp-flags';
import { beginCourses, endCourses, followCourses } from './courses';
import { SEGMENT_SHIFT, SLOT_SEGMENTS, SLOT_SEGMENTS_AT } from './layout';
import { readRecords } from './read-records';
import { IS_OTHER } from './read-segment';
import { segmentAt } from './read-segments';

/** Segments that are looked at while they are in the cache. */
const BATCH: u32 = 128;
/** Segments by which it is told whether it is worth looking for brief connections: */
const PROBE: u32 = 256;
/** where fewer than one in so many is a SYN or SYN-ACK, connections are too long. */
const SEGMENTS_OF_SYN: u32 = 8;

/** How many brief connections the window has that was read last. */
let briefs: u32 = 0;

/**
 * Reads the records of a window as `readRecords` does, also behind packets that are no plain segments; and finds brief
 * connections.
 *
 * @param slot where its segments belong
 * @param mayLetGo brief connections are wanted
 * @param scratch `BRIEF_SCRATCH` octets
 * @returns how many segments there are
 */
export function readWindow(
  slot: usize,
  at: usize,
  end: usize,
  linkType: u32,
  isSwapped: bool,
  unit: u32,
  most: u32,
  wanted: usize,
  mayLetGo: bool,
  scratch: usize,
): u32 {
  const list = slot + <usize>SLOT_SEGMENTS_AT;
  briefs = 0;
  let count: u32 = 0;
  let next = at;
  let looks = false;
  while (true) {
    const room = looks ? BATCH : mayLetGo && count === 0 ? PROBE : <u32>SLOT_SEGMENTS;
    const to = list + ((<usize>count) << SEGMENT_SHIFT);
    const left = min(room, <u32>SLOT_SEGMENTS - count);
    const read = readRecords(next, end, linkType, isSwapped, unit, most, to, left, true, wanted);
    if (count === 0 && mayLetGo && areShort(list, read)) {
      looks = true;
      const octets = segmentAt(list, read - 1).end - at;
      const expected = <u32>min<usize>(SLOT_SEGMENTS, ((end - at) * <usize>read) / octets);
      beginCourses(slot, scratch, expected);
    }
    if (looks) followCourses(next, count, count + read, linkType);
    count += read;
    if (read < room) break;
    next = segmentAt(list, count - 1).end;
  }
  if (looks) briefs = endCourses(count);
  return count;
}

export function briefCount(): u32 {
  return briefs;
}

function areShort(list: usize, count: u32): bool {
  let syns: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const segment = segmentAt(list, i);
    if (!segment.has(IS_OTHER) && (segment.flags & <u8>SYN) !== 0) syns++;
  }
  return syns > 0 && syns * SEGMENTS_OF_SYN >= count;
}

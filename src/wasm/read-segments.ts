/** The records of a classic pcap file, as segments that lie one behind the other. */
import { SEGMENT_SHIFT } from './layout';
import { IS_OTHER, readSegment, Segment } from './read-segment';

export const TS_SECONDS = 0;
export const TS_FRACTION = 4;
const CAPTURED = 8;
export const RECORD_HEADER: usize = 16;

export function segmentAt(list: usize, i: u32): Segment {
  return changetype<Segment>(list + ((<usize>i) << SEGMENT_SHIFT));
}

/** Where a record ends; 0 where it is not whole, or damaged. */
export function recordEnd(at: usize, end: usize, isSwapped: bool, most: u32): usize {
  const start = at + RECORD_HEADER;
  if (start > end) return 0;
  const captured = number(at + CAPTURED, isSwapped);
  // Of 32 bits, the sum of what is damaged could come around.
  return captured > most || captured > end - start ? 0 : start + captured;
}

/**
 * Reads records from `at` on, until one that is not whole or damaged, or the list is full.
 *
 * @param unit nanoseconds in a unit of the fraction
 * @param most octets that a packet can have
 * @param room segments that the list has room for
 * @param goesOn also behind packets that are no plain segments, which are in the list then
 * @returns how many are in the list
 */
export function readSegments(
  at: usize,
  end: usize,
  linkType: u32,
  isSwapped: bool,
  unit: u32,
  most: u32,
  list: usize,
  room: u32,
  goesOn: bool,
): u32 {
  const mostFraction: u32 = 999_999_999 / unit;
  let count: u32 = 0;
  let next = at;
  while (count < room) {
    const behind = recordEnd(next, end, isSwapped, most);
    if (behind === 0) break;
    const fraction = number(next + TS_FRACTION, isSwapped);
    const segment = segmentAt(list, count);
    // Some writers let the fraction run past the second.
    if (fraction > mostFraction || !readSegment(segment, next + RECORD_HEADER, behind, linkType)) {
      if (!goesOn) break;
      segment.traits = <u8>IS_OTHER;
    }
    setRecord(segment, next, behind, isSwapped, unit);
    next = behind;
    count++;
  }
  return count;
}

/** What a segment has of its record: the time, and where that ends. */
export function setRecord(segment: Segment, at: usize, behind: usize, isSwapped: bool, unit: u32): void {
  segment.seconds = number(at + TS_SECONDS, isSwapped);
  segment.nanoseconds = number(at + TS_FRACTION, isSwapped) * unit;
  segment.end = behind;
}

/** Seconds in the upper half, nanoseconds in the lower. */
export function timeOf(seconds: u32, nanoseconds: u32): u64 {
  return ((<u64>seconds) << 32) | <u64>nanoseconds;
}

export function number(at: usize, isSwapped: bool): u32 {
  const value = load<u32>(at);
  return isSwapped ? bswap<u32>(value) : value;
}

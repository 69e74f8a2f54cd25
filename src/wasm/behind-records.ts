import { CAPTURED, number, RECORD_HEADER } from './read-segments';

/**
 * Where the last record ends of those from `at` on that are whole, and not damaged.
 *
 * @param end of what there is
 * @param before records that begin from there on are left
 */
export function behindRecords(at: usize, end: usize, before: usize, isSwapped: bool, most: u32): usize {
  let next = at;
  while (next < before && next + RECORD_HEADER <= end) {
    const captured = number(next + CAPTURED, isSwapped);
    if (captured > most || captured > end - next - RECORD_HEADER) break;
    next += RECORD_HEADER + captured;
  }
  return next;
}

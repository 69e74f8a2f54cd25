import { recordEnd } from './read-segments';

/**
 * Where the last record ends of those from `at` on that are whole, and not damaged.
 *
 * @param end of what there is
 * @param before records that begin from there on are left
 */
export function behindRecords(at: usize, end: usize, before: usize, isSwapped: bool, most: u32): usize {
  let next = at;
  while (next < before) {
    const behind = recordEnd(next, end, isSwapped, most);
    if (behind === 0) break;
    next = behind;
  }
  return next;
}

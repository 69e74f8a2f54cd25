/** The records of a classic pcap file as segments; where most packets are passed over, those that are as runs. */
import { SYN } from '../model/tcp-flags';
import { flagsOf, foreignTcp, readForeignSyn } from './foreign-tcp';
import { IS_RUN, Segment } from './read-segment';
import {
  number,
  readSegments,
  RECORD_HEADER,
  recordEnd,
  segmentAt,
  setRecord,
  timeOf,
  TS_FRACTION,
  TS_SECONDS,
} from './read-segments';
import { WordSet } from './word-set';

/**
 * Reads records as `readSegments` does. Foreign packets without SYN are in runs; of others that are passed over, there is
 * what has to be noted.
 *
 * @param wanted the words of addresses whose packets are (`WordSet`); 0: all are
 */
export function readRecords(
  at: usize,
  end: usize,
  linkType: u32,
  isSwapped: bool,
  unit: u32,
  most: u32,
  list: usize,
  room: u32,
  goesOn: bool,
  wanted: usize,
): u32 {
  if (wanted === 0) return readSegments(at, end, linkType, isSwapped, unit, most, list, room, goesOn);
  const words = changetype<WordSet>(wanted);
  let count: u32 = 0;
  let next = at;
  while (count < room) {
    const segment = segmentAt(list, count);
    if (readRun(segment, next, end, linkType, isSwapped, unit, most, words)) {
      next = segment.end;
      count++;
      if (count === room) break;
    }
    const one = segmentAt(list, count);
    if (
      !readSyn(one, next, linkType, isSwapped, unit) &&
      readSegments(next, end, linkType, isSwapped, unit, most, changetype<usize>(one), 1, true) === 0
    ) {
      break;
    }
    next = one.end;
    count++;
  }
  return count;
}

/** The foreign SYN that `readRun` met last: its TCP header (0 where it met none), and its end. */
let synTcp: usize = 0;
let synEnd: usize = 0;

/**
 * Reads the foreign SYN that `readRun` has just met, as it is noted; false where it met none, or it is more than plain.
 *
 * @param at where the record begins
 */
function readSyn(segment: Segment, at: usize, linkType: u32, isSwapped: bool, unit: u32): bool {
  if (synTcp === 0 || !readForeignSyn(segment, at + RECORD_HEADER, synTcp, synEnd, linkType)) return false;
  setRecord(segment, at, synEnd, isSwapped, unit);
  return true;
}

/** Reads a run; false where there is none. */
function readRun(
  run: Segment,
  at: usize,
  end: usize,
  linkType: u32,
  isSwapped: bool,
  unit: u32,
  most: u32,
  words: WordSet,
): bool {
  const mostFraction: u32 = 999_999_999 / unit;
  let packets: u32 = 0;
  let first: u64 = u64.MAX_VALUE;
  let last: u64 = 0;
  let next = at;
  synTcp = 0;
  while (true) {
    const behind = recordEnd(next, end, isSwapped, most);
    if (behind === 0) break;
    const fraction = number(next + TS_FRACTION, isSwapped);
    if (fraction > mostFraction) break;
    const tcp = foreignTcp(next + RECORD_HEADER, behind, linkType, words);
    if (tcp === 0) break;
    if ((flagsOf(tcp) & SYN) !== 0) {
      synTcp = tcp;
      synEnd = behind;
      break;
    }
    const time = timeOf(number(next + TS_SECONDS, isSwapped), fraction * unit);
    first = min(first, time);
    last = max(last, time);
    next = behind;
    packets++;
  }
  if (packets === 0) return false;
  run.traits = <u8>IS_RUN;
  run.isForeign = true;
  run.a = packets;
  run.end = next;
  run.seconds = <u32>(first >>> 32);
  run.nanoseconds = <u32>first;
  run.sequence = <u32>(last >>> 32);
  run.acknowledgment = <u32>last;
  return true;
}

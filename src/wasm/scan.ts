/**
 * The records of a pcap file, as long as their packets are plain. They are taken some at a time: what of the tables
 * they need is touched for all of them before the first is dealt with, so that the misses of the cache overlap. A
 * thread that reads ahead (`ahead.ts`) may have made segments of them already.
 */
import { touchRow, touchSettled, touchSlot } from './flows';
import { isForeign } from './foreign';
import { pass, wantedAt } from './interest';
import { SEGMENT_SHIFT } from './layout';
import { IS_OTHER, IS_RUN } from './read-segment';
import { readRecords } from './read-records';
import { segmentAt } from './read-segments';
import { observe, setInterface } from './segment';
import { allocate } from './memory';

const SYN: u8 = 2;

/** Segments of a batch. */
const BATCH: u32 = 32;
const batch: usize = allocate(BATCH << SEGMENT_SHIFT);

/** Segments that are made already: where they lie, how many there are and were taken in or left, and how many were looked at. */
let list: usize = 0;
let listed: u32 = 0;
let taken: u32 = 0;
let looked: u32 = 0;
/** Where the record of the next of them begins. */
let nextAt: usize = 0;

// The earliest and the latest time, as seconds in the upper half and nanoseconds in the lower.
let first: u64 = u64.MAX_VALUE;
let last: u64 = 0;
let stopped: usize = 0;
let touched: u32 = 0;

/**
 * Says what was made of the octets that are scanned next.
 *
 * @param segments where they lie
 * @param count how many there are; 0 for none
 * @param at where the record of the first begins
 */
export function beginScan(segments: usize, count: u32, at: usize): void {
  list = segments;
  listed = count;
  taken = 0;
  looked = 0;
  nextAt = at;
}

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
  setInterface(linkType, 0);
  // Its record was left to others, who are done with it.
  if (taken < listed && at === segmentAt(list, taken).end) skip();
  const isListed = taken < listed && at === nextAt;
  let number = packets;
  const wanted = wantedAt();
  stopped = at;
  while (true) {
    const count = isListed
      ? min(BATCH, listed - taken)
      : readRecords(stopped, end, linkType, isSwapped, unit, most, batch, BATCH, false, wanted);
    const from = isListed ? segmentAt(list, taken) : segmentAt(batch, 0);
    const done = take(changetype<usize>(from), count, isListed ? looked - taken : 0, number);
    number += packetsTaken;
    if (isListed) {
      looked = max(looked, taken + lookedAt);
      taken += done;
      nextAt = stopped;
    }
    if (done < count || count < BATCH) break;
  }
  return number - packets;
}

function noteTime(seconds: u32, nanoseconds: u32): void {
  const time = ((<u64>seconds) << 32) | <u64>nanoseconds;
  if (time < first) first = time;
  if (time > last) last = time;
}

function skip(): void {
  nextAt = segmentAt(list, taken).end;
  taken++;
  looked = max(looked, taken);
}

/** Packets of the segments that were taken in last, as a run has more than one; and how many segments were looked at. */
let packetsTaken: u32 = 0;
let lookedAt: u32 = 0;

/**
 * Takes in the segments of a list, up to one that is not plain.
 *
 * @param known how many of them were looked at before
 * @returns how many
 */
function take(segments: usize, count: u32, known: u32, packets: u32): u32 {
  // Not behind one that is left to others: it may have addresses that get their numbers before.
  const plain = behindPlain(segments, count);
  for (let i = known; i < plain; i++) look(segments, i);
  lookedAt = max(known, plain);
  touch(segments, plain);
  let number = packets;
  let i: u32 = 0;
  for (; i < plain; i++) {
    const segment = segmentAt(segments, i);
    if (segment.has(IS_RUN)) {
      number += segment.a;
      pass(segment.a);
      noteTime(segment.sequence, segment.acknowledgment);
    } else if (observe(segment, number + 1)) {
      number++;
    } else {
      break;
    }
    noteTime(segment.seconds, segment.nanoseconds);
    stopped = segment.end;
  }
  packetsTaken = number - packets;
  return i;
}

function behindPlain(segments: usize, count: u32): u32 {
  let i: u32 = 0;
  while (i < count && !segmentAt(segments, i).has(IS_OTHER)) i++;
  return i;
}

function look(segments: usize, i: u32): void {
  const segment = segmentAt(segments, i);
  if (!segment.has(IS_RUN)) segment.isForeign = isForeign(segment);
}

function touch(segments: usize, count: u32): void {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const segment = segmentAt(segments, i);
    if (segment.isForeign) continue;
    sum += touchSlot(segment.hashed);
    // Of ports that are not open, it is looked for among those that are over.
    if ((segment.flags & SYN) !== 0) sum += touchSettled(segment.hashed);
  }
  for (let i: u32 = 0; i < count; i++) {
    const segment = segmentAt(segments, i);
    if (!segment.isForeign) sum += touchRow(segment.hashed);
  }
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

/**
 * The records of a pcap file, as long as their packets are plain. They are taken some at a time: what of the tables
 * they need is touched for all of them before the first is dealt with, so that the misses of the cache overlap. A
 * thread that reads ahead (`ahead.ts`) may have made segments of them already.
 */
import { SYN } from '../model/tcp-flags';
import { areBrief, beginBriefs, decideBriefs, isPassed, partAt } from './briefs';
import { touchRow, touchSettled, touchSlot } from './flows';
import { isForeign } from './foreign';
import { touchGrave } from './graves';
import { pass, wantedAt } from './interest';
import {
  PART_OTHER,
  SEGMENT_SHIFT,
  SLOT_COUNT,
  SLOT_DISORDER,
  SLOT_FIRST,
  SLOT_LAST,
  SLOT_SEGMENTS_AT,
} from './layout';
import { noteDisorder, noteOrder } from './order';
import { IS_OTHER, IS_RUN, Segment } from './read-segment';
import { readRecords } from './read-records';
import { segmentAt, timeOf } from './read-segments';
import { observe, setInterface } from './segment';
import { allocate } from './memory';

/** Segments of a batch. */
const BATCH: u32 = 32;
const batch: usize = allocate(BATCH << SEGMENT_SHIFT);
/** Where the segments are that are taken in together, four octets each. */
const picked: usize = allocate(BATCH << 2);

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
 * @param slot that they lie in; 0: nothing
 * @param at where the record of the first segment begins
 */
export function beginScan(slot: usize, at: usize): void {
  list = slot + <usize>SLOT_SEGMENTS_AT;
  listed = slot === 0 ? 0 : load<u32>(slot, SLOT_COUNT << 2);
  taken = 0;
  looked = 0;
  nextAt = at;
  beginBriefs(slot);
  if (!areBrief()) return;
  // Of those that are passed over, nobody looks at the time.
  first = min(first, load<u64>(slot, SLOT_FIRST << 2));
  last = max(last, load<u64>(slot, SLOT_LAST << 2));
  noteOrder(load<u64>(slot, SLOT_FIRST << 2));
  noteOrder(load<u64>(slot, SLOT_LAST << 2));
  if (load<u32>(slot, SLOT_DISORDER << 2) !== 0) noteDisorder();
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
  stopped = at;
  // Its record was left to others, who are done with it.
  if (taken < listed && at === segmentAt(list, taken).end) leave(taken + 1);
  if (taken < listed && at === nextAt) return takeListed(packets);
  const wanted = wantedAt();
  let number = packets;
  while (true) {
    const read = readRecords(stopped, end, linkType, isSwapped, unit, most, batch, BATCH, false, wanted);
    const count = behindPlain(read);
    const done = take(batch, 0, count, 0, number, false);
    number += packetsTaken;
    if (done > 0) stopped = segmentAt(batch, done - 1).end;
    if (done < count || count < BATCH) break;
  }
  return number - packets;
}

/** The same of segments that are made already. */
function takeListed(packets: u32): u32 {
  let number = packets;
  const hasParts = areBrief();
  touched += decideBriefs(taken);
  while (true) {
    const from = taken;
    let count: u32 = 0;
    let known: u32 = 0;
    let to = from;
    if (hasParts) {
      // What lies beside the segments is looked at, as it does not have to come from another core's cache one by one.
      for (; to < listed && count < BATCH; to++) {
        const part = partAt(to);
        if (part === PART_OTHER) break;
        // Without a branch: which are passed over is nothing that a processor could guess.
        pick(count, to);
        const isTaken = 1 - <u32>isPassed(part);
        known += <u32>(to < looked) & isTaken;
        count += isTaken;
      }
    } else {
      for (; to < listed && count < BATCH && !segmentAt(list, to).has(IS_OTHER); to++) {
        if (to < looked) known++;
        count++;
      }
    }
    const done = take(list, from, count, known, number, hasParts);
    looked = max(looked, to);
    if (done < count) to = placeOf(done, from, hasParts);
    const behind = done === 0 ? from : placeOf(done - 1, from, hasParts) + 1;
    number += packetsTaken + (to - behind);
    leave(to);
    if (done < count || count < BATCH) break;
  }
  return number - packets;
}

/** How many segments of the batch lie before one that is left to others: that may have addresses that get their numbers before. */
function behindPlain(read: u32): u32 {
  let i: u32 = 0;
  while (i < read && !segmentAt(batch, i).has(IS_OTHER)) i++;
  return i;
}

/** Goes on with a segment, as those before it were taken in or left. */
function leave(to: u32): void {
  taken = to;
  looked = max(looked, to);
  if (to > 0) stopped = segmentAt(list, to - 1).end;
  nextAt = stopped;
}

function pick(i: u32, segment: u32): void {
  store<u32>(picked + ((<usize>i) << 2), segment);
}

/** @param isPicked else they are all, from one on */
function placeOf(i: u32, from: u32, isPicked: bool): u32 {
  return isPicked ? load<u32>(picked + ((<usize>i) << 2)) : from + i;
}

function noteTime(seconds: u32, nanoseconds: u32): void {
  const time = timeOf(seconds, nanoseconds);
  if (time < first) first = time;
  if (time > last) last = time;
}

/** Packets of the segments that were taken in last, and of those passed over before them; a run has more than one. */
let packetsTaken: u32 = 0;

/**
 * Takes in the segments of a list that were picked, up to one that is not plain.
 *
 * @param from segments of the list that others were picked from
 * @param known how many of the picked ones were looked at before
 * @param isPicked else all are
 * @returns how many
 */
function take(segments: usize, from: u32, count: u32, known: u32, packets: u32, isPicked: bool): u32 {
  for (let i = known; i < count; i++) look(segmentAt(segments, placeOf(i, from, isPicked)));
  touch(segments, from, count, isPicked);
  let number = packets;
  let expected = from;
  let i: u32 = 0;
  for (; i < count; i++) {
    const place = placeOf(i, from, isPicked);
    const segment = segmentAt(segments, place);
    const before = number + (place - expected);
    if (segment.has(IS_RUN)) {
      number = before + segment.a;
      pass(segment.a);
      noteTime(segment.sequence, segment.acknowledgment);
    } else if (observe(segment, before + 1)) {
      number = before + 1;
    } else {
      break;
    }
    noteTime(segment.seconds, segment.nanoseconds);
    // Where only some are picked, whoever picked them has looked at all.
    if (!isPicked) noteOrder(timeOf(segment.seconds, segment.nanoseconds));
    expected = place + 1;
  }
  packetsTaken = number - packets;
  return i;
}

function look(segment: Segment): void {
  if (!segment.has(IS_RUN)) segment.isForeign = isForeign(segment);
}

function touch(segments: usize, from: u32, count: u32, isPicked: bool): void {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const segment = segmentAt(segments, placeOf(i, from, isPicked));
    if (segment.isForeign) continue;
    sum += touchSlot(segment.hashed);
    // Of ports that are not open, it is looked for among those that are over.
    if ((segment.flags & <u8>SYN) !== 0) sum += touchSettled(segment.hashed) + touchGrave(segment.hashed);
  }
  for (let i: u32 = 0; i < count; i++) {
    const segment = segmentAt(segments, placeOf(i, from, isPicked));
    if (!segment.isForeign) sum += touchRow(segment.hashed);
  }
  // What nothing came of would not be loaded.
  touched += sum;
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

/**
 * The brief connections of a window (`courses.ts`), as they are taken in: each that nothing known before stands against is
 * counted, and its segments are passed over. The others' are taken in one by one.
 */
import { findAddresses } from './addresses';
import { Course } from './course';
import { findOpen, hasNumber, isKnown, touchNumber, touchSettled, touchSlot } from './flows';
import { bury, touchGrave } from './graves';
import { mix } from './hash';
import {
  COURSE_SHIFT,
  SEGMENT_SHIFT,
  SLOT_BRIEF_COUNT,
  SLOT_BRIEFS,
  SLOT_BRIEFS_AT,
  SLOT_PARTS_AT,
} from './layout';
import { allocate } from './memory';
import { IS_FROM_B, Segment } from './read-segment';
import { isClosed } from './rows';
import { isCounted, lets } from './sample';

/** Connections that are looked up at a time, so that the misses of the cache overlap. */
const BATCH: u32 = 32;

let parts: usize = 0;
let briefs: usize = 0;
let count: u32 = 0;
let decided: u32 = 0;
/** An octet each, from 1: whether it was counted. That of 0, which stands for none, stays 0. */
const wasCounted: usize = allocate(<usize>SLOT_BRIEFS + 1);
const key = changetype<Segment>(allocate(1 << SEGMENT_SHIFT));

/** @param slot that is scanned next; 0 for none */
export function beginBriefs(slot: usize): void {
  parts = slot + <usize>SLOT_PARTS_AT;
  briefs = slot + <usize>SLOT_BRIEFS_AT;
  count = slot === 0 ? 0 : load<u32>(slot, SLOT_BRIEF_COUNT << 2);
  decided = 0;
}

/** Whether there are brief connections among what is scanned. */
export function areBrief(): bool {
  return count !== 0;
}

/** Which brief connection a segment is of; 0 for none, or `PART_OTHER`. */
export function partAt(segment: u32): u32 {
  return load<u16>(parts + ((<usize>segment) << 1));
}

/** Whether the connection was counted. `decideBriefs` has to be called before. */
export function isPassed(part: u32): bool {
  return load<u8>(wasCounted + <usize>part) !== 0;
}

/**
 * Counts those that can be. Before their first segments nothing else happens that could be of them.
 *
 * @param taken segments that were taken in
 */
export function decideBriefs(taken: u32): u32 {
  let touched: u32 = 0;
  while (decided < count) {
    let end = decided;
    while (end < count && end - decided < BATCH && <u32>briefAt(end).since <= taken) {
      const brief = briefAt(end);
      touched += touchSlot(brief.hashed) + touchSettled(brief.hashed);
      touched += touchGrave(brief.hashed) + touchNumber(brief.clientSequence);
      end++;
    }
    if (end === decided) break;
    for (; decided < end; decided++) {
      store<u8>(wasCounted + decided + 1, decide(briefAt(decided)) ? 1 : 0);
    }
  }
  return touched;
}

function decide(brief: Course): bool {
  if (!lets() || isClosed() || !setKey(brief)) return false;
  const version = key.version;
  if (findOpen(key.hashed, key.a, key.b, key.ports, version) >= 0 || isKnown()) return false;
  const clientSequence = brief.clientSequence;
  if (hasNumber(clientSequence)) return false;
  const clientIsB = key.has(IS_FROM_B);
  const address = clientIsB ? key.a : key.b;
  const port = clientIsB ? key.ports >>> 16 : key.ports & 0xffff;
  if (!isCounted(address, port, version, clientSequence, brief.serverSequence)) return false;
  bury(mix(key.a, key.b, key.ports), clientSequence);
  return true;
}

/** Makes the key of a connection, as its SYN has it; false where its addresses have no numbers, and so no flow has them. */
function setKey(brief: Course): bool {
  key.traits = brief.traits;
  key.a = brief.a;
  key.b = brief.b;
  key.ports = brief.ports;
  key.hashed = brief.hashed;
  return findAddresses(key);
}

function briefAt(i: u32): Course {
  return changetype<Course>(briefs + ((<usize>i) << COURSE_SHIFT));
}

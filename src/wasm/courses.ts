/**
 * Connections that begin and end in one window, each packet of the handshake seen once and in its order, and nothing else
 * in the window that could be of them: they can be counted without a row of their own (`briefs.ts`). Most connections of
 * a capture that has very many are such ones, and a window's tables stay in a core's cache where those of the capture do
 * not. Whatever is not quite so is left out.
 */
import { ACK, SYN } from '../model/tcp-flags';
import { Course } from './course';
import {
  ACKS_CLIENT,
  ACKS_SERVER,
  ANSWERED,
  ASKED,
  BEARS,
  FLAGS_SHIFT,
  FROM_CLIENT,
  IS_NEXT,
  NEW,
  NOTHING,
  nextOf,
  ODD,
  OVER,
  setUpStates,
} from './course-states';
import { hash } from './hash';
import {
  BRIEF_PLACES,
  COURSE_SHIFT,
  PART_OTHER,
  SLOT_BRIEFS,
  SLOT_BRIEFS_AT,
  SLOT_DISORDER,
  SLOT_FIRST,
  SLOT_LAST,
  SLOT_PARTS_AT,
  SLOT_SEGMENTS,
  SLOT_SEGMENTS_AT,
  STALE_SECONDS,
} from './layout';
import { isNothingToTcp } from './nothing-to-tcp';
import { isBefore } from './order';
import { HAS_PAYLOAD, IS_FROM_B, IS_IPV6, IS_OTHER, Segment } from './read-segment';
import { RECORD_HEADER, segmentAt, timeOf } from './read-segments';

/** The fewer segments a window has, the smaller are the tables: they are cleared for each, and stay in the cache. */
const FEWEST_PLACES: u32 = 1 << 10;

/** Where the slot is. */
let slot: usize = 0;
let list: usize = 0;
let parts: usize = 0;
/** Two octets a place: the number of a course. */
let places: usize = 0;
/** Four octets a place: half of a hash of an initial sequence number, and the number of the course that has it. */
let numbers: usize = 0;
let courses: usize = 0;
let courseCount: u32 = 0;
/** Entries of `numbers`; of either table half of the places are in use at the most. */
let numberCount: u32 = 0;
let mask: u32 = 0;
/** There was no room for more: of those that came then, it is not known which go together. */
let isFull: bool = false;
/** Segments up to and with the last one that may be of any connection. */
let since: u32 = 0;
let first: u64 = 0;
let last: u64 = 0;
let disordered: bool = false;

function courseAt(number: u32): Course {
  return changetype<Course>(courses + ((<usize>(number - 1)) << COURSE_SHIFT));
}

/**
 * @param at where the slot is whose segments are followed next
 * @param scratch `BRIEF_SCRATCH` octets
 * @param expected segments of the window, as far as is known
 */
export function beginCourses(at: usize, scratch: usize, expected: u32): void {
  slot = at;
  list = at + <usize>SLOT_SEGMENTS_AT;
  parts = at + <usize>SLOT_PARTS_AT;
  places = scratch;
  numbers = scratch + <usize>(BRIEF_PLACES << 1);
  courses = numbers + <usize>(BRIEF_PLACES << 2);
  setUpStates(courses + <usize>(SLOT_SEGMENTS << COURSE_SHIFT));
  courseCount = 0;
  since = 0;
  first = u64.MAX_VALUE;
  last = 0;
  disordered = false;
  const size = min<u32>(BRIEF_PLACES, max<u32>(FEWEST_PLACES, 1 << (32 - clz<u32>(expected))));
  mask = size - 1;
  numberCount = 0;
  isFull = false;
  memory.fill(places, 0, (<usize>size) << 1);
  memory.fill(numbers, 0, (<usize>size) << 2);
}

/**
 * Takes in segments, one behind the other.
 *
 * @param at where the record of the first begins
 * @param from the first
 * @param to behind the last
 */
export function followCourses(at: usize, from: u32, to: u32, linkType: u32): void {
  let record = at;
  for (let i = from; i < to; i++) {
    const segment = segmentAt(list, i);
    let part = <u32>PART_OTHER;
    if (segment.has(IS_OTHER)) {
      if (!isNothingToTcp(record + RECORD_HEADER, segment.end, linkType)) since = i + 1;
    } else {
      const time = timeOf(segment.seconds, segment.nanoseconds);
      first = min(first, time);
      if (time >= last) last = time;
      else if (isBefore(time, last)) disordered = true;
      part = follow(segment, i);
    }
    store<u16>(parts + ((<usize>i) << 1), <u16>part);
    record = segment.end;
  }
}

/**
 * Writes the brief connections into the slot, and which segments are of them.
 *
 * @param count of the segments
 * @returns how many brief connections there are, in the order of their SYNs
 */
export function endCourses(count: u32): u32 {
  const briefs = writeBriefs(slot + <usize>SLOT_BRIEFS_AT);
  for (let i: u32 = 0; i < count; i++) {
    const place = parts + ((<usize>i) << 1);
    const part = <u32>load<u16>(place);
    if (part !== 0 && part !== PART_OTHER) store<u16>(place, courseAt(part).brief);
  }
  store<u64>(slot, first, SLOT_FIRST << 2);
  store<u64>(slot, last, SLOT_LAST << 2);
  store<u32>(slot, disordered ? 1 : 0, SLOT_DISORDER << 2);
  return briefs;
}

/**
 * Takes in a segment; the number of its course, 0 where it comes after the end of that. Hardly anything here is decided by
 * a branch: of packets of many connections, a processor could guess none.
 */
function follow(segment: Segment, i: u32): u32 {
  const number = courseOf(segment, i);
  if (number === 0) return 0;
  const course = courseAt(number);
  const before = <u32>course.state;
  const isNew = before === <u32>NEW;
  course.clientSequence = select<u32>(segment.sequence, course.clientSequence, isNew);
  course.since = select<u16>(<u16>since, course.since, isNew);
  let now = nextOf(before, eventOf(course, segment));
  // What may be of any connection came between.
  now = select<u32>(now, ODD, course.since === <u16>since || before === <u32>OVER);
  const isReply = before === <u32>ASKED && now === <u32>ANSWERED;
  course.serverSequence = select<u32>(segment.sequence, course.serverSequence, isReply);
  if (mayBeStale() && isReply && isStale(course, segment)) now = ODD;
  course.state = <u8>now;
  // Last, as it may tell that this is no course to be followed. That of an answer was noted with the SYN, as a rule.
  if ((<u32>segment.flags & SYN) !== 0 && now !== ANSWERED) noteNumber(course, number, segment);
  return select<u32>(0, number, before === <u32>OVER);
}

function eventOf(course: Course, segment: Segment): u32 {
  const flags = <u32>segment.flags;
  return (
    (isSameWay(course, segment) ? FROM_CLIENT : 0) |
    (segment.sequence === course.clientSequence + 1 ? IS_NEXT : 0) |
    (segment.acknowledgment === course.clientSequence + 1 ? ACKS_CLIENT : 0) |
    (segment.acknowledgment === course.serverSequence + 1 ? ACKS_SERVER : 0) |
    (segment.has(HAS_PAYLOAD) ? BEARS : 0) |
    (((flags & 7) | ((flags & ACK) >>> 1)) << FLAGS_SHIFT)
  );
}

/** Whether segments so far are of times that are far enough apart for an answer that comes too late. */
function mayBeStale(): bool {
  return <u32>(last >>> 32) - <u32>(first >>> 32) > <u32>STALE_SECONDS;
}

function isStale(course: Course, segment: Segment): bool {
  return <i32>(segment.seconds - segmentAt(list, course.first).seconds) > STALE_SECONDS;
}

/** The number of the course of a segment's 5-tuple, from 1; 0 where there is no room for another. */
function courseOf(segment: Segment, i: u32): u32 {
  const isIPv6 = segment.has(IS_IPV6);
  let place = (isIPv6 ? hashOf6(segment) : segment.hashed) & mask;
  while (true) {
    const at = places + ((<usize>place) << 1);
    const number = <u32>load<u16>(at);
    if (number === 0) {
      if (courseCount > mask >>> 1) {
        isFull = true;
        return 0;
      }
      store<u16>(at, <u16>++courseCount);
      break;
    }
    const course = courseAt(number);
    if (isIPv6 ? isOf6(course, segment) : isOf4(course, segment)) return number;
    place = (place + 1) & mask;
  }
  const course = courseAt(courseCount);
  course.a = segment.a;
  course.b = segment.b;
  course.ports = segment.ports;
  course.hashed = segment.hashed;
  course.first = <u16>i;
  course.traits = segment.traits;
  course.serverSequence = NOTHING;
  course.state = <u8>NEW;
  course.brief = 0;
  return courseCount;
}

function isOf4(course: Course, segment: Segment): bool {
  return (
    course.ports === segment.ports &&
    course.a === segment.a &&
    course.b === segment.b &&
    (<u32>course.traits & IS_IPV6) === 0
  );
}

function isOf6(course: Course, segment: Segment): bool {
  if ((<u32>course.traits & IS_IPV6) === 0) return false;
  const one = <usize>course.a;
  const other = segment.addresses;
  if (course.ports === segment.ports && isSame(one, other) && isSame(one + 16, other + 16)) return true;
  return course.ports === rotl<u32>(segment.ports, 16) && isSame(one, other + 16) && isSame(one + 16, other);
}

function isSame(one: usize, other: usize): bool {
  return load<u64>(one) === load<u64>(other) && load<u64>(one, 8) === load<u64>(other, 8);
}

/** The same for both directions. */
function hashOf6(segment: Segment): u32 {
  const at = segment.addresses;
  const high = load<u64>(at) + load<u64>(at, 16);
  const low = load<u64>(at, 8) + load<u64>(at, 24);
  const mixed = high * 0xff51afd7ed558ccd + low;
  const ports = segment.ports;
  return hash(<u32>mixed, <u32>(mixed >>> 32), (ports >>> 16) + (ports & 0xffff));
}

/** Whether a segment goes the way of the first one. */
function isSameWay(course: Course, segment: Segment): bool {
  if (!segment.has(IS_IPV6)) return ((<u32>course.traits ^ <u32>segment.traits) & IS_FROM_B) === 0;
  const one = <usize>course.a;
  const other = segment.addresses;
  return course.ports === segment.ports && isSame(one, other) && isSame(one + 16, other + 16);
}

/** Legs of one connection have one number: where two courses have, both are left out. So are a few that only look so. */
function noteNumber(course: Course, number: u32, segment: Segment): void {
  const isReply = (<u32>segment.flags & ACK) !== 0;
  const sequence = isReply ? segment.acknowledgment - 1 : segment.sequence;
  const hashed = hash(sequence, 0, 0);
  const mark = hashed & 0xffff0000;
  let place = hashed & mask;
  while (true) {
    const at = numbers + ((<usize>place) << 2);
    const entry = load<u32>(at);
    if (entry === 0) {
      if (numberCount > mask >>> 1) {
        isFull = true;
        return;
      }
      numberCount++;
      store<u32>(at, mark | number);
      return;
    }
    if ((entry & 0xffff0000) === mark) {
      const other = entry & 0xffff;
      if (other !== number) {
        courseAt(other).state = <u8>ODD;
        course.state = <u8>ODD;
      }
      return;
    }
    place = (place + 1) & mask;
  }
}

/** @returns how many there are */
function writeBriefs(briefs: usize): u32 {
  let count: u32 = 0;
  if (isFull) return 0;
  for (let number: u32 = 1; number <= courseCount && count < <u32>SLOT_BRIEFS; number++) {
    const course = courseAt(number);
    if (<u32>course.state !== OVER) continue;
    copy(briefs + ((<usize>count) << COURSE_SHIFT), changetype<usize>(course));
    course.brief = <u16>++count;
  }
  return count;
}

/** A call of memory.copy takes longer than four stores. */
function copy(to: usize, course: usize): void {
  store<u64>(to, load<u64>(course));
  store<u64>(to, load<u64>(course, 8), 8);
  store<u64>(to, load<u64>(course, 16), 16);
  store<u64>(to, load<u64>(course, 24), 24);
}

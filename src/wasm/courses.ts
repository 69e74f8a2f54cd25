/**
 * Connections that begin and end in one window, each packet of the handshake seen once and in its order, and nothing else
 * in the window that could be of them: they can be counted without a row of their own (`briefs.ts`). Most connections of
 * a capture that has very many are such ones, and a window's tables stay in a core's cache where those of the capture do
 * not. Whatever is not quite so is left out.
 */
import { ACK, FIN, RST, SYN } from '../model/tcp-flags';
import { Course } from './course';
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
  SLOT_SEGMENTS_AT,
  STALE_SECONDS,
} from './layout';
import { isNothingToTcp } from './nothing-to-tcp';
import { isBefore } from './order';
import { HAS_PAYLOAD, IS_FROM_B, IS_IPV6, IS_OTHER, Segment } from './read-segment';
import { RECORD_HEADER, segmentAt, timeOf } from './read-segments';

/** How far a connection is. */
const ODD: u8 = 0;
const ASKED: u8 = 1;
const ANSWERED: u8 = 2;
const MADE: u8 = 3;
const CLIENT_CLOSED: u8 = 4;
const SERVER_CLOSED: u8 = 5;
const OVER: u8 = 6;

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
 */
export function beginCourses(at: usize, scratch: usize): void {
  slot = at;
  list = at + <usize>SLOT_SEGMENTS_AT;
  parts = at + <usize>SLOT_PARTS_AT;
  places = scratch;
  numbers = scratch + <usize>(BRIEF_PLACES << 1);
  courses = numbers + <usize>(BRIEF_PLACES << 2);
  courseCount = 0;
  since = 0;
  first = u64.MAX_VALUE;
  last = 0;
  disordered = false;
  memory.fill(places, 0, BRIEF_PLACES * 6);
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
      part = follow(segment, i);
      const time = timeOf(segment.seconds, segment.nanoseconds);
      first = min(first, time);
      if (time >= last) last = time;
      else if (isBefore(time, last)) disordered = true;
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

/** Takes in a segment; the number of its course, 0 where it comes after the end of that. */
function follow(segment: Segment, i: u32): u32 {
  const number = courseOf(segment, i);
  const course = courseAt(number);
  const before = course.state;
  if (course.first === <u16>i) begin(course, segment);
  else if (before !== ODD && before !== OVER) {
    course.state = course.since === <u16>since ? after(course, segment) : ODD;
  }
  // Last, as it may tell that this is no course to be followed.
  noteNumber(course, number, segment);
  return before === OVER ? 0 : number;
}

function begin(course: Course, segment: Segment): void {
  const flags = <u32>segment.flags;
  if ((flags & (SYN | ACK | RST | FIN)) !== SYN || segment.acknowledgment !== 0) return;
  course.clientSequence = segment.sequence;
  course.since = <u16>since;
  course.state = ASKED;
}

/** How far a connection is with another segment; the rules are those of `segment.ts`, or stricter. */
function after(course: Course, segment: Segment): u8 {
  const flags = <u32>segment.flags;
  if ((flags & RST) !== 0) return ODD;
  const fromClient = isSameWay(course, segment);
  const state = course.state;
  if (state === ASKED) {
    if ((flags & (SYN | ACK | FIN)) !== (SYN | ACK) || fromClient) return ODD;
    if (segment.acknowledgment !== course.clientSequence + 1) return ODD;
    if (<i32>(segment.seconds - segmentAt(list, course.first).seconds) > STALE_SECONDS) return ODD;
    course.serverSequence = segment.sequence;
    return ANSWERED;
  }
  if ((flags & SYN) !== 0) return ODD;
  const isNext = segment.sequence === course.clientSequence + 1;
  if (state === ANSWERED) {
    if (!fromClient || (flags & (ACK | FIN)) !== ACK || !isNext) return ODD;
    return segment.acknowledgment === course.serverSequence + 1 ? MADE : ODD;
  }
  if ((flags & FIN) === 0) {
    // It may be the handshake's ACK, at another interface.
    return fromClient && isNext && !segment.has(HAS_PAYLOAD) ? ODD : state;
  }
  if (state === MADE) return fromClient ? CLIENT_CLOSED : SERVER_CLOSED;
  return fromClient === (state === SERVER_CLOSED) ? OVER : state;
}

/** The number of the course of a segment's 5-tuple, from 1. */
function courseOf(segment: Segment, i: u32): u32 {
  const isIPv6 = segment.has(IS_IPV6);
  let place = <usize>((isIPv6 ? hashOf6(segment) : segment.hashed) & (BRIEF_PLACES - 1));
  while (true) {
    const at = places + (place << 1);
    const number = <u32>load<u16>(at);
    if (number === 0) {
      store<u16>(at, <u16>++courseCount);
      break;
    }
    const course = courseAt(number);
    if (isIPv6 ? isOf6(course, segment) : isOf4(course, segment)) return number;
    place = (place + 1) & (BRIEF_PLACES - 1);
  }
  const course = courseAt(courseCount);
  course.a = segment.a;
  course.b = segment.b;
  course.ports = segment.ports;
  course.hashed = segment.hashed;
  course.first = <u16>i;
  course.traits = segment.traits;
  course.state = ODD;
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
  const flags = <u32>segment.flags;
  if ((flags & SYN) === 0) return;
  const isReply = (flags & ACK) !== 0;
  const sequence = isReply ? segment.acknowledgment - 1 : segment.sequence;
  // It was noted with the SYN, as a rule.
  if (isReply && course.state === ANSWERED) return;
  const hashed = hash(sequence, 0, 0);
  const mark = hashed & 0xffff0000;
  let place = <usize>(hashed & (BRIEF_PLACES - 1));
  while (true) {
    const at = numbers + (place << 2);
    const entry = load<u32>(at);
    if (entry === 0) {
      store<u32>(at, mark | number);
      return;
    }
    if ((entry & 0xffff0000) === mark) {
      const other = entry & 0xffff;
      if (other !== number) {
        courseAt(other).state = ODD;
        course.state = ODD;
      }
      return;
    }
    place = (place + 1) & (BRIEF_PLACES - 1);
  }
}

/** @returns how many there are */
function writeBriefs(briefs: usize): u32 {
  let count: u32 = 0;
  for (let number: u32 = 1; number <= courseCount && count < <u32>SLOT_BRIEFS; number++) {
    const course = courseAt(number);
    if (course.state !== OVER) continue;
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

/**
 * Of a large capture's TCP connections, nearly all have nothing in common with another leg. Hashes of what the tables
 * hold tell them, before any leg is read: a module of its own, with memory of its own, as it is asked of many captures
 * at once. Each loop here is run but once: in JavaScript, that is before V8 has compiled it.
 */
import { hash } from './hash';
import {
  ADDRESS_SHIFT,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_SEQUENCE,
  FLOW_FIRST_NANOSECONDS,
  FLOW_FIRST_SECONDS,
  FLOW_PORTS,
  FLOW_SHIFT,
  FLOW_STATE,
  LONE_CHUNK,
  MARK_LONE,
  MARK_OTHER,
  STATE_LOST,
  STATE_RESET,
  STATE_SPOKE,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_VERSION,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from './layout';
import { allocate, reserve } from './memory';

/** States of a TCP leg that is an attempt by itself; an ICMP error alone makes none. */
const ATTEMPT: u32 = STATE_SYN | STATE_SYN_ACK | STATE_SPOKE | STATE_RESET;
const NUMBERED: u32 = STATE_SYN | STATE_SYN_ACK;
const OTHER: u32 = TRANSPORT_UDP | TRANSPORT_ECHO;

/** Rows of the tables, some at a time, and the IPv6 addresses of their capture. */
let chunk: usize = 0;
let addresses: usize = 0;
/** Of all rows: hashes of both ends, the client's initial sequence number, and a `MARK_`. 0 where there is none. */
let ends: usize = 0;
let numbers: usize = 0;
let marks: usize = 0;
/** Rows by a hash, plus 1. */
let places: usize = 0;
let mask: u32 = 0;
/** Of all rows, the first time: nanoseconds of an epoch. */
let times: usize = 0;
/** What is listed, and room to sort it: words of eight octets. */
let list: usize = 0;
let spare: usize = 0;
let size: u32 = 0;

/**
 * To be called before all else.
 *
 * @param rows of all captures
 * @param mostAddresses IPv6 addresses of one of them
 * @returns false where there is not so much memory
 */
export function setUp(rows: u32, mostAddresses: u32): bool {
  let slots: u32 = 64;
  while (slots < rows * 2) slots *= 2;
  const words = (<u64>rows) << 2;
  const room = (LONE_CHUNK << FLOW_SHIFT) + ((<u64>mostAddresses) << ADDRESS_SHIFT) + ((<u64>slots) << 2);
  // What is given out is of whole lines.
  if (!reserve(room + words * 8 + <u64>rows + 9 * 64)) return false;
  size = rows;
  mask = slots - 1;
  chunk = allocate(LONE_CHUNK << FLOW_SHIFT);
  addresses = allocate((<usize>mostAddresses) << ADDRESS_SHIFT);
  places = allocate((<usize>slots) << 2);
  ends = allocate(<usize>words);
  numbers = allocate(<usize>words);
  times = allocate(<usize>words * 2);
  list = allocate(<usize>words * 2);
  spare = allocate(<usize>words * 2);
  marks = allocate(rows);
  return true;
}

/** Where as many as `LONE_CHUNK` rows are put. */
export function chunkAt(): usize {
  return chunk;
}

export function addressesAt(): usize {
  return addresses;
}

/**
 * Looks at rows that were put to `chunkAt`.
 *
 * @param first the number of the first, of all captures
 */
export function take(count: u32, first: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const at = chunk + ((<usize>i) << FLOW_SHIFT);
    const state = load<u32>(at, FLOW_STATE << 2);
    if (state === 0 || (state & STATE_LOST) !== 0) continue;
    const row = first + i;
    store<u8>(marks + row, MARK_OTHER);
    const seconds = <u64>load<u32>(at, FLOW_FIRST_SECONDS << 2);
    const time = seconds * 1_000_000_000 + <u64>load<u32>(at, FLOW_FIRST_NANOSECONDS << 2);
    store<u64>(times + ((<usize>row) << 3), time);
    if ((state & OTHER) !== 0) continue;
    const version = state & STATE_VERSION;
    const ports = load<u32>(at, FLOW_PORTS << 2);
    const a = endHash(load<u32>(at, FLOW_ADDRESS_A << 2), ports >>> 16, version);
    const b = endHash(load<u32>(at, FLOW_ADDRESS_B << 2), ports & 0xffff, version);
    // The sum is the same whichever end comes first.
    store<u32>(wordAt(ends, row), a + b);
    const isNumbered = (state & NUMBERED) !== 0;
    const number = isNumbered ? load<u32>(at, FLOW_CLIENT_SEQUENCE << 2) : 0;
    store<u32>(wordAt(numbers, row), number);
    // Whose number is 0 is not told from those that have none.
    if ((state & ATTEMPT) !== 0 && a + b !== 0 && (!isNumbered || number !== 0)) {
      store<u8>(marks + row, MARK_LONE);
    }
  }
}

/** When all were looked at: those that share something are not alone. */
export function compare(): void {
  markShared(ends);
  memory.fill(places, 0, (<usize>mask + 1) << 2);
  markShared(numbers);
}

/**
 * Lists the rows of a range that have a mark, as they are numbered from its first: by time, as nearly as 32 bits tell, so
 * that whoever sorts what is made of them has little left to do.
 */
export function listMarked(from: u32, to: u32, mark: u32): u32 {
  let first = u64.MAX_VALUE;
  let last: u64 = 0;
  for (let row = from; row < to; row++) {
    if (<u32>load<u8>(marks + row) !== mark) continue;
    first = min(first, timeOf(row));
    last = max(last, timeOf(row));
  }
  if (first > last) return 0;
  const bits = 64 - clz<u64>(last - first);
  const shift = bits > 32 ? bits - 32 : 0;
  let count: u32 = 0;
  for (let row = from; row < to; row++) {
    if (<u32>load<u8>(marks + row) !== mark) continue;
    store<u64>(list + ((<usize>count) << 3), (((timeOf(row) - first) >>> shift) << 32) | <u64>(row - from));
    count++;
  }
  sort(count);
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(wordAt(list, i), load<u32>(list + ((<usize>i) << 3)));
  }
  return count;
}

/** Where the rows are that were listed, of four octets each. */
export function listAt(): usize {
  return list;
}

function timeOf(row: u32): u64 {
  return load<u64>(times + ((<usize>row) << 3));
}

/** Sorts the list by merging runs, of one at first, then of twice as many. */
function sort(count: u32): void {
  for (let run: u32 = 1; run < count; run *= 2) {
    for (let start: u32 = 0; start < count; start += run * 2) {
      merge(start, min(start + run, count), min(start + run * 2, count));
    }
    const merged = spare;
    spare = list;
    list = merged;
  }
}

/** Merges two runs that lie one behind the other in the list. */
function merge(start: u32, middle: u32, end: u32): void {
  let one = list + ((<usize>start) << 3);
  let other = list + ((<usize>middle) << 3);
  const behindOne = other;
  const behindOther = list + ((<usize>end) << 3);
  for (let to = spare + ((<usize>start) << 3); one < behindOne || other < behindOther; to += 8) {
    if (other === behindOther || (one < behindOne && load<u64>(one) <= load<u64>(other))) {
      store<u64>(to, load<u64>(one));
      one += 8;
    } else {
      store<u64>(to, load<u64>(other));
      other += 8;
    }
  }
}

function markShared(values: usize): void {
  for (let row: u32 = 0; row < size; row++) {
    const value = load<u32>(wordAt(values, row));
    if (value === 0) continue;
    let slot = hash(value, 0, 0) & mask;
    let held = load<u32>(wordAt(places, slot));
    while (held !== 0 && load<u32>(wordAt(values, held - 1)) !== value) {
      slot = (slot + 1) & mask;
      held = load<u32>(wordAt(places, slot));
    }
    if (held === 0) {
      store<u32>(wordAt(places, slot), row + 1);
    } else {
      setShared(held - 1);
      setShared(row);
    }
  }
}

function setShared(row: u32): void {
  if (<u32>load<u8>(marks + row) === MARK_LONE) store<u8>(marks + row, MARK_OTHER);
}

/** @param word an IPv4 address itself, the number of an IPv6 address: that is another in each capture */
function endHash(word: u32, port: u32, version: u32): u32 {
  if (version !== 6) return hash(word, port, version);
  const at = addresses + ((<usize>word) << ADDRESS_SHIFT);
  return hash(hash(load<u32>(at), load<u32>(at, 4), load<u32>(at, 8)), load<u32>(at, 12), port);
}

function wordAt(base: usize, i: u32): usize {
  return base + ((<usize>i) << 2);
}

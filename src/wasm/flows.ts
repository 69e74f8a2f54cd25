/**
 * Flows by 5-tuple (echoes by identifier and sequence number in place of ports). A row is one *instance* of a 5-tuple:
 * when ports are reused, a new one goes in front of the older one, and the index leads to the newest. Ends are ordered
 * (`a` below `b`), so that both directions meet in one row. IPv6 addresses are interned to numbers first.
 *
 * Open flows have an index of their own, which stays as small as the number of connections at one time: with one for
 * all, every packet of a long capture would miss the cache. Those that are over or silent are in another, where a
 * packet that comes late finds them. Open connections are found by the client's initial sequence number as well, which
 * NAT keeps.
 */
import { bury, isBuried, isBuriedAs } from './graves';
import { mix } from './hash';
import {
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_SEQUENCE,
  FLOW_LAST_SIGHTING,
  FLOW_OLDER,
  FLOW_PORTS,
  FLOW_SIBLING,
  FLOW_STATE,
  STATE_SETTLED,
  STATE_SUCCEEDED,
  STATE_TRANSPORT,
} from './layout';
import { RowIndex } from './row-index';
import { get, hasKey, keyHash, keyMix, numberHash, set, takeRow } from './rows';

/** More legs than NAT makes of one connection have one number by chance, or by their generator. */
export const MOST_SIBLINGS: u32 = 8;

const open = new RowIndex(1 << 13);
const settled = new RowIndex(1 << 13);
const numbers = new RowIndex(1 << 12);

/** Rows in the index of open flows beyond which it is looked at for those that are not. */
let crowd: u32 = 1 << 12;

/** What was looked up last. */
let keyA: u32 = 0;
let keyB: u32 = 0;
let keyPorts: u32 = 0;
let keyTransport: u32 = 0;
let keyHashed: u32 = 0;
let keySlot: u32 = 0;
/** Legs beyond the first that are joined with others. */
let extra: u32 = 0;
/** Slots have moved since. */
let isMoved: bool = false;

/** Loads the slot that a hash leads to into the cache. */
export function touchSlot(hashed: u32): u32 {
  return open.entry(hashed & open.mask);
}

export function touchSettled(hashed: u32): u32 {
  return settled.entry(hashed & settled.mask);
}

export function touchNumber(number: u32): u32 {
  return numbers.entry(numberHash(number) & numbers.mask);
}

/** The same with the row behind it, whose slot was loaded before. */
export function touchRow(hashed: u32): u32 {
  const entry = open.entry(hashed & open.mask);
  return entry === 0 ? 0 : get(entry - 1, FLOW_LAST_SIGHTING);
}

/** The slot that leads to the 5-tuple, or the empty one where it would be. */
function slotOfKey(index: RowIndex, hashed: u32, a: u32, b: u32, ports: u32, transport: u32): u32 {
  let slot = index.first(hashed);
  while (true) {
    const entry = index.entry(slot);
    if (entry === 0 || hasKey(entry - 1, a, b, ports, transport)) return slot;
    slot = index.next(slot, hashed);
  }
}

/**
 * The newest open instance, -1 where there is none.
 *
 * @param hashed `hash(a, b, ports)`
 */
export function findOpen(hashed: u32, a: u32, b: u32, ports: u32, transport: u32): i32 {
  keyA = a;
  keyB = b;
  keyPorts = ports;
  keyTransport = transport;
  keyHashed = hashed;
  keySlot = slotOfKey(open, hashed, a, b, ports, transport);
  isMoved = false;
  return <i32>open.entry(keySlot) - 1;
}

/** The slot of what was looked up last. */
function lastSlot(index: RowIndex): u32 {
  return slotOfKey(index, keyHashed, keyA, keyB, keyPorts, keyTransport);
}

/** Whether the newest instance of what was looked up last, which is not open, was counted and let go a short while ago. */
export function isLate(): bool {
  const entry = settled.entry(lastSlot(settled));
  if (entry !== 0) return (get(entry - 1, FLOW_STATE) & STATE_SUCCEEDED) !== 0;
  return isBuried(mix(keyA, keyB, keyPorts));
}

/** Whether a SYN of what was looked up last, or the answer to it, was of a connection that was let go a short while ago. */
export function isLateSyn(number: u32): bool {
  return isBuriedAs(mix(keyA, keyB, keyPorts), number);
}

/** Whether there is an instance of what was looked up last, which is not open. */
export function isKnown(): bool {
  return settled.entry(lastSlot(settled)) !== 0;
}

/** The newest instance of what was looked up last, where that is settled: it is open again. -1 where there is none. */
export function reopen(): i32 {
  const slot = lastSlot(settled);
  const row = <i32>settled.entry(slot) - 1;
  if (row < 0) return -1;
  settled.remove(slot);
  set(row, FLOW_STATE, get(row, FLOW_STATE) & ~(STATE_SETTLED | STATE_SUCCEEDED));
  open.makeRoom();
  open.put(lastSlot(open), row, keyHashed);
  isMoved = true;
  return row;
}

/** Slots of the index of open flows, for looking at all of them. */
export function openSlots(): u32 {
  return open.mask + 1;
}

/** The row that a slot leads to; -1 for none. */
export function openAt(slot: u32): i32 {
  return <i32>open.entry(slot) - 1;
}

export function isCrowded(): bool {
  return open.used >= crowd;
}

/** After those that are over have left: when to look again. */
export function setCrowd(): void {
  crowd = max(crowd, open.used * 2);
}

/** Adds an instance of what was looked up last, in front of `older` (-1 for none). -1 where there is no room. */
export function insert(older: i32): i32 {
  const row = takeRow();
  if (row < 0) return -1;
  set(row, FLOW_ADDRESS_A, keyA);
  set(row, FLOW_ADDRESS_B, keyB);
  set(row, FLOW_PORTS, keyPorts);
  set(row, FLOW_STATE, keyTransport);
  set(row, FLOW_OLDER, older + 1);
  if (open.makeRoom() || isMoved) keySlot = lastSlot(open);
  isMoved = false;
  open.put(keySlot, row, keyHashed);
  return row;
}

/** The slot that leads to an open connection whose client has the initial sequence number, or the empty one where it would be. */
function slotOfNumber(number: u32, hashed: u32): u32 {
  let slot = numbers.first(hashed);
  while (numbers.entry(slot) !== 0 && get(numbers.entry(slot) - 1, FLOW_CLIENT_SEQUENCE) !== number) {
    slot = numbers.next(slot, hashed);
  }
  return slot;
}

export function hasNumber(number: u32): bool {
  return numbers.entry(slotOfNumber(number, numberHash(number))) !== 0;
}

/** Notes the initial sequence number of an open connection's client, and joins it with others that have the same. */
export function setNumber(row: u32, number: u32): void {
  set(row, FLOW_CLIENT_SEQUENCE, number);
  numbers.makeRoom();
  const hashed = numberHash(number);
  const slot = slotOfNumber(number, hashed);
  const entry = numbers.entry(slot);
  if (entry === 0) {
    numbers.put(slot, row, hashed);
    return;
  }
  const other = entry - 1;
  const next = get(other, FLOW_SIBLING);
  set(row, FLOW_SIBLING, next === 0 ? entry : next);
  set(other, FLOW_SIBLING, row + 1);
  extra++;
}

/** How many rows there are more than connections, as legs of one have one number. */
export function extraLegs(): u32 {
  return extra;
}

/** All legs of a connection leave, or the only one. */
export function leaveTogether(legs: u32): void {
  extra -= legs - 1;
}

/** Whether another leg had the same number when it was open. */
export function hasSiblings(row: u32): bool {
  return get(row, FLOW_SIBLING) !== 0;
}

/** The next of the ring, itself where it is alone. */
export function sibling(row: u32): u32 {
  const next = get(row, FLOW_SIBLING);
  return next === 0 ? row : next - 1;
}

/** Whether the row is the newest instance of its 5-tuple. */
export function isNewest(row: u32): bool {
  if ((get(row, FLOW_STATE) & STATE_SETTLED) !== 0) return true;
  return open.entry(open.slotOf(row, keyHash(row))) !== 0;
}

/** Takes the row, the newest of its 5-tuple, out of all indexes for good; the one before it is the newest again. */
export function remove(row: u32): void {
  if ((get(row, FLOW_STATE) & STATE_SETTLED) === 0) withdraw(row);
  else settled.remove(settled.slotOf(row, keyHash(row)));
  bury(keyMix(row), get(row, FLOW_CLIENT_SEQUENCE));
  const older = get(row, FLOW_OLDER);
  if (older === 0) return;
  settle(older - 1);
  set(older - 1, FLOW_STATE, get(older - 1, FLOW_STATE) | STATE_SUCCEEDED);
}

/** Takes the row out of both indexes of open flows. */
function withdraw(row: u32): void {
  const slot = open.entry(keySlot) === row + 1 ? keySlot : open.slotOf(row, keyHash(row));
  if (open.entry(slot) !== 0) {
    open.remove(slot);
    isMoved = true;
  }
  const hashed = numberHash(get(row, FLOW_CLIENT_SEQUENCE));
  const number = numbers.slotOf(row, hashed);
  if (numbers.entry(number) === 0) return;
  // The number then leads to a sibling that is open still.
  let steps: u32 = 0;
  for (let next = sibling(row); next !== row && steps < MOST_SIBLINGS; next = sibling(next), steps++) {
    if ((get(next, FLOW_STATE) & STATE_SETTLED) === 0 && get(next, FLOW_STATE) !== 0) {
      numbers.put(number, next, hashed);
      return;
    }
  }
  numbers.remove(number);
}

/** Puts the row, the newest of its 5-tuple, among those that are over or silent. */
export function settle(row: u32): void {
  withdraw(row);
  set(row, FLOW_STATE, get(row, FLOW_STATE) | STATE_SETTLED);
  settled.makeRoom();
  const hashed = keyHash(row);
  settled.put(settled.slotOf(row, hashed), row, hashed);
}

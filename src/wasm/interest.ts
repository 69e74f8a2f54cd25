/**
 * Which packets are wanted, where only the connections of some addresses (VIPs, and backends that are known) are. A
 * connection under other addresses may be one of theirs behind NAT, which keeps the client's initial sequence number.
 * Which numbers are wanted is known only when every capture was read, so those that were passed over are noted: where
 * one of them is, the capture is read again.
 */
import { InternTable } from './intern-table';
import { allocate } from './memory';

/** Octets of a note, as a power of two: initial sequence number, time stamp of the SYN (0 where there is none). */
const NOTE_SHIFT: usize = 3;
/** Notes that there is room for; beyond, every capture is read again. */
const MOST_NOTES: u32 = 1 << 22;

let isOn: bool = false;
const addresses4 = new InternTable(2, 3);
const addresses6 = new InternTable(4, 4);
const key: usize = allocate(8);

const numbers = new InternTable(2, 3);

let notes: usize = 0;
let noted: u32 = 0;
let isFull: bool = false;

/** From here on, packets of other addresses than those that `wantAddress` was given are passed over. */
export function startFilter(): void {
  isOn = true;
  if (notes === 0) notes = allocate((<usize>MOST_NOTES) << NOTE_SHIFT);
}

export function isFiltering(): bool {
  return isOn;
}

/** @param at where the sixteen octets are */
export function wantAddress6(at: usize): void {
  addresses6.intern(at);
}

export function wantAddress4(address: u32): void {
  store<u64>(key, <u64>address);
  addresses4.intern(key);
}

/** @param number initial sequence number of a client whose connections are wanted */
export function wantNumber(number: u32): void {
  store<u64>(key, <u64>number);
  numbers.intern(key);
}

export function isWanted4(address: u32): bool {
  store<u64>(key, <u64>address);
  return addresses4.find(key) >= 0;
}

export function isWanted6(at: usize): bool {
  return addresses6.find(at) >= 0;
}

/** Whether it is known which numbers are wanted: the capture is read for the second time. */
export function wantsNumbers(): bool {
  return numbers.count !== 0;
}

export function isWantedNumber(number: u32): bool {
  if (!wantsNumbers()) return false;
  store<u64>(key, <u64>number);
  return numbers.find(key) >= 0;
}

/** Notes that the SYN of a connection was passed over, or the SYN-ACK to it. */
export function note(number: u32, stamp: u32): void {
  if (noted === MOST_NOTES) {
    isFull = true;
    return;
  }
  store<u64>(notes + ((<usize>noted) << NOTE_SHIFT), <u64>number | ((<u64>stamp) << 32));
  noted++;
}

/** Where the notes lie, two words each. */
export function notesAt(): usize {
  return notes;
}

export function noteCount(): u32 {
  return noted;
}

/** There were more than could be noted. */
export function isNotesFull(): bool {
  return isFull;
}

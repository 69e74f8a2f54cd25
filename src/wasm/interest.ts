/**
 * Which packets are wanted, where only the connections of some addresses (VIPs, and backends that are known) are. A
 * connection under other addresses may be one of theirs behind NAT, which keeps the client's initial sequence number.
 * Which numbers are wanted is known only when every capture was read, so those that are passed over are noted: where
 * one of them is, the captures are read again, and the server's address is wanted as well.
 *
 * Addresses are looked at as words: those of IPv4 themselves, those of IPv6 mixed into one. Where two have one word,
 * more is taken in than needs be.
 */
import { ACK } from '../model/tcp-flags';
import { clientMark, Notes } from './notes';
import { WordSet } from './word-set';

let isOn: bool = false;
const words = new WordSet();
/** Those of them that were asked for, and not only found to be linked with those. */
const asked = new WordSet();
const numbers = new WordSet();
/** Not all numbers are noted. */
let areNumbersKnown: bool = false;
let passed: u32 = 0;

/** SYNs, and SYN-ACKs, that were passed over; and connections under addresses that are linked with those asked for. */
export const passedNotes = new Notes();
/** Connections under addresses that were asked for. */
export const wantedNotes = new Notes();

/**
 * From here on, packets of other addresses than those that are wanted are passed over.
 *
 * @param askedCount how many addresses will be asked for; and how many more be linked with them
 * @param numberCount how many initial sequence numbers will be; 0 where it is not known which are
 * @param most notes that there is room for, of either kind
 */
export function startFilter(askedCount: u32, linkedCount: u32, numberCount: u32, most: u32): void {
  isOn = true;
  words.reserve(askedCount + linkedCount);
  asked.reserve(askedCount);
  numbers.reserve(numberCount);
  areNumbersKnown = numberCount !== 0;
  passedNotes.reserve(most);
  wantedNotes.reserve(most);
}

export function isFiltering(): bool {
  return isOn;
}

export function wantAsked(word: u32): void {
  words.add(word);
  asked.add(word);
}

export function wantLinked(word: u32): void {
  words.add(word);
}

/** Where the set of words is that are wanted; 0 where nothing is passed over. */
export function wantedAt(): usize {
  return isOn ? changetype<usize>(words) : 0;
}

export function isAsked(word: u32): bool {
  return asked.has(word);
}

/** @param number initial sequence number of a client: others need not be noted */
export function wantNumber(number: u32): void {
  numbers.add(number);
}

/** Whether what is not asked for is noted, by its client's initial sequence number. */
export function isNumberNoted(number: u32): bool {
  return !areNumbersKnown || numbers.has(number);
}

export function isWanted(source: u32, destination: u32): bool {
  return words.has(source) || words.has(destination);
}

/** Counts segments that are passed over, without SYN or of something else than a packet itself. */
export function pass(count: u32): void {
  passed += count;
}

/** The same of a SYN or SYN-ACK, which is noted; source and destination as words. */
export function passSyn(
  source: u32,
  destination: u32,
  ports: u32,
  flags: u32,
  sequence: u32,
  acknowledgment: u32,
  stamp: u32,
): void {
  passed++;
  const isReply = (flags & ACK) !== 0;
  const number = isReply ? acknowledgment - 1 : sequence;
  if (!isNumberNoted(number)) return;
  if (isReply) {
    passedNotes.addReply(number, source, clientMark(destination, ports & 0xffff), stamp, sequence);
  } else {
    passedNotes.addSyn(number, destination, clientMark(source, ports >>> 16), stamp);
  }
}

/**
 * To be called before notes are looked at.
 *
 * @param isAlone no other capture is read: of what was passed over, only what has a number that is wanted is of use
 */
export function closeNotes(isAlone: bool): void {
  passedNotes.close();
  wantedNotes.close();
  if (isAlone) passedNotes.keepNumbersOf(wantedNotes);
}

/** Packets that were passed over. */
export function passedCount(): u32 {
  return passed;
}

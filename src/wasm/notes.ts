/** What legs of one connection are told by in several captures, as far as it is needed to find out which may be. */
import {
  NOTE_CLIENT,
  NOTE_ECHO_SHIFT,
  NOTE_MARKS,
  NOTE_NUMBER,
  NOTE_SERVER_KNOWN,
  NOTE_SERVER_NUMBER,
  NOTE_SHIFT,
  NOTE_STAMP,
  NOTE_STAMPS,
} from './layout';
import { allocate } from './memory';

/** Notes that are still open, by a few bits of their numbers: each until another takes its place. */
const OPEN: u32 = 1 << 12;

/** Bits of a map of numbers, as a power of two: 16 to 31 for each, within bounds. */
const FEWEST_BITS: u32 = 12;
const MOST_BITS: u32 = 23;
const EACH_BITS: u32 = 4;

export class Notes {
  base: usize = 0;
  count: u32 = 0;
  /** There were more than there was room for. */
  isFull: bool = false;
  private most: u32 = 0;
  private open: usize = allocate(OPEN << NOTE_SHIFT);
  /** An octet each: whether there is one. */
  private isOpen: usize = allocate(OPEN);

  /** Makes room; to be called once, before all else. */
  reserve(most: u32): void {
    this.base = allocate((<usize>most) << NOTE_SHIFT);
    this.most = most;
  }

  /**
   * @param number initial sequence number of the client
   * @param server word of its address
   * @param client of `clientMark`
   * @param stamp the SYN's time stamp; 0 where there is none
   */
  addSyn(number: u32, server: u32, client: u32, stamp: u32): void {
    this.add(number, server, stampMark(stamp), client);
  }

  /**
   * @param echo the time stamp of the SYN that is answered; 0 where there is none
   * @param serverNumber initial sequence number of the server
   */
  addReply(number: u32, server: u32, client: u32, echo: u32, serverNumber: u32): void {
    const mark = (serverNumber << 16) | <u32>NOTE_SERVER_KNOWN;
    this.add(number, server, stampMark(echo) << NOTE_ECHO_SHIFT, client | mark);
  }

  /** As a rule a SYN and its SYN-ACK, at whatever interfaces, share one note. */
  private add(number: u32, server: u32, stamps: u32, marks: u32): void {
    const place = <usize>(number & (OPEN - 1));
    const at = this.open + (place << NOTE_SHIFT);
    const key = <u64>number | ((<u64>server) << 32);
    if (load<u8>(this.isOpen + place) !== 0) {
      const oldStamps = load<u32>(at, NOTE_STAMPS << 2);
      const oldMarks = load<u32>(at, NOTE_MARKS << 2);
      if (
        load<u64>(at, NOTE_NUMBER << 2) === key &&
        ((marks ^ oldMarks) & <u32>NOTE_CLIENT) === 0 &&
        agree(marks, oldMarks, <u32>NOTE_SERVER_NUMBER) &&
        agree(stamps, oldStamps, <u32>NOTE_STAMP) &&
        agree(stamps, oldStamps, ~(<u32>NOTE_STAMP))
      ) {
        store<u64>(at, <u64>(stamps | oldStamps) | ((<u64>(marks | oldMarks)) << 32), NOTE_STAMPS << 2);
        return;
      }
      this.append(at);
    }
    store<u64>(at, key, NOTE_NUMBER << 2);
    store<u64>(at, <u64>stamps | ((<u64>marks) << 32), NOTE_STAMPS << 2);
    store<u8>(this.isOpen + place, 1);
  }

  /** Puts those that are open with the others. */
  close(): void {
    for (let place: usize = 0; place < <usize>OPEN; place++) {
      if (load<u8>(this.isOpen + place) !== 0) this.append(this.open + (place << NOTE_SHIFT));
    }
    memory.fill(this.isOpen, 0, OPEN);
  }

  private append(note: usize): void {
    if (this.count === this.most) {
      this.isFull = true;
      return;
    }
    const at = this.at(this.count++);
    store<u64>(at, load<u64>(note, NOTE_NUMBER << 2), NOTE_NUMBER << 2);
    store<u64>(at, load<u64>(note, NOTE_STAMPS << 2), NOTE_STAMPS << 2);
  }

  /**
   * Lets go those whose numbers none of others has; a few are kept that only look as if one had. Both have to be closed.
   */
  keepNumbersOf(others: Notes): void {
    const bits: u32 = min(MOST_BITS, max(FEWEST_BITS, 32 - clz<u32>(others.count) + EACH_BITS));
    const shift = 32 - bits;
    const map = allocate((<usize>1) << (bits - 3));
    for (let note: u32 = 0; note < others.count; note++) {
      const place = hashOf(load<u32>(others.at(note), NOTE_NUMBER << 2)) >>> shift;
      const octet = map + (place >>> 3);
      store<u8>(octet, load<u8>(octet) | ((<u8>1) << (<u8>(place & 7))));
    }
    let kept: u32 = 0;
    for (let note: u32 = 0; note < this.count; note++) {
      const at = this.at(note);
      const place = hashOf(load<u32>(at, NOTE_NUMBER << 2)) >>> shift;
      if (((load<u8>(map + (place >>> 3)) >>> (place & 7)) & 1) === 0) continue;
      memory.copy(this.at(kept++), at, (<usize>1) << NOTE_SHIFT);
    }
    this.count = kept;
  }

  private at(note: u32): usize {
    return this.base + ((<usize>note) << NOTE_SHIFT);
  }
}

function hashOf(number: u32): u32 {
  return number * 0x9e3779b1;
}

/** @param address its word */
export function clientMark(address: u32, port: u32): u32 {
  return ((address ^ (port * 0x85ebca6b)) * 0x9e3779b1) >>> 16;
}

/** 0 stands for none. */
function stampMark(stamp: u32): u32 {
  return stamp === 0 ? 0 : max<u32>(1, (stamp * 0x9e3779b1) >>> 16);
}

/** Whether a part of two words is the same, or not known of one. */
function agree(one: u32, other: u32, part: u32): bool {
  return (one & part) === 0 || (other & part) === 0 || ((one ^ other) & part) === 0;
}

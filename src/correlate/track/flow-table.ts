/**
 * Hot path. Flows by 5-tuple (echoes by identifier and sequence number in place of ports), as rows of one typed array
 * behind an open-addressing hash table. Flows that are over leave it for the ledger, so that it stays as small as the
 * number of connections at one time: a table of all of them costs a cache miss or two for every packet.
 *
 * A row is one *instance* of a 5-tuple: when ports are reused, a new instance goes in front of the older one
 * and the hash slot points to the newest. Ends are ordered (`a` below `b`), so that both directions meet in
 * one row. IPv6 addresses are interned to numbers first; IPv4 addresses are their own.
 */
import type { Packet } from '../../decode/packet.js';
import { AddressTable } from './address-table.js';
import { hash } from './flow-hash.js';
import { FLOW_WORDS, Flow, State, Transport } from './flow-words.js';
import { Ledger } from './ledger.js';

/** Rows at or above this are in the ledger; the others are open. */
const LEDGER = 1 << 30;

/** Rows that are open at first. With their slots they fit into a core's second-level cache. */
const INITIAL_OPEN = 1 << 12;

/** A sweep that leaves more of the open rows than this share makes room for twice as many. */
const CROWDED = 0.75;

const EMPTY = 0;
const SIGN = 1 << 31;

/** What becomes of an open row at a sweep. */
export const Fate = {
  open: 0,
  /** It goes to the ledger, from where a late packet gets it back. */
  settled: 1,
  /** All that is wanted of it was taken: the row is free. Of an instance before which there is none. */
  gone: 2,
} as const;

/** Says for each open row what becomes of it. */
export type Judge = () => Uint8Array;

export class FlowTable {
  /** Open rows: one array, as every packet's look-up ends here. It is another one after `insert`. */
  words = new Int32Array(INITIAL_OPEN * FLOW_WORDS);
  #slots = new Int32Array(INITIAL_OPEN * 2);
  open = 0;
  readonly #ledger = new Ledger();
  readonly #judge: Judge;
  readonly addresses = new AddressTable();
  /** Seconds of the packet that was seen last. */
  now = 0;

  // The key of the last look-up: `insert` takes it over.
  #a = 0;
  #b = 0;
  #ports = 0;
  #transport = 0;
  #slot = 0;
  /** Whether the source of the packet looked up last is end b. */
  sourceIsB = false;

  /** @param judge decides what becomes of the open rows when there are many */
  constructor(judge: Judge) {
    this.#judge = judge;
  }

  /** All rows: those of the ledger first, then the open ones, each in the order in which they came there. */
  *rows(): Generator<number> {
    for (let i = 0; i < this.#ledger.end; i++) if (this.get(LEDGER + i, Flow.state) !== 0) yield LEDGER + i;
    for (let i = 0; i < this.open; i++) if (this.get(i, Flow.state) !== 0) yield i;
  }

  get count(): number {
    return this.#ledger.count + this.open;
  }

  /**
   * The newest instance of the packet's 5-tuple, -1 where there is none. Sets `sourceIsB`.
   *
   * @param transport 0 for TCP, or one of `Transport`
   */
  find(packet: Packet, transport = 0): number {
    const { view } = packet;
    let source: number;
    let destination: number;
    if (packet.ipVersion === 4) {
      source = view.getInt32(packet.sourceAddress);
      destination = view.getInt32(packet.destinationAddress);
    } else {
      source = this.addresses.intern(view, packet.sourceAddress);
      destination = this.addresses.intern(view, packet.destinationAddress);
    }
    const isEcho = transport === Transport.echo;
    const { sourcePort, destinationPort } = packet;
    // The sign bit turned, so that signed words compare as addresses do.
    const x = source ^ SIGN;
    const y = destination ^ SIGN;
    const swap = x > y || (x === y && !isEcho && sourcePort > destinationPort);
    this.sourceIsB = swap;
    const ports = isEcho
      ? (packet.icmpIdentifier << 16) | packet.icmpSequence
      : swap
        ? (destinationPort << 16) | sourcePort
        : (sourcePort << 16) | destinationPort;
    return swap
      ? this.lookUp(destination, source, ports, packet.ipVersion | transport)
      : this.lookUp(source, destination, ports, packet.ipVersion | transport);
  }

  /**
   * The same by the words of a row.
   *
   * @param transport IP version, and what `Transport` has
   */
  lookUp(a: number, b: number, ports: number, transport: number): number {
    this.#a = a;
    this.#b = b;
    this.#ports = ports;
    this.#transport = transport;
    const slots = this.#slots;
    const mask = slots.length - 1;
    const words = this.words;
    let slot = hash(a, b, ports) & mask;
    for (;;) {
      const entry = slots[slot]!;
      if (entry === EMPTY) {
        this.#slot = slot;
        return -1;
      }
      const at = (entry - 1) * FLOW_WORDS;
      if (
        words[at + Flow.ports] === ports &&
        words[at] === a &&
        words[at + 1] === b &&
        (words[at + Flow.state]! & State.transportMask) === transport
      ) {
        this.#slot = slot;
        return entry - 1;
      }
      slot = (slot + 1) & mask;
    }
  }

  /**
   * The newest instance of the 5-tuple looked up last, where that is in the ledger: it is open again. -1 where there is
   * none.
   */
  reopen(): number {
    const settled = this.#ledger.find(this.#a, this.#b, this.#ports, this.#transport);
    if (settled < 0) return -1;
    const from = this.#ledger.at(settled);
    const copy = this.#ledger.page(settled).slice(from, from + FLOW_WORDS);
    const older = copy[Flow.older]!;
    this.#ledger.take(settled, older === 0 ? -1 : older - 1 - LEDGER);
    const row = this.insert(older - 1);
    this.words.set(copy, row * FLOW_WORDS);
    return row;
  }

  /** Hash of the 5-tuple looked up last. */
  get hashed(): number {
    return hash(this.#a, this.#b, this.#ports);
  }

  /** Adds a new instance of the 5-tuple looked up last, in front of `older` (-1 for none). */
  insert(older: number): number {
    if ((this.open + 1) * FLOW_WORDS > this.words.length) {
      // An instance that is in the way of another is open still.
      const before = this.#sweep();
      if (older >= 0 && older < LEDGER) older = before[older]! - 1;
      this.lookUp(this.#a, this.#b, this.#ports, this.#transport);
    }
    const words = this.words;
    const row = this.open++;
    const at = row * FLOW_WORDS;
    words[at + Flow.addressA] = this.#a;
    words[at + Flow.addressB] = this.#b;
    words[at + Flow.ports] = this.#ports;
    words[at + Flow.state] = this.#transport;
    words[at + Flow.older] = older + 1;
    this.#slots[this.#slot] = row + 1;
    return row;
  }

  /** The words that hold a row, which begins at `at(row)`; valid until the next `insert`. */
  page(row: number): Int32Array {
    return row < LEDGER ? this.words : this.#ledger.page(row - LEDGER);
  }

  at(row: number): number {
    return row < LEDGER ? row * FLOW_WORDS : this.#ledger.at(row - LEDGER);
  }

  get(row: number, field: number): number {
    return this.page(row)[this.at(row) + field]! >>> 0;
  }

  set(row: number, field: number, value: number): void {
    this.page(row)[this.at(row) + field] = value;
  }

  /** Notes that a packet of the flow was seen at a time. */
  touch(row: number, seconds: number, nanoseconds: number): void {
    this.now = seconds;
    const words = this.page(row);
    const at = this.at(row);
    const state = words[at + Flow.state]!;
    if ((state & State.timed) === 0) {
      words[at + Flow.state] = state | State.timed;
      words[at + Flow.firstSeconds] = seconds;
      words[at + Flow.firstNanoseconds] = nanoseconds;
    }
    words[at + Flow.lastSeconds] = seconds;
    words[at + Flow.lastNanoseconds] = nanoseconds;
  }

  /**
   * Lets go what the judge says is over, and moves the rest together.
   *
   * @returns by former row, the new one plus 1; 0 for those that are gone
   */
  #sweep(): Int32Array {
    const { words } = this;
    const fates = this.#judge();
    const moved = new Int32Array(this.open);
    let kept = 0;
    for (let row = 0; row < this.open; row++) {
      const at = row * FLOW_WORDS;
      const older = words[at + Flow.older]!;
      // An older instance was moved before this one, and cannot be open if this one is not.
      if (older > 0 && older <= LEDGER) words[at + Flow.older] = moved[older - 1]!;
      const isFree = words[at + Flow.older] === 0 || words[at + Flow.older]! > LEDGER;
      if (fates[row] === Fate.gone) continue;
      if (fates[row] === Fate.settled && isFree) {
        moved[row] = LEDGER + this.#ledger.add(words, at) + 1;
      } else {
        if (kept !== row) words.copyWithin(kept * FLOW_WORDS, at, at + FLOW_WORDS);
        moved[row] = ++kept;
      }
    }
    words.fill(0, kept * FLOW_WORDS, this.open * FLOW_WORDS);
    this.open = kept;
    if (kept * FLOW_WORDS > words.length * CROWDED) {
      this.words = new Int32Array(words.length * 2);
      this.words.set(words);
      this.#slots = new Int32Array(this.#slots.length * 2);
    }
    this.#fillSlots();
    return moved;
  }

  #fillSlots(): void {
    const slots = this.#slots.fill(0);
    const mask = slots.length - 1;
    const words = this.words;
    for (let row = 0; row < this.open; row++) {
      const at = row * FLOW_WORDS;
      let slot = hash(words[at]!, words[at + 1]!, words[at + Flow.ports]!) & mask;
      const older = words[at + Flow.older]!;
      // A newer instance takes the place of the older one.
      const takes = older > 0 && older <= LEDGER ? older : EMPTY;
      while (slots[slot] !== takes) slot = (slot + 1) & mask;
      slots[slot] = row + 1;
    }
  }
}

/**
 * Hot path. Which flows are over, and which of those are counted and let go: connections that were made, came to an
 * end, and met nothing on the way. Of them a share is kept whole, for findings to set against those that failed.
 *
 * The legs of one connection (before and after NAT) are told by their initial sequence numbers, and go together. What
 * is kept is chosen by those numbers alone, so that it is a fair sample.
 */
import { hash } from './flow-hash.js';
import { Fate, type FlowTable } from './flow-table.js';
import { Flow, State, Transport } from './flow-words.js';
import { Graves } from './graves.js';
import { ServedTable } from './served-table.js';
import { Extent, Field, KIND_SHIFT, Kind, type SightingTable, TTL_SHIFT } from './sighting-table.js';

/** A connection that is silent for longer is seldom heard again, s. A client that has no answer asks after 1, 3 and 7. */
const IDLE_SECONDS = 4;

/** Connections up to which all are kept: as many as a result lists. */
const KEPT_WHOLE = 10_000;
/** Beyond them, about as many are kept as a sample, */
const SAMPLE = 4096;
/** and of each server as many, however few it has. */
const KEPT_OF_SERVER = 4;

/** More legs than NAT makes of one connection have one initial sequence number by chance, or by their generator. */
const MAX_LEGS = 8;
/** More sightings than a dozen interfaces have of a handshake show something else. */
const MAX_SIGHTINGS = 48;

const MADE = State.syn | State.synAck | State.clientKnown | State.finished;
const TOLD = MADE | State.reset | State.icmpError | Transport.udp | Transport.echo;
const HANDSHAKE = (1 << Kind.syn) | (1 << Kind.synAck) | (1 << Kind.ack);

export class Settlement {
  readonly served = new ServedTable();
  readonly graves = new Graves();
  readonly #flows: FlowTable;
  readonly #sightings: SightingTable;

  constructor(flows: FlowTable, sightings: SightingTable) {
    this.#flows = flows;
    this.#sightings = sightings;
  }

  /**
   * What becomes of each of the open rows.
   *
   * @param lets whether what is over may be let go; without it, it is only put away
   */
  judge(lets: boolean): Uint8Array {
    const { open, count } = this.#flows;
    const rows = new Int32Array(open);
    const fates = new Uint8Array(open);
    for (let row = 0; row < open; row++) {
      rows[row] = row;
      if (this.#isOver(row)) fates[row] = Fate.settled;
    }
    if (lets && this.served.total + count > KEPT_WHOLE) this.#letGo(rows, fates);
    return fates;
  }

  /** Lets go, at the end of the capture, what is over and not of the sample. */
  finish(): void {
    if (this.served.total + this.#flows.count <= KEPT_WHOLE) return;
    this.served.forgetKept();
    const rows = Int32Array.from(this.#flows.rows());
    const fates = new Uint8Array(rows.length).fill(Fate.settled);
    this.#letGo(rows, fates);
    for (let i = 0; i < rows.length; i++)
      if (fates[i] === Fate.gone) this.#flows.set(rows[i]!, Flow.state, 0);
  }

  #isOver(row: number): boolean {
    const words = this.#flows.page(row);
    const at = this.#flows.at(row);
    const state = words[at + Flow.state]!;
    if ((state & State.finished) === State.finished || (state & State.reset) !== 0) return true;
    const isDatagram = (state & (Transport.udp | Transport.echo)) !== 0;
    if (isDatagram && (state & State.spoke) === State.spoke) return true;
    return this.#flows.now - (words[at + Flow.lastSeconds]! >>> 0) > IDLE_SECONDS;
  }

  #letGo(rows: Int32Array, fates: Uint8Array): void {
    const total = this.served.total + this.#flows.count;
    const share = Math.max(0, 32 - Math.ceil(Math.log2(total / SAMPLE)));
    const next = new Int32Array(rows.length);
    const isFirst = this.#listByNumber(rows, next);
    for (let i = 0; i < rows.length; i++) {
      if (isFirst[i] === 0) continue;
      if (next[i] === 0) {
        if (fates[i] === Fate.settled && this.#isPlain(rows[i]!)) this.#decide(rows, fates, i, next, share);
      } else if (this.#isOneConnection(rows, fates, i, next)) {
        this.#decide(rows, fates, i, next, share);
      }
    }
  }

  /** @param next gets, for each place in `rows`, that of the next with its number, plus 1 */
  #listByNumber(rows: Int32Array, next: Int32Array): Uint8Array {
    const slots = new Int32Array(2 << (32 - Math.clz32(rows.length)));
    const mask = slots.length - 1;
    const isFirst = new Uint8Array(rows.length);
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i]!;
      const words = this.#flows.page(row);
      const at = this.#flows.at(row);
      const state = words[at + Flow.state]!;
      if ((state & (State.syn | State.synAck)) === 0) continue;
      const number = words[at + Flow.clientSequence]!;
      let slot = hash(number, 0, 0) & mask;
      for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const other = rows[slots[slot]! - 1]!;
        if (this.#flows.page(other)[this.#flows.at(other) + Flow.clientSequence] === number) break;
      }
      if (slots[slot] !== 0) {
        next[i] = slots[slot]!;
        isFirst[slots[slot]! - 1] = 0;
      }
      slots[slot] = i + 1;
      isFirst[i] = 1;
    }
    return isFirst;
  }

  /** Whether the legs of a list are of one connection, all of them plain and over. One that is not over is waited for. */
  #isOneConnection(rows: Int32Array, fates: Uint8Array, first: number, next: Int32Array): boolean {
    let legs = 0;
    let isOver = true;
    let isPlain = true;
    const number = this.#flows.get(rows[first]!, Flow.serverSequence);
    for (let i = first; i >= 0; i = next[i]! - 1) {
      if (++legs > MAX_LEGS) return false;
      if (fates[i] !== Fate.settled) isOver = false;
      isPlain &&= this.#flows.get(rows[i]!, Flow.serverSequence) === number && this.#isPlain(rows[i]!);
    }
    if (!isOver) for (let i = first; i >= 0; i = next[i]! - 1) fates[i] = Fate.open;
    return isOver && isPlain && this.#areTranslations(rows, first, next);
  }

  /** Whether no two have the same ends: those would be one leg, seen by two interfaces of which one began late. */
  #areTranslations(rows: Int32Array, first: number, next: Int32Array): boolean {
    const flows = this.#flows;
    for (let i = first; i >= 0; i = next[i]! - 1) {
      for (let j = next[i]! - 1; j >= 0; j = next[j]! - 1) {
        const [one, other] = [rows[i]!, rows[j]!];
        const isSame = [Flow.addressA, Flow.addressB, Flow.ports].every(
          (field) => flows.get(one, field) === flows.get(other, field),
        );
        if (isSame) return false;
      }
    }
    return true;
  }

  /** A connection as it should be: each packet of its handshake once at each place, and no error of it. */
  #isPlain(row: number): boolean {
    const words = this.#flows.page(row);
    const at = this.#flows.at(row);
    if ((words[at + Flow.state]! & TOLD) !== MADE || words[at + Flow.older] !== 0) return false;
    const count = words[at + Flow.sightings]!;
    const sightings = this.#sightings;
    let kinds = 0;
    for (let cell = words[at + Flow.firstSighting]! - 1; cell >= 0; ) {
      const page = sightings.page(cell);
      const from = sightings.at(cell);
      const link = page[from + Field.next]!;
      if ((link & Extent.second) !== 0) return false;
      kinds |= 1 << ((page[from + Field.frame]! >>> KIND_SHIFT) & 7);
      cell = (link & Extent.next) - 1;
    }
    if (kinds !== HANDSHAKE) return false;
    return (
      count === 3 || (count <= MAX_SIGHTINGS && this.#isOnceAtEachPlace(words[at + Flow.firstSighting]! - 1))
    );
  }

  #isOnceAtEachPlace(first: number): boolean {
    const sightings = this.#sightings;
    const after = (cell: number) => (sightings.get(cell, Field.next) & Extent.next) - 1;
    for (let one = first; one >= 0; one = after(one)) {
      const packed = sightings.get(one, Field.frame);
      for (let other = after(one); other >= 0; other = after(other)) {
        const changed = sightings.get(other, Field.frame) ^ packed;
        if (changed === 0) return false;
        if (((changed >>> KIND_SHIFT) & 7) !== 0) continue;
        // Of one kind: copies of one packet.
        if (sightings.get(one, Field.timestampValue) !== sightings.get(other, Field.timestampValue))
          return false;
        if (sightings.get(one, Field.idWindow) !== sightings.get(other, Field.idWindow)) return false;
      }
    }
    return true;
  }

  /** Keeps a connection for the sample, or counts it and lets it go. */
  #decide(rows: Int32Array, fates: Uint8Array, first: number, next: Int32Array, share: number): void {
    const flows = this.#flows;
    const front = this.#frontOf(rows, first, next);
    const address = this.#server(front);
    let back = address;
    for (let i = first; i >= 0; i = next[i]! - 1) {
      const server = this.#server(rows[i]!);
      if (server === address) continue;
      // Of three servers two numbers would not tell.
      if (back !== address && back !== server) return;
      back = server;
    }
    const words = flows.page(front);
    const at = flows.at(front);
    const state = words[at + Flow.state]!;
    const ports = words[at + Flow.ports]!;
    const port = (state & State.clientIsB) !== 0 ? ports >>> 16 : ports & 0xffff;
    const server = this.served.row(address, back, port, state & State.versionMask);
    const chance = hash(words[at + Flow.clientSequence]!, words[at + Flow.serverSequence]!, 0) >>> share;
    if (this.served.kept(server) < KEPT_OF_SERVER || share === 32 || chance === 0) {
      this.served.keep(server);
      return;
    }
    this.served.count(server);
    for (let i = first; i >= 0; i = next[i]! - 1) {
      fates[i] = Fate.gone;
      this.#bury(rows[i]!);
    }
  }

  #server(row: number): number {
    const words = this.#flows.page(row);
    const at = this.#flows.at(row);
    return words[at + ((words[at + Flow.state]! & State.clientIsB) !== 0 ? Flow.addressA : Flow.addressB)]!;
  }

  /** The leg whose SYN had travelled least. */
  #frontOf(rows: Int32Array, first: number, next: Int32Array): number {
    if (next[first] === 0) return rows[first]!;
    const sightings = this.#sightings;
    let front = rows[first]!;
    let least = Number.POSITIVE_INFINITY;
    for (let i = first; i >= 0; i = next[i]! - 1) {
      const cell = this.#flows.get(rows[i]!, Flow.firstSighting) - 1;
      const hops = 255 - ((sightings.get(cell, Field.frame) >>> TTL_SHIFT) & 0xff);
      const rank = hops * 2 ** 32 + sightings.get(cell, Field.packet);
      if (rank < least) [front, least] = [rows[i]!, rank];
    }
    return front;
  }

  #bury(row: number): void {
    const words = this.#flows.page(row);
    const at = this.#flows.at(row);
    this.graves.add(hash(words[at]!, words[at + 1]!, words[at + Flow.ports]!));
    const sightings = this.#sightings;
    for (let cell = words[at + Flow.firstSighting]! - 1; cell >= 0; ) {
      const next = (sightings.get(cell, Field.next) & Extent.next) - 1;
      sightings.release(cell);
      cell = next;
    }
  }
}

/**
 * Hot path. The sightings that are kept, as cells of eight words: an object a packet would cost five to nine times
 * the time and several times the memory on captures of a million flows. What a sighting of a handshake has besides
 * follows from its flow (`derived.ts`); others take a second cell, right behind the first.
 */
export const Kind = {
  syn: 0,
  synAck: 1,
  ack: 2,
  rst: 3,
  icmpError: 4,
  datagram: 5,
  echoRequest: 6,
  echoReply: 7,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** Words of a cell, and of the second one. */
export const Field = {
  seconds: 0,
  /** Nanoseconds in bits 0-29, `Clock` above. */
  nanoseconds: 1,
  packet: 2,
  /** Of datagrams and echoes: the payload's length, and octets digested. */
  timestampValue: 3,
  timestampEchoReply: 4,
  /** IPv4 identification in bits 0-15, window in 16-31. */
  idWindow: 5,
  /** Number of the frame in bits 0-19 (or `FRAME_ELSEWHERE`), ttl in 20-27, `Kind` in 28-30, sent by end `b` in 31. */
  frame: 6,
  /** Cell of the flow's next sighting plus 1 in bits 0-29, 0 at the end; `Extent` above. */
  next: 7,

  /** Of datagrams and echoes: the payload's digest, and the long one. */
  sequenceNumber: 8,
  acknowledgmentNumber: 9,
  /** ICMP: version, type and code in a byte each. */
  icmp: 10,
  /** ICMP error: id of the interned address that it came from. */
  icmpFrom: 11,
  /** Number of a frame that does not fit in `frame`. */
  wideFrame: 12,
} as const;
const WORDS = 8;

export const Clock = { noTime: 1 << 30, hasTimestamps: 1 << 31, nanoseconds: (1 << 30) - 1 } as const;
/** There is a second cell; its first words are a payload's digests. */
export const Extent = { second: 1 << 30, payload: 1 << 31, next: (1 << 30) - 1 } as const;

export const FRAME_BITS = 20;
export const FRAME_ELSEWHERE = (1 << FRAME_BITS) - 1;
export const TTL_SHIFT = 20;
export const KIND_SHIFT = 28;
export const FROM_B = 1 << 31;

/** Cells of a page, as a power of two: pages are added as they fill, and never copied. */
const PAGE_SHIFT = 15;
const PAGE_MASK = (1 << PAGE_SHIFT) - 1;

export class SightingTable {
  readonly #pages: Int32Array[] = [];
  #cells = 0;
  /** Single cells that were let go. */
  #free = new Int32Array(1024);
  #freed = 0;

  /**
   * The number of a new sighting's cell, whose words are 0.
   *
   * @param cells 1 or 2
   */
  add(cells: number): number {
    if (cells === 1 && this.#freed > 0) return this.#free[--this.#freed]!;
    let cell = this.#cells;
    // Two cells of one sighting lie on one page.
    if ((cell & PAGE_MASK) + cells > PAGE_MASK + 1) cell = (cell | PAGE_MASK) + 1;
    this.#cells = cell + cells;
    if (cell >>> PAGE_SHIFT === this.#pages.length) this.#pages.push(new Int32Array(WORDS << PAGE_SHIFT));
    return cell;
  }

  /** Lets go of a sighting of one cell. */
  release(cell: number): void {
    if (this.#freed === this.#free.length) {
      const grown = new Int32Array(this.#freed * 2);
      grown.set(this.#free);
      this.#free = grown;
    }
    this.page(cell).fill(0, this.at(cell), this.at(cell) + WORDS);
    this.#free[this.#freed++] = cell;
  }

  /** The words that hold a cell, which begins at `at(cell)`. */
  page(cell: number): Int32Array {
    return this.#pages[cell >>> PAGE_SHIFT]!;
  }

  at(cell: number): number {
    return (cell & PAGE_MASK) * WORDS;
  }

  set(cell: number, field: number, value: number): void {
    this.page(cell)[this.at(cell) + field] = value;
  }

  get(cell: number, field: number): number {
    return this.page(cell)[this.at(cell) + field]! >>> 0;
  }
}

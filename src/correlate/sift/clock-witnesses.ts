/**
 * Hot path. Connections that say the most of how far nodes' clocks are apart: of a million packets that two nodes saw,
 * the few that came fastest bound the difference, and by those that are kept as a sample alone it would be known worse.
 */
import {
  CELL_FRAME,
  CELL_NANOSECONDS,
  CELL_SECONDS,
  CLOCK_NANOSECONDS,
  KIND_ACK,
  TTL_SHIFT,
} from '../../wasm/layout.js';
import { Bounds } from '../clocks/bounds.js';
import type { CaptureTables } from './capture-tables.js';
import type { RowsByNumber } from './rows-by-number.js';

/** Sightings of one connection that are looked at: each is set against each. */
const MOST_SIGHTINGS = 24;

const NANOSECONDS = 1e9;

export class ClockWitnesses {
  readonly #tables: readonly CaptureTables[];
  readonly #rows: RowsByNumber;
  readonly #nodes: number;
  /** By `from * nodes + to`, as the clocks have them. */
  readonly #bounds: Bounds[] = [];
  /** First items of those that may bound the clocks. */
  readonly #candidates: number[] = [];
  /** Of each node, a time that its times are told from, s: a number holds nanoseconds of a hundred days. */
  readonly #bases: number[] = [];

  // The sightings of one connection.
  #count = 0;
  readonly #node = new Int32Array(MOST_SIGHTINGS);
  readonly #time = new Float64Array(MOST_SIGHTINGS);
  readonly #kind = new Int32Array(MOST_SIGHTINGS);
  readonly #ttl = new Int32Array(MOST_SIGHTINGS);
  readonly #way = new Int32Array(MOST_SIGHTINGS);

  /** @param nodes how many there are */
  constructor(tables: readonly CaptureTables[], rows: RowsByNumber, nodes: number) {
    this.#tables = tables;
    this.#rows = rows;
    this.#nodes = nodes;
  }

  /** Takes in a connection. */
  note(items: readonly number[]): void {
    if (this.#spansNodes(items) && this.#visit(items, this.#add)) this.#candidates.push(items[0]!);
  }

  /** The first items of the connections that bound the clocks, of those that were taken in. */
  needed(): Set<number> {
    const corners = this.#bounds.map((bounds) => new Map(bounds.envelope().map(({ x, y }) => [x, y])));
    const items: number[] = [];
    return new Set(
      this.#candidates.filter((item) => {
        this.#rows.gather(item, items);
        return this.#visit(items, (pair, x, y) => corners[pair]?.get(x) === y);
      }),
    );
  }

  /**
   * Each pair of sightings by two nodes of which the one came before the other for certain, as the clocks are told of
   * them (`clocks/observe.ts`).
   *
   * @param take given where the bound belongs, when it is, and what it is
   * @returns whether any was taken
   */
  #visit(items: readonly number[], take: (pair: number, x: number, y: number) => boolean): boolean {
    this.#collect(items);
    let isTaken = false;
    for (let a = 0; a < this.#count; a++) {
      for (let b = 0; b < this.#count; b++) {
        const from = this.#node[a]!;
        const to = this.#node[b]!;
        if (from === to || !(this.#precedes(a, b) || this.#isAnsweredBy(a, b))) continue;
        const sent = this.#time[a]!;
        const received = this.#time[b]!;
        if (take(from * this.#nodes + to, from < to ? sent : received, received - sent)) isTaken = true;
      }
    }
    return isTaken;
  }

  readonly #add = (pair: number, x: number, y: number): boolean => {
    this.#bounds[pair] ??= new Bounds();
    return this.#bounds[pair].add(x, y);
  };

  #spansNodes(items: readonly number[]): boolean {
    const { captures } = this.#rows;
    const { node } = this.#tables[captures[items[0]!]!]!;
    return items.some((item) => this.#tables[captures[item]!]!.node !== node);
  }

  /** Whether two sightings are of one packet, which was at the first place before it was at the second. */
  #precedes(a: number, b: number): boolean {
    // What is kept as the client's first ACK may be another packet at each place.
    if (this.#kind[a] !== this.#kind[b] || this.#kind[a] === KIND_ACK) return false;
    if (this.#ttl[a] !== this.#ttl[b]) return this.#ttl[a]! > this.#ttl[b]!;
    return this.#way[a]! < 0 && this.#way[b]! > 0;
  }

  /** Whether the first is where a packet was seen last, and the second where what answers it was seen first. */
  #isAnsweredBy(a: number, b: number): boolean {
    if (this.#kind[a]! + 1 !== this.#kind[b]) return false;
    for (let c = 0; c < this.#count; c++) if (this.#precedes(a, c) || this.#precedes(c, b)) return false;
    return true;
  }

  #collect(items: readonly number[]): void {
    this.#count = 0;
    for (const item of items) {
      const tables = this.#tables[this.#rows.captures[item]!]!;
      const { cells, lists, node } = tables;
      for (let cell = lists.first(this.#rows.rows[item]!); cell >= 0; cell = lists.after(cell)) {
        if (this.#count === MOST_SIGHTINGS) return;
        const n = this.#count++;
        const packed = cells.get(cell, CELL_FRAME);
        const seconds = cells.get(cell, CELL_SECONDS);
        this.#bases[node] ??= seconds;
        this.#node[n] = node;
        this.#time[n] =
          (seconds - this.#bases[node]) * NANOSECONDS +
          (cells.get(cell, CELL_NANOSECONDS) & CLOCK_NANOSECONDS);
        // By the order in which a handshake's packets are sent.
        this.#kind[n] = lists.kindOf(cell);
        this.#ttl[n] = (packed >>> TTL_SHIFT) & 0xff;
        const direction = tables.direction(cell);
        this.#way[n] = direction === 'out' ? -1 : direction === 'in' ? 1 : 0;
      }
    }
  }
}

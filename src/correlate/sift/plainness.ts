/**
 * Hot path. Which connections were as they should be in every capture that has a leg of them: made and ended, each
 * packet of the handshake once at each place, and nothing else kept of them (`src/wasm/settlement.ts` asks the same of
 * one capture alone). What was seen of them would be joined to one established attempt that waited for nothing.
 *
 * A capture may have seen one way of a connection alone, but that from its SYN or SYN-ACK to its FIN.
 */
import {
  CELL_FRAME,
  CELL_ID_WINDOW,
  CELL_NANOSECONDS,
  CELL_NEXT,
  CELL_SEQUENCE_NUMBER,
  CELL_TIMESTAMP_VALUE,
  CLOCK_HAS_TIMESTAMPS,
  CLOCK_NO_TIME,
  EXTENT_SECOND,
  FLOW_CLIENT_SEQUENCE,
  FLOW_SERVER_SEQUENCE,
  FLOW_SIGHTINGS,
  FLOW_STATE,
  FRAME_ELSEWHERE,
  KIND_ACK,
  KIND_SYN,
  KIND_SYN_ACK,
  STATE_A_FIN,
  STATE_A_SPOKE,
  STATE_B_FIN,
  STATE_B_SPOKE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_ICMP_ERROR,
  STATE_LOST,
  STATE_RESET,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_UNANSWERED,
} from '../../wasm/layout.js';
import type { CaptureTables } from './capture-tables.js';
import type { RowsByNumber } from './rows-by-number.js';

/** Pairs of ends of one connection: beyond that, linking asks whether the number is a random one. */
const MOST_LEGS = 4;

/** More sightings than a dozen interfaces have of a handshake show something else. */
const MOST_SIGHTINGS = 48;

const KINDS = 3;

export class Plainness {
  readonly #tables: readonly CaptureTables[];
  readonly #rows: RowsByNumber;
  /** Of each item, which of the connection's pairs of ends it has. */
  readonly #legs: number[] = [];
  /** Of each pair of ends, whether its SYN-ACK was seen. */
  readonly #answered: boolean[] = [];
  /** What tells the connection's SYN, SYN-ACK and ACK from others, and whether they were met. */
  readonly #isMet: boolean[] = [];
  readonly #stamps = new Uint32Array(KINDS);
  readonly #isStamped: boolean[] = [];
  readonly #identities = new Uint32Array(KINDS);

  constructor(tables: readonly CaptureTables[], rows: RowsByNumber) {
    this.#tables = tables;
    this.#rows = rows;
  }

  /** @param items all that have one initial sequence number of the client */
  isPlain(items: readonly number[]): boolean {
    let legs = 0;
    let serverNumber = -1;
    this.#isMet.fill(false, 0, KINDS);
    for (let n = 0; n < items.length; n++) {
      const item = items[n]!;
      const tables = this.#tablesOf(item);
      const row = this.#rows.rows[item]!;
      if (!this.#readRow(tables, row)) return false;
      const leg = this.#legOf(items, n, legs);
      if (leg < 0 || leg === MOST_LEGS) return false;
      if (leg === legs) this.#answered[legs++] = false;
      this.#legs[n] = leg;
      if ((tables.flows.get(row, FLOW_STATE) & STATE_SYN_ACK) === 0) continue;
      this.#answered[leg] = true;
      const number = tables.flows.get(row, FLOW_SERVER_SEQUENCE);
      if (serverNumber >= 0 && number !== serverNumber) return false;
      serverNumber = number;
    }
    for (let kind = 0; kind < KINDS; kind++) if (!this.#isMet[kind]) return false;
    // The server's number is what tells two legs of one connection from two connections.
    for (let leg = 0; leg < legs; leg++) if (!this.#answered[leg]) return false;
    if (legs > 1 && this.#areParallel(items)) return false;
    for (let n = 0; n < items.length; n++) if (this.#rows.mayGoOn(items[n]!)) return false;
    return true;
  }

  #tablesOf(item: number): CaptureTables {
    return this.#tables[this.#rows.captures[item]!]!;
  }

  /** The number of the pair of ends of an item; `legs` where it is a new one, -1 where its capture has it already. */
  #legOf(items: readonly number[], n: number, legs: number): number {
    const { captures, rows } = this.#rows;
    const item = items[n]!;
    const tables = this.#tablesOf(item);
    let leg = legs;
    for (let m = 0; m < n; m++) {
      const other = items[m]!;
      if (!tables.haveSameEnds(rows[item]!, this.#tablesOf(other), rows[other]!)) continue;
      if (captures[item] === captures[other]) return -1;
      leg = this.#legs[m]!;
    }
    return leg;
  }

  /** Whether a row is plain, and its packets are the connection's own. */
  #readRow(tables: CaptureTables, row: number): boolean {
    const { flows, cells, lists } = tables;
    const state = flows.get(row, FLOW_STATE);
    const isn = flows.get(row, FLOW_CLIENT_SEQUENCE);
    if ((state & (STATE_RESET | STATE_ICMP_ERROR | STATE_LOST | STATE_UNANSWERED)) !== 0 || isn === 0)
      return false;
    if ((state & STATE_CLIENT_KNOWN) === 0 || flows.get(row, FLOW_SIGHTINGS) > MOST_SIGHTINGS) return false;
    let kinds = 0;
    for (let cell = lists.first(row); cell >= 0; cell = lists.after(cell)) {
      const kind = lists.kindOf(cell);
      if (kind >= KINDS || (cells.get(cell, CELL_NANOSECONDS) & CLOCK_NO_TIME) !== 0) return false;
      if ((cells.get(cell, CELL_FRAME) & FRAME_ELSEWHERE) === FRAME_ELSEWHERE) return false;
      if ((cells.get(cell, CELL_NEXT) & EXTENT_SECOND) !== 0) {
        // With no SYN-ACK, the number that the ACK acknowledges stands beside it.
        if (kind !== KIND_ACK || (state & STATE_SYN_ACK) !== 0) return false;
        if (cells.get(cell, CELL_SEQUENCE_NUMBER) !== (isn + 1) >>> 0) return false;
      }
      if (!this.#isSamePacket(tables, cell, kind)) return false;
      if ((kinds & (1 << kind)) !== 0 && isMetBefore(tables, row, cell, kind)) return false;
      kinds |= 1 << kind;
    }
    return isWhole(state, kinds);
  }

  /** Whether a sighting is a copy of the one packet of its kind that the connection had. */
  #isSamePacket({ cells }: CaptureTables, cell: number, kind: number): boolean {
    const stamp = cells.get(cell, CELL_TIMESTAMP_VALUE);
    const isStamped = (cells.get(cell, CELL_NANOSECONDS) & CLOCK_HAS_TIMESTAMPS) !== 0;
    const identity = cells.get(cell, CELL_ID_WINDOW);
    if (this.#isMet[kind]) {
      return (
        stamp === this.#stamps[kind] &&
        isStamped === this.#isStamped[kind] &&
        identity === this.#identities[kind]
      );
    }
    this.#isMet[kind] = true;
    this.#stamps[kind] = stamp;
    this.#isStamped[kind] = isStamped;
    this.#identities[kind] = identity;
    return true;
  }

  /** Whether SYNs of two legs were seen at one place: then no translation lies between them. */
  #areParallel(items: readonly number[]): boolean {
    const { captures, rows } = this.#rows;
    for (let n = 1; n < items.length; n++) {
      for (let m = 0; m < n; m++) {
        const [one, other] = [items[n]!, items[m]!];
        if (this.#legs[n] === this.#legs[m] || captures[one] !== captures[other]) continue;
        if (areSynsAtOnePlace(this.#tablesOf(one), rows[one]!, rows[other]!)) return true;
      }
    }
    return false;
  }
}

/** Whether each way of the connection that was seen at all was seen from its beginning to its end. */
function isWhole(state: number, kinds: number): boolean {
  const clientIsB = (state & STATE_CLIENT_IS_B) !== 0;
  const [clientSpoke, clientFin] = clientIsB ? [STATE_B_SPOKE, STATE_B_FIN] : [STATE_A_SPOKE, STATE_A_FIN];
  const [serverSpoke, serverFin] = clientIsB ? [STATE_A_SPOKE, STATE_A_FIN] : [STATE_B_SPOKE, STATE_B_FIN];
  const requests = STATE_SYN | clientSpoke | clientFin;
  if ((state & requests) === requests) {
    if ((kinds & (1 << KIND_SYN)) === 0 || (kinds & (1 << KIND_ACK)) === 0) return false;
  } else if ((state & requests) !== 0) {
    return false;
  }
  // A server whose first segment ends the connection has spoken by that.
  const replies = STATE_SYN_ACK | serverSpoke | serverFin;
  if ((state & replies) === replies) return (kinds & (1 << KIND_SYN_ACK)) !== 0;
  return (state & replies) === 0;
}

/** Whether a sighting of the same kind before this one was at the same place. */
function isMetBefore(tables: CaptureTables, row: number, cell: number, kind: number): boolean {
  const { lists } = tables;
  for (let other = lists.first(row); other !== cell; other = lists.after(other)) {
    if (lists.kindOf(other) === kind && tables.areAtOnePlace(other, cell)) return true;
  }
  return false;
}

function areSynsAtOnePlace(tables: CaptureTables, one: number, other: number): boolean {
  const { lists } = tables;
  for (let a = lists.first(one); a >= 0; a = lists.after(a)) {
    if (lists.kindOf(a) !== KIND_SYN) continue;
    for (let b = lists.first(other); b >= 0; b = lists.after(b)) {
      if (lists.kindOf(b) === KIND_SYN && tables.areAtOnePlace(a, b)) return true;
    }
  }
  return false;
}

/** Hot path. The connections of all captures by what joins their legs: the initial sequence number of the client. */
import {
  FLOW_CLIENT_SEQUENCE,
  FLOW_STATE,
  STATE_SYN,
  STATE_SYN_ACK,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from '../../wasm/layout.js';
import { Likeness } from '../likeness.js';
import type { CaptureTables } from './capture-tables.js';

const DATAGRAM = TRANSPORT_UDP | TRANSPORT_ECHO;

/** TCP rows whose client's initial sequence number is known, by numbers of their own. */
export class RowsByNumber {
  /** Of each, which capture's it is. */
  readonly captures: Uint16Array;
  /** Of each, its number in that capture. */
  readonly rows: Int32Array;
  /** Of each, the first that has the same initial sequence number, which may be itself. */
  readonly #first: Int32Array;
  /** Of each, the next that has the same, plus 1; 0 for none. */
  readonly #next: Int32Array;
  /** Ends of connections of which nothing was seen to begin: which of several of these ends each was, is to be found out. */
  readonly #midstream = new Set<number>();
  readonly #tables: readonly CaptureTables[];

  constructor(tables: readonly CaptureTables[]) {
    const most = tables.reduce((sum, { flows }) => sum + flows.length, 0);
    this.#tables = tables;
    const captures = new Uint16Array(most);
    const rows = new Int32Array(most);
    const numbers = new Int32Array(most);
    let count = 0;
    for (const [capture, table] of tables.entries()) {
      const { flows } = table;
      for (let row = 0; row < flows.length; row++) {
        const state = flows.get(row, FLOW_STATE);
        if (state === 0 || (state & DATAGRAM) !== 0) continue;
        if ((state & (STATE_SYN | STATE_SYN_ACK)) === 0) {
          this.#midstream.add(table.endsHash(row));
          continue;
        }
        captures[count] = capture;
        rows[count] = row;
        numbers[count++] = flows.get(row, FLOW_CLIENT_SEQUENCE);
      }
    }
    this.captures = captures.subarray(0, count);
    this.rows = rows.subarray(0, count);
    const { first } = new Likeness(numbers.subarray(0, count));
    this.#first = first;
    this.#next = new Int32Array(count);
    const last = Int32Array.from(first);
    for (let i = 0; i < count; i++) {
      const beginning = first[i]!;
      if (beginning === i) continue;
      this.#next[last[beginning]!] = i + 1;
      last[beginning] = i;
    }
  }

  get length(): number {
    return this.rows.length;
  }

  /**
   * All rows that have one number.
   *
   * @param into filled with them
   * @returns false where an earlier one than `item` has the same number
   */
  gather(item: number, into: number[]): boolean {
    if (this.#first[item] !== item) return false;
    into.length = 0;
    for (let at = item + 1; at !== 0; at = this.#next[at - 1]!) into.push(at - 1);
    return true;
  }

  /** Whether something was seen of a connection of the same ends that may be this one or another. */
  mayGoOn(item: number): boolean {
    if (this.#midstream.size === 0) return false;
    return this.#midstream.has(this.#tables[this.captures[item]!]!.endsHash(this.rows[item]!));
  }
}

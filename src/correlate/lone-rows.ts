/**
 * Hot path. Of a large capture's TCP connections, nearly all have nothing in common with another leg: no merging and no
 * linking of legs concerns them. Hashes of what the tables hold tell them, before any leg is read.
 */
import {
  ADDRESS_SHIFT,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_SEQUENCE,
  FLOW_PORTS,
  FLOW_SHIFT,
  FLOW_STATE,
  STATE_LOST,
  STATE_RESET,
  STATE_SPOKE,
  STATE_SYN,
  STATE_SYN_ACK,
  STATE_VERSION,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from '../wasm/layout.js';
import { mix, sharedHashes } from './likeness.js';
import type { TableContents } from './track/observations.js';
import { Rows } from './track/rows.js';

/** States of a TCP leg that is an attempt by itself; an ICMP error alone makes none. */
const ATTEMPT = STATE_SYN | STATE_SYN_ACK | STATE_SPOKE | STATE_RESET;
const NUMBERED = STATE_SYN | STATE_SYN_ACK;
const OTHER = STATE_LOST | TRANSPORT_UDP | TRANSPORT_ECHO;

/**
 * The rows of TCP legs that share neither their ends nor the client's initial sequence number with another leg of any
 * capture.
 *
 * @returns of each capture a mark for each row: 1 for those
 */
export function loneRows(captures: readonly TableContents[]): Uint8Array[] {
  const tables = captures.map(({ flows }) => new Rows(flows, FLOW_SHIFT));
  const size = tables.reduce((sum, { length }) => sum + length, 0);
  // Rows of others count as 0.
  const ends = new Int32Array(size);
  const numbers = new Int32Array(size);
  const marks = new Uint8Array(size);
  let n = 0;
  for (const [i, rows] of tables.entries()) {
    const { words } = rows;
    const hashes = new AddressHashes(captures[i]!.addresses);
    for (let row = 0; row < rows.length; row++, n++) {
      const at = rows.at(row);
      const state = words[at + FLOW_STATE]!;
      if (state === 0 || (state & OTHER) !== 0) continue;
      const ports = words[at + FLOW_PORTS]!;
      const version = state & STATE_VERSION;
      const a = mix(hashes.of(words[at + FLOW_ADDRESS_A]!, version), ports >>> 16);
      const b = mix(hashes.of(words[at + FLOW_ADDRESS_B]!, version), ports & 0xffff);
      // The sum is the same whichever end comes first.
      ends[n] = a + b;
      const isNumbered = (state & NUMBERED) !== 0;
      if (isNumbered) numbers[n] = words[at + FLOW_CLIENT_SEQUENCE]!;
      // Whose number is 0 is not told from those that have none.
      if ((state & ATTEMPT) !== 0 && (!isNumbered || numbers[n] !== 0)) marks[n] = 1;
    }
  }
  const endsShared = sharedHashes(ends);
  const numberShared = sharedHashes(numbers);
  for (let i = 0; i < size; i++) {
    if (endsShared[i] === 1 || (numbers[i] !== 0 && numberShared[i] === 1)) marks[i] = 0;
  }
  let begin = 0;
  return tables.map(({ length }) => {
    begin += length;
    return marks.subarray(begin - length, begin);
  });
}

/** Hashes of addresses, the same in every capture. */
class AddressHashes {
  readonly #words: Int32Array;

  constructor(addresses: Uint8Array) {
    this.#words = new Int32Array(addresses.slice().buffer);
  }

  /** @param word an IPv4 address itself, the number of an IPv6 address */
  of(word: number, version: number): number {
    if (version !== 6) return mix(0, word);
    const at = word << (ADDRESS_SHIFT - 2);
    let hash = 0;
    for (let i = 0; i < 4; i++) hash = mix(hash, this.#words[at + i]!);
    return hash;
  }
}

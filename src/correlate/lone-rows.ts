/** The rows of connections that have nothing in common with another: no merging and no linking of legs concerns them. */
import {
  ADDRESS_SHIFT,
  FLOW_SHIFT,
  FLOW_STATE,
  LONE_CHUNK,
  MARK_LONE,
  MARK_OTHER,
  STATE_LOST,
} from '../wasm/layout.js';
import { MODULE } from '../wasm/lone-module.js';
import { createMemory, instantiate } from './track/module.js';
import type { TableContents } from './track/observations.js';
import { Rows } from './track/rows.js';

/** What `src/wasm/lone.ts` exports; numbers that are offsets into the memory are of octets. */
interface LoneFunctions {
  setUp(rows: number, mostAddresses: number): number;
  chunkAt(): number;
  addressesAt(): number;
  take(count: number, first: number): void;
  compare(): void;
  listMarked(from: number, to: number, mark: number): number;
  listAt(): number;
}

/** Rows of one capture, nearly by the time of their first packets. */
export interface DividedRows {
  /** Of TCP legs that share neither their ends nor the client's initial sequence number with another leg of any capture. */
  lone: Int32Array;
  /** Of all others of which all is known. */
  others: Int32Array;
}

/**
 * Divides the rows of each capture. Where there is no memory to do it in (each takes gigabytes of addresses, of which a
 * process may have few), none counts as lone, which takes longer and comes to the same.
 *
 * @param memory where what is looked at is put
 */
export function divideRows(captures: readonly TableContents[], memory = createMemory): DividedRows[] {
  try {
    return divideIn(memory(), captures);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return captures.map(({ flows }) => ({ lone: new Int32Array(), others: legsIn(flows) }));
  }
}

function divideIn(memory: WebAssembly.Memory, captures: readonly TableContents[]): DividedRows[] {
  const functions = instantiate<LoneFunctions>(MODULE, memory);
  const sizes = captures.map(({ flows }) => new Rows(flows, FLOW_SHIFT).length);
  const rows = sizes.reduce((sum, size) => sum + size, 0);
  const mostAddresses = Math.max(0, ...captures.map(({ addresses }) => addresses.length >>> ADDRESS_SHIFT));
  if (functions.setUp(rows, mostAddresses) === 0) throw new RangeError('there is not as much memory');
  const words = new Int32Array(memory.buffer);
  const octets = new Uint8Array(memory.buffer);
  const chunk = functions.chunkAt() >>> 2;
  let first = 0;
  for (const [i, { flows, addresses }] of captures.entries()) {
    octets.set(addresses, functions.addressesAt());
    for (let row = 0; row < sizes[i]!; row += LONE_CHUNK) {
      const count = Math.min(LONE_CHUNK, sizes[i]! - row);
      const from = (row << FLOW_SHIFT) >>> 2;
      words.set(flows.subarray(from, from + ((count << FLOW_SHIFT) >>> 2)), chunk);
      functions.take(count, first + row);
    }
    first += sizes[i]!;
  }
  functions.compare();
  const marked = (from: number, to: number, mark: number) => {
    const count = functions.listMarked(from, to, mark);
    const list = functions.listAt() >>> 2;
    return words.slice(list, list + count);
  };
  let begin = 0;
  return sizes.map((size) => {
    begin += size;
    return {
      lone: marked(begin - size, begin, MARK_LONE),
      others: marked(begin - size, begin, MARK_OTHER),
    };
  });
}

/** All rows of which all is known. */
function legsIn(flows: Int32Array): Int32Array {
  const table = new Rows(flows, FLOW_SHIFT);
  return Int32Array.from({ length: table.length }, (_, row) => row).filter((row) => {
    const state = table.get(row, FLOW_STATE);
    return state !== 0 && (state & STATE_LOST) === 0;
  });
}

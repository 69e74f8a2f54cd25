/**
 * The tables of one capture's connections, which lie in the memory of a WebAssembly module (`src/wasm/`), and views of
 * them. With the same tables in JavaScript's typed arrays, a capture of a million connections took five times as long.
 */
import {
  ADDRESS_SHIFT,
  BUFFER_SIZE,
  CELL_SHIFT,
  FLOW_SHIFT,
  FRAME_SHIFT,
  SERVED_SHIFT,
} from '../../wasm/layout.js';
import { MODULE } from '../../wasm/module.js';
import { createMemory, instantiate } from './module.js';
import type { TableContents } from './observations.js';

/** What `src/wasm/index.ts` exports; numbers that are offsets into the memory are of octets. */
export interface TableFunctions {
  addressAt(id: number): number;
  addressCount(): number;
  arePassedNotesWhole(): number;
  areWantedNotesWhole(): number;
  beginScan(slot: number, at: number): void;
  buffersAt(): number;
  cellsBase(): number;
  cellsEnd(): number;
  close(): void;
  closeNotes(isAlone: number): void;
  findFlow(a: number, b: number, ports: number, transport: number): number;
  finish(): void;
  finished(row: number): void;
  frameAt(id: number): number;
  frameCount(): number;
  insertFlow(older: number, seconds: number): number;
  internAddress(at: number): number;
  internFrame(
    index: number,
    link: number,
    high: number,
    sourceLow: number,
    destinationLow: number,
    tunnels: number,
  ): number;
  isLate(): number;
  isLateSyn(number: number): number;
  isMiscounted(): number;
  isWanted(source: number, destination: number): number;
  mayLetGo(): number;
  noteTime(seconds: number, nanoseconds: number): void;
  observePacket(
    start: number,
    end: number,
    linkType: number,
    index: number,
    seconds: number,
    nanoseconds: number,
    packet: number,
  ): number;
  pass(count: number): void;
  passSyn(
    source: number,
    destination: number,
    ports: number,
    flags: number,
    sequence: number,
    acknowledgment: number,
    stamp: number,
  ): void;
  passedCount(): number;
  passedNoteCount(): number;
  passedNotesAt(): number;
  reopen(): number;
  ringAt(): number;
  rowsBase(): number;
  rowsEnd(): number;
  rowsInUse(): number;
  scan(
    at: number,
    end: number,
    linkType: number,
    isSwapped: number,
    unit: number,
    most: number,
    packets: number,
  ): number;
  scanFirst(): bigint;
  scanLast(): bigint;
  scanStopped(): number;
  servedTotal(): number;
  serverAt(id: number): number;
  serverCount(): number;
  setNumber(row: number, number: number): void;
  setUp(flows: number, whole: number): number;
  startFilter(asked: number, linked: number, numbers: number, mostNotes: number): void;
  takeCells(cells: number): number;
  wantAsked(word: number): void;
  wantLinked(word: number): void;
  wantNumber(number: number): void;
  wantedAt(): number;
  wantedNoteCount(): number;
  wantedNotesAt(): number;
  wordOf6(at: number): number;
}

/** Where the system does not give memory for as many connections, it gives none. */
const FEWEST_FLOWS = 1 << 12;

export class Tables {
  readonly functions: TableFunctions;
  readonly memory: WebAssembly.Memory;
  readonly octets: Uint8Array;
  readonly view: DataView;
  /** The memory by words of four octets. */
  readonly words: Int32Array;
  /** Connections that there is room for at one time. */
  readonly capacity: number;
  /** Where packets may be read into, so that they need not be copied. */
  readonly buffer: Uint8Array;
  /** Offset of as many octets, for packets that were read elsewhere. */
  readonly staging: number;
  /** Offset of `SCRATCH_SIZE` octets. */
  readonly scratch: number;

  /**
   * @param flows that there should be room for; less is taken where the system does not give as much
   * @param whole connections up to which all are kept; of more, those that met nothing are counted and let go
   */
  constructor(flows: number, whole: number) {
    let capacity = flows;
    let memory = createMemory();
    let functions = instantiate<TableFunctions>(MODULE, memory);
    while (functions.setUp(capacity, whole) === 0) {
      capacity = Math.floor(capacity / 2);
      if (capacity < FEWEST_FLOWS) throw new RangeError('not enough memory for the tables of connections');
      memory = createMemory();
      functions = instantiate<TableFunctions>(MODULE, memory);
    }
    this.functions = functions;
    this.capacity = capacity;
    this.memory = memory;
    const { buffer } = memory;
    this.octets = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Int32Array(buffer);
    const at = functions.buffersAt();
    this.buffer = new Uint8Array(buffer, at, BUFFER_SIZE);
    this.staging = at + BUFFER_SIZE;
    this.scratch = at + 2 * BUFFER_SIZE;
  }

  /** Views of the used part of the tables, which hold until the next packet is taken in. */
  contents(): TableContents {
    const { functions } = this;
    return {
      flows: this.rows(functions.rowsBase(), functions.rowsEnd(), FLOW_SHIFT),
      cells: this.rows(functions.cellsBase(), functions.cellsEnd(), CELL_SHIFT),
      frames: this.rows(functions.frameAt(0), functions.frameCount(), FRAME_SHIFT),
      servers: this.rows(functions.serverAt(0), functions.serverCount(), SERVED_SHIFT),
      addresses: this.#octets(functions.addressAt(0), functions.addressCount() << ADDRESS_SHIFT),
    };
  }

  /**
   * A view of rows of words.
   *
   * @param at offset of the first, octets
   * @param shift octets of a row, as a power of two
   */
  rows(at: number, count: number, shift: number): Int32Array {
    return this.words.subarray(at >>> 2, (at >>> 2) + ((count << shift) >>> 2));
  }

  #octets(at: number, octets: number): Uint8Array {
    return this.octets.subarray(at >>> 0, (at >>> 0) + (octets >>> 0));
  }
}

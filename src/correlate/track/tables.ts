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
import type { TableContents } from './observations.js';

/** What `src/wasm/index.ts` exports; numbers that are offsets into the memory are of octets. */
export interface TableFunctions {
  memory: WebAssembly.Memory;
  addressAt(id: number): number;
  addressCount(): number;
  buffersAt(): number;
  cellsBase(): number;
  cellsEnd(): number;
  close(): void;
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
  isWanted4(address: number): number;
  isWanted6(at: number): number;
  isNotesFull(): number;
  noteCount(): number;
  notesAt(): number;
  observePacket(
    start: number,
    end: number,
    linkType: number,
    index: number,
    seconds: number,
    nanoseconds: number,
    packet: number,
  ): number;
  passesOver(flags: number, sequence: number, acknowledgment: number, stamp: number): number;
  reopen(): number;
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
  startFilter(): void;
  takeCells(cells: number): number;
  wantAddress4(address: number): void;
  wantAddress6(at: number): void;
  wantNumber(number: number): void;
}

/** Where the system does not give memory for as many connections, it gives none. */
const FEWEST_FLOWS = 1 << 12;

let compiled: WebAssembly.Module | null = null;

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Buffer.from(MODULE, 'base64'));
  return compiled;
}

export class Tables {
  readonly functions: TableFunctions;
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
    let functions = instantiate();
    while (functions.setUp(capacity, whole) === 0) {
      capacity = Math.floor(capacity / 2);
      if (capacity < FEWEST_FLOWS) throw new RangeError('not enough memory for the tables of connections');
      functions = instantiate();
    }
    this.functions = functions;
    this.capacity = capacity;
    const { buffer } = functions.memory;
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
      flows: this.#words(functions.rowsBase(), functions.rowsEnd() << FLOW_SHIFT),
      cells: this.#words(functions.cellsBase(), functions.cellsEnd() << CELL_SHIFT),
      frames: this.#words(functions.frameAt(0), functions.frameCount() << FRAME_SHIFT),
      servers: this.#words(functions.serverAt(0), functions.serverCount() << SERVED_SHIFT),
      addresses: this.#octets(functions.addressAt(0), functions.addressCount() << ADDRESS_SHIFT),
    };
  }

  #words(at: number, octets: number): Int32Array {
    return this.words.subarray(at >>> 2, (at >>> 2) + (octets >>> 2));
  }

  #octets(at: number, octets: number): Uint8Array {
    return this.octets.subarray(at >>> 0, (at >>> 0) + (octets >>> 0));
  }
}

function instantiate(): TableFunctions {
  const abort = () => {
    throw new Error('the tables of connections are broken');
  };
  const { exports } = new WebAssembly.Instance(compile(), { env: { abort } });
  return exports as unknown as TableFunctions;
}

/**
 * The tables of one capture's connections, which lie in the memory of a WebAssembly module (`src/wasm/`), and views of
 * them. With the same tables in JavaScript's typed arrays, a capture of a million connections took five times as long.
 */
import { BUFFER_SIZE } from '../../wasm/layout.js';
import { MODULE } from '../../wasm/module.js';

/** What `src/wasm/index.ts` exports; numbers that are offsets into the memory are of octets. */
export interface TableFunctions {
  memory: WebAssembly.Memory;
  addressAt(id: number): number;
  buffersAt(): number;
  cellsBase(): number;
  close(): void;
  findFlow(a: number, b: number, ports: number, transport: number): number;
  finish(): void;
  finished(row: number): void;
  frameAt(id: number): number;
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
}

function instantiate(): TableFunctions {
  const abort = () => {
    throw new Error('the tables of connections are broken');
  };
  const { exports } = new WebAssembly.Instance(compile(), { env: { abort } });
  return exports as unknown as TableFunctions;
}

/** Reads a large classic pcap file in threads beside the one that takes in its packets, which helps where it would wait. */
import type { Worker } from 'node:worker_threads';
import { CAPLEN, RECORD_HEADER } from '../../ingest/capture/pcap.js';
import type { ScanFormat } from '../../ingest/capture/record.js';
import { type ReadAhead, readAt } from '../../ingest/capture/source.js';
import { MODULE } from '../../wasm/ahead-module.js';
import type { AheadFunctions } from '../track/ahead-functions.js';
import { instantiate } from '../track/module.js';
import { NOWHERE, Ring, type Slot } from '../track/ring.js';
import type { Tables } from '../track/tables.js';
import type { Tracker } from '../track/tracker.js';
import { startThread } from './standby.js';
import { isUnavailable } from './unavailable.js';
import { WindowReader, type Windows } from './window-reader.js';

/** When a capture is read ahead: plain data. */
export interface AheadOptions {
  /** Octets that the file must have to be worth a thread. */
  leastOctets: number;
  /** Threads that read beside the one that takes in; of none, the windows and what comes of them are the same. */
  threads: number;
}

/** How long to wait for a thread before looking whether the thread is alive, ms. */
const PATIENCE = 20;

/** What a thread is given. */
export interface AheadData {
  memory: WebAssembly.Memory;
  /** Where the ring is in the memory. */
  ringAt: number;
  windows: Windows;
  /** From 1. */
  thread: number;
}

export class AheadReading implements ReadAhead {
  readonly #tracker: Tracker;
  readonly #threads: number;
  readonly #start: (data: AheadData) => Worker;
  #windows: SharedWindows | null = null;
  #isOver = false;

  /**
   * @param threads as in `AheadOptions`
   * @param start starts a thread
   */
  constructor(tracker: Tracker, threads: number, start = startThread) {
    this.#tracker = tracker;
    this.#threads = threads;
    this.#start = start;
  }

  chunkAt(file: number, offset: number): Promise<Uint8Array | null> | Uint8Array | null {
    if (this.#isOver) return null;
    return this.#windows ? this.#take(this.#windows) : this.#begin(file, offset);
  }

  /**
   * Ends the reading ahead. Its threads end behind it: what one of them still reads comes to where nobody looks any more,
   * and a file that is closed meanwhile is no matter.
   */
  stop(): void {
    this.#isOver = true;
    void this.endThreads();
  }

  /** Ends the threads alone: what they have not read is read here. */
  async endThreads(): Promise<void> {
    await this.#windows?.stop();
  }

  /** Windows begin with the first record from an offset on; what goes on before it is given at once. */
  #begin(file: number, offset: number): Promise<Uint8Array | null> | Uint8Array | null {
    const { plain, tables } = this.#tracker;
    const { format, nextRecord, buffer } = plain;
    if (format === null) return null;
    const from =
      nextRecord === offset ? offset : unlessUnreadable(() => behindRecord(file, nextRecord, format));
    if (from === null || from - offset > buffer.length) return null;
    const rest = buffer.subarray(0, from - offset);
    const length = unlessUnreadable(() => readAt(file, rest, offset));
    if (length === null) return null;
    const wanted = tables.functions.wantedAt() >>> 0;
    const mayLetGo = tables.functions.mayLetGo() !== 0;
    const windows: Windows = { file, format, from, wanted, mayLetGo };
    this.#windows = new SharedWindows(windows, tables, this.#threads, this.#start);
    return from === offset ? this.#take(this.#windows) : rest.subarray(0, length);
  }

  async #take(windows: SharedWindows): Promise<Uint8Array | null> {
    const chunk = await windows.take();
    if (chunk === null) this.stop();
    return chunk;
  }
}

/**
 * What reading the file gives; null where it cannot be read there. It is read on in the other way then, which comes to
 * that place in its turn and tells why.
 */
function unlessUnreadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (typeof (error as NodeJS.ErrnoException).errno === 'number') return null;
    throw error;
  }
}

/** Where a record ends; null where it is damaged, or not whole. */
function behindRecord(file: number, offset: number, { isSwapped, maximumLength }: ScanFormat): number | null {
  const header = new Uint8Array(RECORD_HEADER);
  if (readAt(file, header, offset) < RECORD_HEADER) return null;
  const captured = new DataView(header.buffer).getUint32(CAPLEN, !isSwapped);
  return captured > maximumLength ? null : offset + RECORD_HEADER + captured;
}

/** The windows of a file from the side of who takes them in. */
class SharedWindows {
  readonly #octets: Uint8Array;
  readonly #ring: Ring;
  readonly #reader: WindowReader;
  readonly #workers = new Set<Worker>();
  /** The next to be taken in. */
  #window = 0;
  #hasFailed = false;

  constructor(
    windows: Windows,
    { functions, memory, octets }: Tables,
    threads: number,
    start: (data: AheadData) => Worker,
  ) {
    const ringAt = functions.ringAt() >>> 0;
    this.#octets = octets;
    this.#ring = new Ring(octets.buffer, ringAt, 0);
    // The module that the threads have: V8 compiles it once for all.
    const ahead = instantiate<AheadFunctions>(MODULE, memory);
    this.#reader = new WindowReader(windows, this.#ring, ahead, octets.buffer);
    try {
      for (let thread = 1; thread <= threads; thread++)
        this.#employ(start({ memory, ringAt, windows, thread }));
    } catch (error) {
      // Those that there are do as well, or none.
      if (!isUnavailable(error)) throw error;
    }
  }

  /** The records that come next, in place of those before; null where there are none, or are to be read in another way. */
  async take(): Promise<Uint8Array | null> {
    for (;;) {
      const window = this.#window++;
      this.#ring.take(window);
      const slot = await this.#slotOf(window);
      if (slot === null) return null;
      const { start, octets } = slot.chunk;
      const at = slot.room + start;
      if (octets > 0) return this.#octets.subarray(at, at + octets);
      if (start === NOWHERE) return null;
    }
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  #employ(worker: Worker): void {
    this.#workers.add(worker);
    // What it could not read is read in the other way.
    worker.on('error', () => {
      this.#hasFailed = true;
    });
    worker.on('exit', (status) => {
      this.#workers.delete(worker);
      if (status !== 0) this.#hasFailed = true;
    });
  }

  /** The slot of a window, which is read here or in a thread; null where that was not possible. */
  async #slotOf(window: number): Promise<Slot | null> {
    for (;;) {
      const slot = this.#ring.slotOf(window, 0);
      // Rather than to wait, the next one is read that nobody reads.
      const begun = slot ? null : this.#ring.begin();
      if (begun === null)
        return slot ?? (await this.#patiently((patience) => this.#ring.slotOf(window, patience)));
      const length = unlessUnreadable(() => this.#reader.read(begun));
      if (length === null) return null;
      const start = await this.#patiently((patience) => this.#ring.startOf(begun.window, patience));
      if (start === null) return null;
      if (unlessUnreadable(() => this.#reader.fill(begun, length, start)) === null) return null;
    }
  }

  /** Waits for something of a thread's; null where the thread does not live to make it so. */
  async #patiently<T>(get: (patience: number) => T | null): Promise<T | null> {
    for (;;) {
      const got = get(PATIENCE);
      if (got !== null || this.#hasFailed) return got;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Reads a large classic pcap file in a thread beside the one that takes in its packets. */
import { Worker } from 'node:worker_threads';
import type { ScanFormat } from '../../ingest/capture/record.js';
import type { ReadAhead } from '../../ingest/capture/source.js';
import { Ring } from '../track/ring.js';
import type { Tables } from '../track/tables.js';
import type { Tracker } from '../track/tracker.js';
import { isUnavailable } from './unavailable.js';

/** When a capture is read ahead: plain data. */
export interface AheadOptions {
  /** Octets that the file must have to be worth a thread. */
  leastOctets: number;
  /** Chunks that are read here, while the thread starts, before it is waited for; absent: it never is. */
  ownChunks?: number | undefined;
}

/** How long to wait for the thread before looking whether the thread is alive, ms. */
const PATIENCE = 20;

/** What the thread is started with. */
export interface AheadData {
  path: string;
  memory: WebAssembly.Memory;
  /** Where the ring is in the memory. */
  ringAt: number;
  format: ScanFormat;
}

export class AheadReading implements ReadAhead {
  readonly #tracker: Tracker;
  #ownChunks: number;
  #thread: AheadThread | null = null;
  #isOver = false;

  /** @param ownChunks as in `AheadOptions` */
  constructor(tracker: Tracker, ownChunks = Number.POSITIVE_INFINITY) {
    this.#tracker = tracker;
    this.#ownChunks = ownChunks;
  }

  chunkAt(path: string, offset: number): Promise<Uint8Array | null> | null {
    if (this.#isOver) return null;
    const { plain, tables } = this.#tracker;
    if (plain.format === null) return null;
    try {
      this.#thread ??= new AheadThread(path, tables, plain.format);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.#isOver = true;
      return null;
    }
    if (!this.#thread.isReady && this.#ownChunks-- > 0) return null;
    return this.#take(this.#thread, offset);
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#thread?.stop();
  }

  async #take(thread: AheadThread, offset: number): Promise<Uint8Array | null> {
    const chunk = await thread.take(offset, this.#tracker.plain.nextRecord);
    if (chunk === null) await this.stop();
    return chunk;
  }
}

class AheadThread {
  readonly #worker: Worker;
  readonly #ring: Ring;
  readonly #octets: Uint8Array;
  #hasBegun = false;
  #taken = 0;
  #hasEnded = false;

  constructor(path: string, tables: Tables, format: ScanFormat) {
    const ringAt = tables.functions.ringAt() >>> 0;
    this.#octets = tables.octets;
    this.#ring = new Ring(tables.octets.buffer, ringAt);
    const workerData: AheadData = { path, memory: tables.memory, ringAt, format };
    this.#worker = new Worker(new URL('./ahead-thread.js', import.meta.url), { workerData });
    const end = () => {
      this.#hasEnded = true;
    };
    // What it could not read is read here, which tells why.
    this.#worker.on('error', end);
    this.#worker.on('exit', end);
  }

  get isReady(): boolean {
    return this.#ring.isReady(0);
  }

  /**
   * The next chunk, in place of the one before; null where there is none. The first is where the thread begins.
   *
   * @param record offset of the record that begins there, or goes on
   */
  async take(offset: number, record: number): Promise<Uint8Array | null> {
    if (!(await this.#until((patience) => this.#ring.isReady(patience)))) return null;
    if (!this.#hasBegun) this.#ring.begin(offset, record);
    this.#hasBegun = true;
    if (!(await this.#until((patience) => this.#ring.awaitChunk(this.#taken, patience)))) return null;
    const { chunk, octets } = this.#ring.slot(this.#taken++);
    return octets === 0 ? null : this.#octets.subarray(chunk, chunk + octets);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Waits until something is so, if the thread lives to make it so. */
  async #until(isSo: (patience: number) => boolean): Promise<boolean> {
    while (!isSo(PATIENCE)) {
      // A thread that has ended does nothing any more, but may have done this before.
      if (this.#hasEnded) return isSo(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return true;
  }
}

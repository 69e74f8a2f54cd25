import { Worker } from 'node:worker_threads';
import type { ReadListener } from '../../ingest/capture/source.js';
import type { InputFile } from '../../ingest/input-files.js';
import type { FileReport } from './found.js';
import type { FileOptions } from './read-file.js';
import { isUnavailable } from './unavailable.js';

/** What a thread is started with. */
export interface ThreadData {
  options: FileOptions;
  /** How far it is is to be told as well. */
  tells: boolean;
}

/** What a thread posts. */
export type ThreadMessage = { report: FileReport } | { read: Parameters<ReadListener> };

interface Job {
  file: InputFile;
  resolve: (report: FileReport | null) => void;
  reject: (error: unknown) => void;
}

function startThread(workerData: ThreadData): Worker {
  return new Worker(new URL('./thread.js', import.meta.url), { workerData });
}

/** Threads that read files beside this one, the first file first. Each ends when no file is left to be read. */
export class ReadingThreads {
  readonly #waiting: Job[] = [];
  readonly #reports = new Map<InputFile, Promise<FileReport | null>>();
  readonly #workers = new Set<Worker>();

  readonly #listeners: ReadonlyMap<InputFile, ReadListener>;

  /**
   * @param most threads at once
   * @param listeners who is told how far the reading of a file is
   * @param start starts a thread
   */
  constructor(
    files: readonly InputFile[],
    options: FileOptions,
    most: number,
    listeners: ReadonlyMap<InputFile, ReadListener> = new Map(),
    start: (data: ThreadData) => Worker = startThread,
  ) {
    this.#listeners = listeners;
    for (const file of files) {
      const report = new Promise<FileReport | null>((resolve, reject) => {
        this.#waiting.push({ file, resolve, reject });
      });
      // What went wrong is told when it is this file's turn.
      report.catch(() => {});
      this.#reports.set(file, report);
    }
    const data: ThreadData = { options, tells: listeners.size > 0 };
    try {
      for (let i = 0; i < Math.min(most, files.length); i++) this.#employ(start(data));
    } catch (error) {
      if (!isUnavailable(error)) throw error;
    }
    this.#leaveIfAlone();
  }

  /**
   * What was found in one of the files; null for others, and where there is no thread to read it. Rejected only by what
   * is a bug.
   */
  async report(file: InputFile): Promise<FileReport | null> {
    return this.#reports.get(file) ?? null;
  }

  /** Ends all threads, also those that are reading. */
  async stop(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all([...this.#workers].map((worker) => worker.terminate()));
  }

  /** Without any thread, nobody reads what is waiting. */
  #leaveIfAlone(): void {
    if (this.#workers.size > 0) return;
    for (const { resolve } of this.#waiting.splice(0)) resolve(null);
  }

  #employ(worker: Worker): void {
    this.#workers.add(worker);
    let job: Job | undefined;
    const next = () => {
      job = this.#waiting.shift();
      if (job) worker.postMessage(job.file);
      else void worker.terminate();
    };
    const fail = (error: unknown) => {
      job?.reject(error);
      for (const waiting of this.#waiting.splice(0)) waiting.reject(error);
    };
    worker.on('message', (message: ThreadMessage) => {
      if ('read' in message) {
        this.#listeners.get(job!.file)?.(...message.read);
        return;
      }
      job!.resolve(message.report);
      next();
    });
    worker.on('error', (error) => {
      if (!isUnavailable(error)) {
        fail(error);
        return;
      }
      job?.resolve(null);
      job = undefined;
    });
    worker.on('exit', () => {
      this.#workers.delete(worker);
      if (job) fail(new Error('a thread ended while it was reading'));
      this.#leaveIfAlone();
    });
    next();
  }
}

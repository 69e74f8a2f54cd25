import { Worker } from 'node:worker_threads';
import type { ReadListener } from '../../ingest/capture/source.js';
import type { InputFile } from '../../ingest/input-files.js';
import type { FileReport } from './found.js';
import type { FileOptions } from './read-file.js';

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
  resolve: (report: FileReport) => void;
  reject: (error: unknown) => void;
}

/** Threads that read files beside this one, the first file first. Each ends when no file is left to be read. */
export class ReadingThreads {
  readonly #waiting: Job[] = [];
  readonly #reports = new Map<InputFile, Promise<FileReport>>();
  readonly #workers: Worker[] = [];

  readonly #listeners: ReadonlyMap<InputFile, ReadListener>;

  /**
   * @param most threads at once
   * @param listeners who is told how far the reading of a file is
   */
  constructor(
    files: readonly InputFile[],
    options: FileOptions,
    most: number,
    listeners: ReadonlyMap<InputFile, ReadListener> = new Map(),
  ) {
    this.#listeners = listeners;
    for (const file of files) {
      const report = new Promise<FileReport>((resolve, reject) => {
        this.#waiting.push({ file, resolve, reject });
      });
      // What went wrong is told when it is this file's turn.
      report.catch(() => {});
      this.#reports.set(file, report);
    }
    for (let i = 0; i < Math.min(most, files.length); i++) this.#start(options);
  }

  /** What was found in one of the files; null for others. Rejected only by what is a bug. */
  report(file: InputFile): Promise<FileReport> | null {
    return this.#reports.get(file) ?? null;
  }

  /** Ends all threads, also those that are reading. */
  async stop(): Promise<void> {
    this.#waiting.length = 0;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(options: FileOptions): void {
    const workerData: ThreadData = { options, tells: this.#listeners.size > 0 };
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData });
    this.#workers.push(worker);
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
    worker.on('error', fail);
    worker.on('exit', () => job && fail(new Error('a thread ended while it was reading')));
    next();
  }
}

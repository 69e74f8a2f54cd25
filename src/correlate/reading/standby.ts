/** The threads of `read-ahead.ts`. A program that takes long to load starts one beforehand. */
import { Worker } from 'node:worker_threads';
import type { AheadData } from './read-ahead.js';
import { isUnavailable } from './unavailable.js';

let waiting: Worker | null = null;

/** Starts a thread that waits for work, without keeping the program from its end. */
export function standBy(): void {
  let worker: Worker;
  try {
    worker = createThread();
  } catch (error) {
    if (isUnavailable(error)) return;
    throw error;
  }
  const forget = () => {
    if (waiting === worker) waiting = null;
  };
  worker.on('error', forget).on('exit', forget).unref();
  waiting = worker;
}

/** Gives work to the thread that waits, or to one that is started for it. */
export function startThread(data: AheadData): Worker {
  const worker = waiting ?? createThread();
  waiting = null;
  worker.ref();
  worker.postMessage(data);
  return worker;
}

function createThread(): Worker {
  return new Worker(new URL('./ahead-thread.js', import.meta.url));
}

/** Analyzes what has come in so far, in a thread: what comes in meanwhile is taken in as it comes. */
import { Worker } from 'node:worker_threads';
import type { Analysis } from '../model/analysis.js';

/** What the thread is asked. */
export interface Question {
  inputs: readonly string[];
  vips: readonly string[];
}

/** What it answers. */
export type Answer = { analysis: Analysis; tookMs: number } | { error: string };

export class Analyst {
  #worker: Worker | null = null;
  #waiting: ((answer: Answer) => void) | null = null;

  /** One question at a time. */
  ask(question: Question): Promise<Answer> {
    if (this.#waiting) throw new Error('the analyst is busy');
    this.#worker ??= this.#start();
    const answered = new Promise<Answer>((resolve) => {
      this.#waiting = resolve;
    });
    this.#worker.postMessage(question);
    return answered;
  }

  async stop(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./analyst-thread.js', import.meta.url));
    const answer = (text: Answer) => {
      this.#waiting?.(text);
      this.#waiting = null;
    };
    worker.on('message', answer);
    // The next question starts another one.
    const lost = (error: string) => {
      this.#worker = null;
      answer({ error });
    };
    worker.on('error', (error) => lost(error.message));
    worker.on('exit', () => lost('the analysis ended'));
    return worker;
  }
}

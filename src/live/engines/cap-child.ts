import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { CapTask, CapWord } from './cap-task.js';

/** It closes its files then; what takes longer hangs, as on a disk that answers no more. */
const ENDING_MS = 10_000;

/** How the process ended. */
export interface CapEnd {
  /** Milliseconds since 1970. */
  at: number;
  /** `SIGABRT`, or what it said. */
  why: string;
  /** Another one would go no better. */
  isFinal: boolean;
}

/** A process that captures by libpcap. */
export class CapChild {
  readonly #child: ChildProcess;
  #failure: string | null = null;
  /** Interfaces that it captures on. */
  readonly captured: string[] = [];
  /** Resolved once it captures on all that there is: true; or has ended before: false. */
  readonly ready: Promise<boolean>;
  readonly ended: Promise<CapEnd>;

  /** @param listen takes each word as it comes */
  constructor(task: CapTask, listen: (word: CapWord) => void) {
    const program = fileURLToPath(new URL('./cap-process.js', import.meta.url));
    // In a process group of its own: Ctrl-C at the terminal is for this process, which ends that one as it should. Where
    // there is no IPv4 address libpcap says so on standard error, which matters to nobody.
    this.#child = spawn(process.execPath, [program, JSON.stringify(task)], {
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#child.stdin!.on('error', () => {}); // it has ended
    let failedToStart: string | null = null;
    const failed = new Promise<void>((resolve) => {
      this.#child.once('error', (error) => {
        failedToStart = error.message;
        resolve();
      });
    });
    const closed = Promise.race([once(this.#child, 'close').catch(() => {}), failed]);
    this.ended = closed.then(() => {
      const { signalCode, exitCode } = this.#child;
      const why = this.#failure ?? failedToStart ?? signalCode ?? `status ${exitCode}`;
      return { at: Date.now(), why, isFinal: this.#failure !== null };
    });
    this.ready = new Promise((resolve) => {
      void closed.then(() => resolve(false));
      createInterface(this.#child.stdout!).on('line', (line) => {
        const word = JSON.parse(line) as CapWord;
        if (word.word === 'failed') this.#failure = word.why;
        if (word.word === 'opened') this.captured.push(word.interface);
        listen(word);
        if (word.word === 'ready') resolve(true);
      });
    });
  }

  /** Has it close its files and end. */
  async stop(): Promise<void> {
    this.#child.stdin!.end();
    const late = setTimeout(() => this.#child.kill('SIGKILL'), ENDING_MS);
    await this.ended;
    clearTimeout(late);
  }
}

/**
 * libpcap, by the package `cap`: for machines without tcpdump. It gives no kernel time stamps, no count of drops, no
 * original length of what was cut, and no interface's number on `any`, so that each interface has a handle and a file of
 * its own. It runs in a process of its own (`cap-process.ts`), which it ends where an interface goes down, and is then
 * started anew on what is up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../model/errors.js';
import { CapChild, type CapEnd } from './cap-child.js';
import type { CapTask, CapWord } from './cap-task.js';
import { isUp } from './interfaces-up.js';
import { Interruptions } from './interruptions.js';

export type CapOptions = Omit<CapTask, 'part'>;

export interface CapListener {
  /** Told what a person should know, line by line. */
  onMessage: (message: string) => void;
  /** Nothing is captured any more, though nobody stopped it. */
  onEnd: () => void;
}

const SHORTEST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5000;
/** A process that ran so long works: the next one is started at once. */
const STEADY_MS = 10_000;
/** So often in a row it is started anew where no interface explains its end. */
const MOST_FAILURES = 5;

/** A capture under way. */
export class CapCapture {
  readonly #options: CapOptions;
  readonly #listener: CapListener;
  readonly #interruptions: Interruptions;
  readonly #stopping = new AbortController();
  readonly #supervised: Promise<void>;
  #parts = 0;
  #child: CapChild;

  /**
   * Begins to capture on each interface, into a file of its name.
   *
   * @throws UsageError where an interface cannot be opened
   */
  static async begin(options: CapOptions, listener: CapListener): Promise<CapCapture> {
    const capture = new CapCapture(options, listener);
    if (await capture.#child.ready) return capture;
    capture.#stopping.abort();
    const { why, isFinal } = await capture.#child.ended;
    throw new UsageError(isFinal ? why : `libpcap cannot be run: ${why}`);
  }

  private constructor(options: CapOptions, listener: CapListener) {
    this.#options = options;
    this.#listener = listener;
    this.#interruptions = new Interruptions(options.into);
    this.#child = this.#start();
    this.#supervised = this.#supervise();
  }

  /** Ends it, with everything written. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#child.stop();
    await this.#supervised;
  }

  #start(): CapChild {
    return new CapChild({ ...this.#options, part: ++this.#parts }, (word) => this.#take(word));
  }

  #take(word: CapWord): void {
    if (word.word === 'opened') this.#interruptions.end(word.interface, Date.now());
    if (word.word === 'refused') {
      this.#listener.onMessage(`${word.interface}: cannot be captured on: ${word.why}`);
    }
  }

  async #supervise(): Promise<void> {
    const { signal } = this.#stopping;
    // Nothing else will come of it: who began it is told.
    if (!(await this.#child.ready)) return;
    for (let failures = 0; ; ) {
      const begun = Date.now();
      const end = await this.#child.ended;
      if (signal.aborted) return;
      const gone = this.#child.captured.filter((name) => !isUp(name));
      for (const name of gone) this.#interruptions.begin(name, end.at, 'it went down or away');
      const why =
        gone.length > 0
          ? `${gone.join(', ')} went down or away, and libpcap's process ended with it`
          : `libpcap's process ended: ${end.why}`;
      this.#interruptions.begin(null, end.at, why);
      const isSteady = gone.length > 0 || end.at - begun > STEADY_MS;
      failures = isSteady ? 0 : failures + 1;
      if (end.isFinal || failures > MOST_FAILURES) {
        this.#listener.onMessage(`${why}; nothing is captured any more`);
        this.#listener.onEnd();
        return;
      }
      if (failures > 0) await this.#pause(failures);
      if (signal.aborted) return;
      this.#child = this.#start();
      if (await this.#child.ready) this.#back(end, why);
    }
  }

  async #pause(failures: number): Promise<void> {
    const wait = Math.min(SHORTEST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
    await sleep(wait, undefined, { signal: this.#stopping.signal }).catch(() => {});
  }

  #back({ at }: CapEnd, why: string): void {
    const now = Date.now();
    this.#interruptions.end(null, now);
    const seconds = ((now - at) / 1000).toFixed(1);
    this.#listener.onMessage(`${why}; it was started anew, nothing was captured for ${seconds} s`);
  }
}

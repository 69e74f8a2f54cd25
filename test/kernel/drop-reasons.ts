import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout } from 'node:timers/promises';

const TRACING = '/sys/kernel/tracing';

/** The drop reasons that the kernel gives to packets which one process sent, from a tracefs instance of its own. */
export class DropReasons {
  readonly #instance: string;
  readonly #pipe: number;
  readonly #buffer = Buffer.alloc(1 << 16);

  /** Whether tracefs is mounted, and the kernel names reasons (since 5.17). */
  static get available(): boolean {
    const format = `${TRACING}/events/skb/kfree_skb/format`;
    return existsSync(format) && readFileSync(format, 'utf8').includes('enum skb_drop_reason');
  }

  /** @param pid a frame that enters by a veth is received in the context of the process that sends it */
  constructor(pid: number) {
    this.#instance = `${TRACING}/instances/rpk-${pid}`;
    mkdirSync(this.#instance, { recursive: true });
    writeFileSync(`${this.#instance}/set_event_pid`, String(pid));
    writeFileSync(`${this.#instance}/events/skb/kfree_skb/enable`, '1');
    // Emptying `trace` would wait for all processors each time.
    this.#pipe = openSync(`${this.#instance}/trace_pipe`, constants.O_RDONLY | constants.O_NONBLOCK);
  }

  /** Those since it was last asked. */
  take(): string[] {
    let text = '';
    for (let length = this.#read(); length > 0; length = this.#read()) {
      text += this.#buffer.toString('latin1', 0, length);
    }
    return [...text.matchAll(/ reason: (\w+)/g)].map((match) => match[1]!);
  }

  #read(): number {
    try {
      return readSync(this.#pipe, this.#buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  async remove(): Promise<void> {
    closeSync(this.#pipe);
    // A process that another thread starts has the file open between its fork and its exec.
    for (let tries = 0; ; tries++) {
      try {
        return rmdirSync(this.#instance);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries === 500) throw error;
        await setTimeout(10);
      }
    }
  }
}

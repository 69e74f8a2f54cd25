import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Analysis } from '../../src/model/analysis.js';
import { ROOT } from '../support.js';
import { PATH } from './capture-run.js';

export interface LiveEvent {
  event: string;
  node?: string;
  state?: string;
  analysis?: Analysis;
}

interface LiveEnd {
  /** Or the signal that ended it. */
  status: number | NodeJS.Signals | null;
  analysis: Analysis | null;
}

/** `returnpath live --format ndjson` under way. */
export class LiveRun {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly events: LiveEvent[] = [];
  readonly messages: string[] = [];
  readonly #closed: Promise<unknown>;
  #wake: (() => void)[] = [];

  /** @param as the program, and its arguments, that runs it */
  constructor(
    args: readonly string[],
    { env = { ...process.env, PATH } as NodeJS.ProcessEnv, as = [] as readonly string[] } = {},
  ) {
    const program = join(ROOT, 'bin/returnpath.js');
    const [command, ...rest] = [...as, process.execPath, program, 'live', '--format', 'ndjson', ...args];
    this.#child = spawn(command!, rest, { env });
    createInterface(this.#child.stdout).on('line', (line) => {
      this.events.push(JSON.parse(line) as LiveEvent);
      for (const wake of this.#wake.splice(0)) wake();
    });
    createInterface(this.#child.stderr).on('line', (line) => this.messages.push(line));
    this.#closed = once(this.#child, 'close').then(() => {
      for (const wake of this.#wake.splice(0)) wake();
    });
  }

  /** Resolved once an event is such a one. @throws where the run ends without */
  async until(what: string, isIt: (event: LiveEvent) => boolean): Promise<void> {
    while (!this.events.some(isIt)) {
      const { exitCode, signalCode } = this.#child;
      const ended = exitCode ?? signalCode;
      if (ended !== null) throw new Error(`${what} never came (${ended}): ${this.messages.join('; ')}`);
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  async capturing(nodes: readonly string[]): Promise<void> {
    for (const node of nodes) {
      await this.until(
        `${node} captures`,
        (e) => e.event === 'node' && e.node === node && e.state === 'capturing',
      );
    }
  }

  /** As Ctrl-C does. @returns the exit status, and the analysis */
  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<LiveEnd> {
    this.#child.kill(signal);
    return this.ended();
  }

  async ended(): Promise<LiveEnd> {
    await this.#closed;
    const end = this.events.find(({ event }) => event === 'end');
    const { exitCode, signalCode } = this.#child;
    return { status: exitCode ?? signalCode, analysis: end?.analysis ?? null };
  }
}

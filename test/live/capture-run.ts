import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { ROOT } from '../support.js';

/** npm puts a program of the name `nft` in front of PATH. */
export const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((directory) => !directory.includes('node_modules'))
  .join(delimiter);

/** Kills a process, which may have ended since it was looked for. */
export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export interface Ended {
  /** Or the signal that ended it. */
  status: number | NodeJS.Signals | null;
  stdout: string;
  /** Lines of standard error, without `returnpath: `; where a signal ended it, the last tells it. */
  messages: string[];
}

/** A program that records one node, under way in its namespace. */
export class CaptureRun {
  readonly process: ChildProcess;
  #stdout = '';
  #stderr = '';
  readonly #closed: Promise<unknown>;
  #wake: (() => void)[] = [];

  /**
   * @param namespace null: the machine's own
   * @param argv the program and its arguments
   * @param input what it reads from standard input
   */
  constructor(
    namespace: string | null,
    argv: readonly string[],
    options: { path?: string; cwd?: string; input?: string } = {},
  ) {
    const { path = PATH, cwd, input } = options;
    const inside = namespace === null ? [] : ['/usr/sbin/ip', 'netns', 'exec', namespace];
    const [command, ...args] = [...inside, ...argv];
    // At the head of a process group, which can be killed as one.
    this.process = spawn(command!, args, {
      cwd,
      env: { PATH: path, LC_ALL: 'C', TZ: 'UTC' },
      detached: true,
    });
    this.process.stdout!.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text;
    });
    this.process.stderr!.setEncoding('utf8').on('data', (text) => {
      this.#stderr += text;
      this.#awake();
    });
    this.process.stdin!.on('error', () => {});
    this.process.stdin!.end(input ?? '');
    this.#closed = once(this.process, 'close').then(() => this.#awake());
  }

  get messages(): string[] {
    const { signalCode } = this.process;
    const said = this.#stderr
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [line.replace(/^returnpath: /, '')]));
    return signalCode === null ? said : [...said, `ended by ${signalCode}`];
  }

  /** Resolved once it said so. @throws where it ends without */
  async said(what: RegExp): Promise<void> {
    while (!what.test(this.#stderr)) {
      if (this.process.exitCode !== null || this.process.signalCode !== null) {
        throw new Error(`it never said ${what}: ${this.#stderr}`);
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  capturing(): Promise<void> {
    return this.said(/capturing on/);
  }

  async end(signal: NodeJS.Signals = 'SIGINT'): Promise<Ended> {
    this.process.kill(signal);
    return this.ended();
  }

  async ended(): Promise<Ended> {
    await this.#closed;
    const { exitCode, signalCode } = this.process;
    return { status: exitCode ?? signalCode, stdout: this.#stdout, messages: this.messages };
  }

  #awake(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** Program and arguments of `returnpath capture`. */
export function captureArgv(...args: readonly string[]): string[] {
  return [process.execPath, join(ROOT, 'bin/returnpath.js'), 'capture', ...args];
}

import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROBE } from '../agent/probe-script.js';
import { quoteWord } from '../agent/script.js';
import { killGroup, startOnNode } from '../start-on-node.js';
import type { Opened, Opener, PORT_IN_USE } from './opener.js';
import { type ProbingNode, TIMEOUT_MS } from './plan.js';
import { openedBy } from './said.js';

/** What a node said when it was to ask by ARP. */
export type Asked = { interface: string; macs: string[] } | { problem: string };

/** A debugging pod may have its image to load first. */
const BEGINNING_MS = 60_000;
/** Three questions, a second apart, and the way there. */
const ASKING_MS = 15_000;
/** Beside its timeout, for what runs the program there. */
const ANSWER_MS = 10_000;
/** A shell whose connections are over ends by itself at once. */
const ENDING_MS = 10_000;

const ANSWER = /^returnpath (ready|unable|tried|asked|unasked) ?(.*)$/;
const TRIED = /^(\d{1,5}) (\d{1,3}) (\d{1,9}) ?(.*)$/;
const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** Opens connections from a node, and asks by ARP there, by a shell of its own (`probe.sh`). */
export class NodeShell implements Opener {
  readonly #node: ProbingNode;
  readonly #given: Readonly<Record<string, string | number>>;
  #child: ChildProcessWithoutNullStreams | null = null;
  #closed: Promise<void> = Promise.resolve();
  #ending: Promise<void> | null = null;
  /** Whoever waits for an answer, by what it begins with. */
  readonly #waiting = new Map<string, (text: string | null) => void>();
  readonly #said: string[] = [];

  /**
   * @param port null: it is to ask by ARP alone
   * @param most connections, beyond which it opens none
   * @param lifeMs after which it ends, whatever becomes of the connection to it
   */
  constructor(node: ProbingNode, vip: string, port: number | null, most: number, lifeMs: number) {
    this.#node = node;
    const life = Math.ceil((lifeMs + BEGINNING_MS) / 1000);
    this.#given = { vip, port: port ?? '', timeout: TIMEOUT_MS / 1000, most, life };
  }

  async begin(): Promise<string | null> {
    const given = Object.entries(this.#given).map(([name, value]) => `${name}=${quoteWord(String(value))}\n`);
    const child = startOnNode(this.#node.transport, given.join('') + PROBE);
    this.#child = child;
    createInterface(child.stdout).on('line', (line) => this.#hear(line));
    createInterface(child.stderr).on('line', (line) => this.#said.push(line));
    const ended = (why: string) => {
      this.#said.push(why);
      for (const answer of [...this.#waiting.values()]) answer(null);
    };
    child.on('error', (error) => ended(error.message));
    this.#closed = once(child, 'close').then(
      () => ended(this.#said.at(-1) ?? 'the connection was lost'),
      () => {}, // it did not start
    );
    const address = await this.#answer('ready', BEGINNING_MS);
    if (address === null)
      throw new Error(this.#said.at(-1) ?? `nothing was heard for ${BEGINNING_MS / 1000} s`);
    return address === '' ? null : address;
  }

  async open(sourcePort: number): Promise<Opened | typeof PORT_IN_USE | null> {
    this.#tell(`connect ${sourcePort}`);
    const text = await this.#answer(`tried ${sourcePort}`, TIMEOUT_MS + ANSWER_MS);
    const tried = text === null ? null : TRIED.exec(text);
    if (!tried) return null;
    const [, , status, took, said] = tried;
    return openedBy(Number(status), said!, Number(took) / 1000, TIMEOUT_MS);
  }

  async ask(): Promise<Asked> {
    this.#tell('arping');
    const text = await this.#answer('asked', ASKING_MS);
    if (text === null) return { problem: this.#said.at(-1) ?? 'nothing was heard' };
    const [device = '', ...macs] = text.split(' ');
    return { interface: device, macs: macs.filter((mac) => MAC.test(mac)) };
  }

  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    child.stdin.end();
    for (const answer of [...this.#waiting.values()]) answer(null);
    const late = setTimeout(() => killGroup(child), ENDING_MS);
    await this.#closed;
    clearTimeout(late);
    await this.#node.transport.cleanUp?.(this.#said.join('\n')).catch(() => {}); // it is gone
  }

  #tell(line: string): void {
    if (!this.#child?.stdin.writableEnded) this.#child?.stdin.write(`${line}\n`);
  }

  /** @returns null where none came */
  #answer(key: string, wait: number): Promise<string | null> {
    const isOver = this.#child === null || this.#child.exitCode !== null || this.#child.stdin.writableEnded;
    if (isOver) return Promise.resolve(null);
    const late = new AbortController();
    return new Promise<string | null>((resolve) => {
      this.#waiting.set(key, resolve);
      sleep(wait, undefined, { signal: late.signal }).then(
        () => resolve(null),
        () => {},
      );
    }).finally(() => {
      late.abort();
      this.#waiting.delete(key);
    });
  }

  #hear(line: string): void {
    const heard = ANSWER.exec(line);
    if (!heard) return;
    const [, what, text = ''] = heard;
    if (what === 'unable' || what === 'unasked') {
      this.#said.push(text);
      this.#waiting.get(what === 'unable' ? 'ready' : 'asked')?.(null);
    } else if (what === 'tried') {
      this.#waiting.get(`tried ${text.split(' ', 1)[0]}`)?.(text);
    } else {
      this.#waiting.get(what!)?.(text);
    }
  }
}

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { delimiter } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { macOf } from './addresses.js';

/**
 * Fixed locale and zone, and the system's commands alone: npm puts `node_modules/.bin` in front of PATH, and a
 * package of ava's installs a program of the name `nft` there.
 */
const SYSTEM_ENVIRONMENT = {
  ...process.env,
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((directory) => !directory.includes('node_modules'))
    .join(delimiter),
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** The third makes the MAC, or is it. */
type VethEnd = [namespace: string, device: string, address?: string];

const MAC = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/** A process of the lab that runs inside one of its namespaces. */
export interface Actor {
  process: ChildProcess;
  /** Sends SIGINT and waits for the end, at most five seconds. */
  stop(): Promise<void>;
}

/**
 * The network namespaces of one run, and whatever else the run leaves behind. Names carry the process id and a
 * random part, so that runs do not meet; everything made here is gone after `teardown`.
 */
export class Ground {
  readonly id = `rp-${process.pid}-${randomBytes(2).toString('hex')}`;
  readonly #signal: AbortSignal | undefined;
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  /** @param signal aborts whatever command or wait is under way; the caller still has to call `teardown` */
  constructor(signal?: AbortSignal) {
    this.#signal = signal;
  }

  /** The namespace's name as `ip netns` knows it. */
  namespace(name: string): string {
    return `${this.id}-${name}`;
  }

  /**
   * Makes a namespace with `lo` up and, to keep captures small, IPv6 off; where IPv6 is wanted, addresses are usable
   * at once and routers are not asked for.
   */
  async add(name: string, ipv6 = false): Promise<void> {
    const namespace = this.namespace(name);
    this.onTeardown(() => command(['ip', 'netns', 'del', namespace]));
    await command(['ip', 'netns', 'add', namespace], { signal: this.#signal });
    const wanted = ipv6 ? { accept_dad: 0, accept_ra: 0, router_solicitations: 0 } : { disable_ipv6: 1 };
    const values = Object.entries(wanted).flatMap(([key, value]) =>
      ['all', 'default'].map((scope) => [`net.ipv6.conf.${scope}.${key}`, value] as const),
    );
    await this.sysctl(name, Object.fromEntries(values));
    await this.ip(name, ['link set lo up']);
  }

  /**
   * Joins two namespaces by a veth pair, both ends up.
   *
   * @param left, right `[namespace, interface, address]`; of the address or MAC only the MAC is made, left to the
   *   kernel without
   */
  async join(left: VethEnd, right: VethEnd): Promise<void> {
    const mac = ([, , address]: VethEnd) =>
      address ? `address ${MAC.test(address) ? address : macOf(address)} ` : '';
    await this.ip(left[0], [
      `link add ${left[1]} ${mac(left)}type veth ` +
        `peer name ${right[1]} ${mac(right)}netns ${this.namespace(right[0])}`,
      `link set ${left[1]} up`,
    ]);
    await this.ip(right[0], [`link set ${right[1]} up`]);
  }

  /** Runs lines of `ip` commands in a namespace, up to the first that fails. */
  async ip(name: string, lines: string[]): Promise<void> {
    await command(['ip', '-n', this.namespace(name), '-batch', '-'], {
      input: `${lines.join('\n')}\n`,
      signal: this.#signal,
    });
  }

  /** Runs shell lines in a namespace, one after the other. */
  async shell(name: string, lines: readonly string[]): Promise<void> {
    for (const line of lines) await this.run(name, ['sh', '-c', line]);
  }

  async sysctl(name: string, values: Record<string, string | number>): Promise<void> {
    await this.run(name, ['sysctl', '-q', '-w', ...Object.entries(values).map(([k, v]) => `${k}=${v}`)]);
  }

  /** Runs a command in a namespace; its standard output. Fails with its standard error. */
  run(name: string, argv: string[], options: { input?: string; mayFail?: boolean } = {}): Promise<string> {
    return command(['ip', 'netns', 'exec', this.namespace(name), ...argv], {
      ...options,
      signal: this.#signal,
    });
  }

  /**
   * Starts a command in a namespace and waits until its output says that it is ready.
   *
   * @param ready looked for in standard output and standard error together
   */
  async start(name: string, argv: string[], ready: RegExp): Promise<Actor> {
    const child = spawn('ip', ['netns', 'exec', this.namespace(name), ...argv], {
      env: SYSTEM_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: this.#signal,
    });
    const ended = new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
    this.onTeardown(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    });
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer) => {
        output += chunk;
        if (ready.test(output)) resolve();
      };
      child.stdout.on('data', listen);
      child.stderr.on('data', listen);
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new Error(`${argv.join(' ')} ended with ${code}: ${output.trim()}`)),
      );
    });
    return {
      process: child,
      stop: async () => {
        child.kill('SIGINT');
        const deadline = sleep(5000, 'late', { ref: false });
        if ((await Promise.race([ended, deadline])) === 'late') {
          throw new Error(`${argv[0]} did not stop: ${output.trim()}`);
        }
      },
    };
  }

  sleep(milliseconds: number): Promise<void> {
    return sleep(milliseconds, undefined, { signal: this.#signal });
  }

  /** Has `cleanup` called by `teardown`, the latest first. */
  onTeardown(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  /** Takes away all that the run made. One cleanup's failure does not keep the others from being done. */
  async teardown(): Promise<void> {
    for (let cleanup = this.#cleanups.pop(); cleanup; cleanup = this.#cleanups.pop()) {
      await cleanup().catch(() => undefined);
    }
  }
}

/**
 * Runs a command to its end; its standard output. The locale is C and the time zone UTC, for outputs that do
 * not depend on who records.
 */
export async function command(
  argv: string[],
  options: { input?: string; mayFail?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<string> {
  const [file, ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(
      file!,
      args,
      {
        maxBuffer: 1 << 26,
        env: SYSTEM_ENVIRONMENT,
        ...(options.signal && { signal: options.signal }),
      },
      (error, stdout, stderr) => {
        if (error && !(options.mayFail && stdout !== '')) {
          reject(new Error(`${argv.join(' ')}: ${stderr.trim() || error.message}`));
        } else resolve(stdout);
      },
    );
    // A command that fails before it has read its input closes the pipe; its exit status says what was wrong.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

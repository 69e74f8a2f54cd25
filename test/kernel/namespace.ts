import { execFileSync, spawnSync } from 'node:child_process';
import { threadId } from 'node:worker_threads';
import { readSnapshot } from '../../src/ingest/snapshot/snapshot.js';
import type { Snapshot } from '../../src/model/snapshot.js';

let count = 0;

/** No command: the error about it shows that those before it were all come to. */
const END = 'end-of-commands';

/** A network namespace of one's own, for tests that ask the running kernel. Needs root and iproute2. */
export class Namespace {
  readonly name: string;

  constructor() {
    this.name = `rpk-${process.pid}-${threadId}-${count++}`; // ava's test files share a process
    execFileSync('ip', ['netns', 'add', this.name]);
  }

  remove(): void {
    spawnSync('ip', ['netns', 'del', this.name]);
  }

  run(command: string, ...args: string[]): string {
    return execFileSync('ip', ['netns', 'exec', this.name, command, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /**
   * Runs `ip` commands in one process; those that the kernel refuses are passed over.
   *
   * @returns output and errors
   * @throws where one is no command at all, for `ip` then stops there
   */
  batch(lines: readonly string[], ...options: string[]): { stdout: string; stderr: string } {
    const args = ['-n', this.name, '-force', ...options, '-batch', '-'];
    const done = spawnSync('ip', args, {
      input: `${[...lines, END].join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (!done.stderr.includes(END)) throw new Error(`ip stopped early: ${done.stderr}`);
    return { stdout: done.stdout, stderr: done.stderr };
  }

  /** Runs one `ip` command of a kind that ends a batch where the kernel refuses it; it is passed over then. */
  attempt(line: string): void {
    spawnSync('ip', ['-n', this.name, ...line.split(' ')]);
  }

  /** Waits until the kernel has taken note of every carrier that came or went (linkwatch). */
  awaitLinks(): void {
    const isSettled = ({ flags, operstate }: { flags: string[]; operstate: string }) =>
      !flags.includes('UP') || flags.includes('LOWER_UP') === /^(UP|UNKNOWN)$/.test(operstate);
    const links = () => JSON.parse(this.run('ip', '-j', 'link', 'show'));
    for (let tries = 0; !links().every(isSettled); tries++) {
      if (tries > 1000) throw new Error('the links do not settle');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }

  /** Sets them in order; those that fail are passed over. */
  sysctl(settings: Iterable<readonly [key: string, value: number]>): void {
    const lines = [...settings].map(([key, value]) => `${key} = ${value}\n`).join('');
    spawnSync('ip', ['netns', 'exec', this.name, 'sysctl', '-q', '-p', '-'], { input: lines });
  }

  /** What the plain commands print that make a bundle, by file. */
  files(): Map<string, string> {
    const settings = this.run('sysctl', '-a', '-r', '^net\\.ipv[46]\\.(conf|ip_forward)');
    return this.listings().set('sysctl.txt', settings);
  }

  /** Those of them that `ip` prints: all but the settings. */
  listings(): Map<string, string> {
    // One `ip` prints several listings, each a line.
    const listing = (lines: string[], ...options: string[]) =>
      this.batch(lines, '-j', ...options)
        .stdout.split('\n')
        .slice(0, lines.length);
    const [routes, rules] = listing(['route show table all', 'rule show'], '-4');
    const [routes6, rules6] = listing(['route show table all', 'rule show'], '-6');
    const [addresses, neighbours] = listing(['addr show', 'neigh show']);
    const [links] = listing(['link show'], '-d');
    return new Map([
      ['ip-addr.json', addresses!],
      ['ip-link.json', links!],
      ['ip-route.json', routes!],
      ['ip-route6.json', routes6!],
      ['ip-rule.json', rules!],
      ['ip-rule6.json', rules6!],
      ['ip-neigh.json', neighbours!],
    ]);
  }

  snapshot(): Snapshot {
    return readSnapshot(this.files(), 'node1', null, this.name);
  }

  /** Asks `ip route get` with these arguments each. */
  routeGet(questions: readonly string[], family: 4 | 6): KernelAnswer[] {
    const { stdout, stderr } = this.batch(
      questions.map((question) => `route get ${question}`),
      '-j',
      family === 6 ? '-6' : '-4',
    );
    const failed = new Map<number, string>();
    let error = '';
    for (const line of stderr.split('\n')) {
      const place = /^Command failed -:(\d+)/.exec(line);
      if (place) failed.set(Number(place[1]), error);
      else if (line !== '') error = line.replace(/^RTNETLINK answers: /, '');
    }
    const results = JSON.parse(`[${stdout.replace(/\](\s*)\[(?=\{)/g, '],$1[')}]`) as KernelRoute[][];
    let next = 0;
    return questions.map((_, i) => {
      const reason = failed.get(i + 1);
      return reason === undefined
        ? { error: null, route: results[next++]![0]! }
        : { error: reason, route: null };
    });
  }
}

export interface KernelRoute {
  type?: string;
  dev: string;
  gateway?: string;
  via?: { host: string };
  table?: string;
  prefsrc?: string;
}

export type KernelAnswer = { error: string; route: null } | { error: null; route: KernelRoute };

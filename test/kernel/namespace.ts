import { execFileSync, spawnSync } from 'node:child_process';
import { threadId } from 'node:worker_threads';
import { readSnapshot } from '../../src/ingest/snapshot/snapshot.js';
import type { Snapshot } from '../../src/model/snapshot.js';

let count = 0;

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

  /** Runs `ip` commands in one process; those that fail are passed over. @returns output and errors */
  batch(lines: readonly string[], ...options: string[]): { stdout: string; stderr: string } {
    const args = ['-n', this.name, '-force', ...options, '-batch', '-'];
    const done = spawnSync('ip', args, {
      input: `${lines.join('\n')}\n`,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    return { stdout: done.stdout, stderr: done.stderr };
  }

  sysctl(settings: ReadonlyMap<string, number>): void {
    const lines = [...settings].map(([key, value]) => `${key} = ${value}`).join('\n');
    spawnSync('ip', ['netns', 'exec', this.name, 'sysctl', '-q', '-p', '-'], { input: `${lines}\n` });
  }

  /** The snapshot that the plain commands make. */
  snapshot(): Snapshot {
    const files = new Map([
      ['ip-addr.json', this.run('ip', '-j', 'addr', 'show')],
      ['ip-link.json', this.run('ip', '-j', '-d', 'link', 'show')],
      ['ip-route.json', this.run('ip', '-j', '-4', 'route', 'show', 'table', 'all')],
      ['ip-route6.json', this.run('ip', '-j', '-6', 'route', 'show', 'table', 'all')],
      ['ip-rule.json', this.run('ip', '-j', '-4', 'rule', 'show')],
      ['ip-rule6.json', this.run('ip', '-j', '-6', 'rule', 'show')],
      ['sysctl.txt', this.run('sysctl', '-a', '-r', '^net\\.ipv[46]\\.(conf|ip_forward)')],
    ]);
    return readSnapshot(files, 'node1', null, this.name);
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

/**
 * Speed as ratios to a peer in the same run, on captures made here (seeded, removed again): `npm run bench`, with
 * `--full` on files of the size that people have. Writes `bench.json` beside the table.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { fixture, has, ROOT } from '../support.js';
import { generate, type Load } from './generate.js';

const ROUNDS = 5;
const full = process.argv.includes('--full');

const LOADS: Record<string, Load> = full
  ? {
      'data-heavy': { flows: 90_000, segments: 22, payload: 930, concurrent: 1000, link: 'ethernet' },
      'handshake-heavy': { flows: 1_000_000, segments: 0, payload: 0, concurrent: 1000, link: 'ethernet' },
    }
  : {
      'data-heavy': { flows: 9_000, segments: 22, payload: 930, concurrent: 1000, link: 'ethernet' },
      'handshake-heavy': { flows: 100_000, segments: 0, payload: 0, concurrent: 1000, link: 'ethernet' },
    };

/** Seconds of one run as a whole process, and its peak memory. */
function run(command: string, args: readonly string[]): { seconds: number; megabytes: number | null } {
  const timed = has(['time']);
  const start = process.hrtime.bigint();
  const all = timed ? ['time', '-f', '%M', command, ...args] : [command, ...args];
  const done = spawnSync(all[0]!, all.slice(1), { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (done.error) throw done.error;
  const memory = timed ? Number(done.stderr.trim().split('\n').at(-1)) / 1024 : null;
  return { seconds, megabytes: memory };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

interface Row {
  work: string;
  peer: string;
  seconds: number;
  peerSeconds: number;
  ratio: number;
  megabytes: number | null;
}

/** The two in turn, so that a machine whose speed drifts is fair to both. */
function compare(work: string, ours: readonly string[], peer: string, peerArgs: readonly string[]): Row {
  const [mine, theirs]: [number[], number[]] = [[], []];
  let megabytes: number | null = null;
  for (let round = 0; round < ROUNDS; round++) {
    const one = run(process.execPath, [join(ROOT, 'bin/returnpath.js'), ...ours]);
    mine.push(one.seconds);
    megabytes = one.megabytes;
    theirs.push(run(peer, peerArgs).seconds);
  }
  const [seconds, peerSeconds] = [median(mine), median(theirs)];
  return { work, peer, seconds, peerSeconds, ratio: seconds / peerSeconds, megabytes };
}

const directory = mkdtempSync(join(tmpdir(), 'returnpath-bench-'));
const rows: Row[] = [];
try {
  for (const [name, load] of Object.entries(LOADS)) {
    const path = join(directory, `${name}.pcap`);
    const packets = generate(path, load);
    const work = `${name} (${(statSync(path).size / 1e6).toFixed(0)} MB, ${packets} packets, ${load.flows} flows)`;
    const ours = ['analyze', path, '--format', 'json', '--attempts', 'none'];
    if (has(['tcpdump'])) {
      const filter = 'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0';
      rows.push(compare(work, ours, 'tcpdump', ['-r', path, '-w', '/dev/null', filter]));
    }
    if (has(['tshark'])) {
      rows.push(compare(work, ours, 'tshark', ['-r', path, '-q', '-z', 'conv,tcp']));
    }
  }
  const bundle = [
    'analyze',
    fixture('rp-filter-strict', 'node1.tar.gz'),
    fixture('rp-filter-strict', 'node2.tar.gz'),
  ];
  rows.push(compare('two bundles, end to end', bundle, process.execPath, ['-e', '0']));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
const table = new Table({ head: ['work', 'peer', 'seconds', 'peer', 'ratio', 'MB'] });
for (const r of rows) {
  table.push([
    r.work,
    r.peer.split('/').at(-1),
    r.seconds.toFixed(2),
    r.peerSeconds.toFixed(2),
    r.ratio.toFixed(2),
    r.megabytes?.toFixed(0) ?? '?',
  ]);
}
process.stdout.write(`${table.toString()}\n`);
writeFileSync(join(ROOT, 'bench.json'), `${JSON.stringify(rows, null, 2)}\n`);

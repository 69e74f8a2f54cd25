/** A node that is recorded by `returnpath capture`, and what is left of it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { command, type Ground } from '../lab/ground.js';
import { scratch } from '../scratch.js';
import { CaptureRun, captureArgv } from './capture-run.js';
import { leftovers, read } from './leftovers.js';
import { twoNodes } from './two-nodes.js';

export interface Place {
  ground: Ground;
  out: string;
  before: unknown;
}

/** Two nodes that see each other, of which the first is recorded. */
export async function place(t: ExecutionContext): Promise<Place> {
  const ground = await twoNodes(t);
  await ground.sysctl('n1', { 'net.ipv4.conf.all.log_martians': 0 });
  return { ground, out: scratch(t), before: await leftovers(ground, ['n1']) };
}

/** Until it is told to end. */
export function start(t: ExecutionContext, { ground, out }: Place, ...args: string[]): CaptureRun {
  const named = args.includes('--node') ? [] : ['--node', 'n1'];
  const argv = captureArgv(...named, '--duration', '0', '--out', out, ...args);
  const run = new CaptureRun(ground.namespace('n1'), argv);
  t.teardown(() => run.end('SIGKILL'));
  return run;
}

/** What ends by itself takes a few seconds. */
export async function sameAsBefore(t: ExecutionContext, { ground, before }: Place): Promise<void> {
  let now: unknown = null;
  for (let turn = 0; turn < 40; turn++) {
    now = await leftovers(ground, ['n1']);
    if (JSON.stringify(now) === JSON.stringify(before)) break;
    await sleep(500);
  }
  t.deepEqual(now, before);
}

/** Two pings, and the time that libpcap takes to hand them over. */
export async function ping(ground: Ground): Promise<void> {
  await ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '10.8.0.2']);
  await sleep(2000);
}

export function analyzed(bundle: string): Promise<Analysis> {
  return analyze([bundle], { vips: [], keepGoing: false, attempts: 'all', warn: () => {} });
}

/** The directory of a run that wrote no archive. */
export function workOf({ out }: Place): string {
  const [name] = readdirSync(out).filter((entry) => entry.startsWith('returnpath-'));
  if (name === undefined) throw new Error(`no directory in ${readdirSync(out)}`);
  return join(out, name, 'n1');
}

/** The processes of a node that are of a program. */
export async function pidsOf(ground: Ground, program: string): Promise<number[]> {
  const pids = (await command(['ip', 'netns', 'pids', ground.namespace('n1')])).split('\n').filter(Boolean);
  return pids.filter((pid) => read(`/proc/${pid}/comm`).trim() === program).map(Number);
}

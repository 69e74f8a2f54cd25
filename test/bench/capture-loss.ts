/** What each engine loses of a flood: `npm run bench -- --capture`. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyze } from '../../src/analyze.js';
import { Ground } from '../lab/ground.js';
import { CaptureRun, captureArgv } from '../live/capture-run.js';

export interface Flood {
  /** Packets a second. */
  rate: number;
  seconds: number;
}

export const ENGINES = ['tcpdump', 'cap'] as const;

export interface Loss {
  engine: (typeof ENGINES)[number];
  /** By the sending interface's own count. */
  sent: number;
  /** Of them a second. */
  rate: number;
  captured: number;
  /** As the engine says; null where it does not. */
  told: number | null;
  /** Of the processors, by all that records: seconds. */
  cpuSeconds: number;
}

const SENDER = fileURLToPath(new URL('./flood.js', import.meta.url));
/** The last packets have so long to be handed over. */
const TRAIL_MS = 1500;
const TICKS_PER_SECOND = 100;

/**
 * Floods one end of a veth pair, and records the other.
 *
 * @param directory for the bundles, which stay there
 * @throws Error where something of it cannot be run: it takes root
 */
export async function measureLoss(
  engine: Loss['engine'],
  { rate, seconds }: Flood,
  directory: string,
): Promise<Loss> {
  mkdirSync(directory, { recursive: true });
  const ground = new Ground();
  try {
    for (const name of ['sender', 'node']) await ground.add(name);
    await ground.join(['sender', 'eth0'], ['node', 'eth0']);
    const argv = captureArgv('--node', 'node', '--duration', '0', '--engine', engine, '--out', directory);
    const run = new CaptureRun(ground.namespace('node'), argv);
    await run.capturing();
    const before = await sentBy(ground);
    const flood = [process.execPath, SENDER, 'eth0', String(rate), String(seconds)];
    const took = Number(await ground.run('sender', flood));
    const sent = (await sentBy(ground)) - before;
    await ground.sleep(TRAIL_MS);
    const cpuSeconds = await cpuOf(ground);
    const { status, messages } = await run.end();
    if (status !== 0) throw new Error(messages.join('\n'));
    const { inputs } = await analyze([join(directory, 'node.tar.gz')], {
      vips: [],
      keepGoing: false,
      attempts: 'none',
      warn: () => {},
    });
    const captured = inputs.reduce((sum, { packets }) => sum + packets, 0);
    const told = inputs.every(({ dropped }) => dropped === null)
      ? null
      : inputs.reduce((sum, { dropped }) => sum + (dropped ?? 0), 0);
    return { engine, sent, rate: sent / took, captured, told, cpuSeconds };
  } finally {
    await ground.teardown();
  }
}

/** What reached the other end. */
async function sentBy(ground: Ground): Promise<number> {
  return Number(await ground.run('sender', ['cat', '/sys/class/net/eth0/statistics/tx_packets']));
}

/** Of the processes that record, so far. */
async function cpuOf(ground: Ground): Promise<number> {
  const pids = await ground.run('node', ['ip', 'netns', 'pids', ground.namespace('node')]);
  const ticks = pids
    .split('\n')
    .filter(Boolean)
    .map((pid) => {
      try {
        // proc(5): utime and stime, with those of children that have ended.
        const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
        return fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
      } catch {
        return 0;
      }
    });
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}

/** A line a measurement. */
export function formatLoss({ engine, sent, rate, captured, told, cpuSeconds }: Loss): string {
  const lost = sent - captured;
  const share = ((lost / sent) * 100).toFixed(3);
  const drops = told === null ? 'tells no drops' : `tells ${told} drops`;
  return `${engine}: ${sent} sent at ${Math.round(rate)}/s, ${captured} captured, ${drops}, ${lost} lost (${share} %), ${cpuSeconds.toFixed(1)} s of CPU`;
}

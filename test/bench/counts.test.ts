/** Packets, connections and outcomes are counted as a plain reference implementation counts them. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { type AnalyzeOptions, analyze } from '../../src/analyze.js';
import { scratch } from '../scratch.js';
import { countsOf } from './analysis-counts.js';
import { generate, type Load } from './generate.js';
import { countCapture } from './reference.js';
import { BEGINNINGS, ENDINGS } from './scripts.js';

/** The first of the services. */
const VIP = '192.168.0.0';

const OPTIONS: AnalyzeOptions = { vips: [], keepGoing: false, attempts: 'none', warn: () => {} };

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = scratch();
  try {
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Shares of a hundred: a few of what may be, in random parts, and room for what is plain. */
function shares<T extends string>(names: readonly T[]): fc.Arbitrary<Partial<Record<T, number>>> {
  return fc
    .array(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 25 })), { maxLength: 5 })
    .map((chosen) => Object.fromEntries(chosen) as Partial<Record<T, number>>);
}

const loads: fc.Arbitrary<Load> = fc.record({
  flows: fc.integer({ min: 1, max: 400 }),
  segments: fc.integer({ min: 0, max: 6 }),
  payload: fc.constantFrom(0, 1, 930, 1448),
  concurrent: fc.integer({ min: 1, max: 100 }),
  link: fc.constantFrom('ethernet', 'sll2'),
  gap: fc.constantFrom(2, 20, 2000, 200_000),
  wait: fc.constantFrom(2000, 1_000_000, 7_000_000),
  beginnings: shares(BEGINNINGS),
  endings: shares(ENDINGS),
  reused: fc.constantFrom(0, 10, 60),
});

const seeds = fc.integer({ min: 0, max: 0x7fffffff });

/** Compares, of all and of one VIP. */
async function counts(t: ExecutionContext, load: Load, seed: number): Promise<void> {
  await inDirectory(async (directory) => {
    const path = join(directory, 'generated.pcap');
    t.is(generate(path, load, seed), countCapture(path).packets, 'the reference passed packets over');
    t.deepEqual(countsOf(await analyze([path], OPTIONS)), countCapture(path));
    const ofVip = countCapture(path, VIP);
    // Of a VIP to which there is no packet, all connections are given.
    if (ofVip.connections === 0) return;
    t.deepEqual(countsOf(await analyze([path], { ...OPTIONS, vips: [VIP] })), ofVip);
  });
}

test('small captures of all kinds', async (t) => {
  await fc.assert(
    fc.asyncProperty(loads, seeds, (load, seed) => counts(t, load, seed)),
    { numRuns: Number(process.env.RETURNPATH_COUNT_RUNS ?? 30) },
  );
});

/** So many that those that are over are counted and let go, and so many at one time that silent ones are put away. */
const CROWD = { flows: 14_000, segments: 0, payload: 0, concurrent: 6000, link: 'ethernet' } as const;

const CROWDS: Record<string, Load> = {
  'as the bench has them': { ...CROWD, concurrent: 1000 },
  'as the bench has them, LINUX_SLL2': { ...CROWD, concurrent: 1000, link: 'sll2' },
  'late packets of connections that were let go': {
    ...CROWD,
    endings: { 'late FIN': 30, 'RST after close': 20, 'half closed': 20, 'data after RST': 20 },
  },
  'connections that stay open, and ports used again': { ...CROWD, endings: { open: 40 }, reused: 30 },
  'silence in the middle of connections': {
    ...CROWD,
    gap: 2000,
    wait: 7_000_000,
    beginnings: { 'SYN-ACK again': 20, 'reply lost': 10, 'only the way in': 10, 'only the way out': 10 },
  },
  'the last ACK of a connection that was let go, of a port that a refused one had before': {
    ...CROWD,
    beginnings: { refused: 20 },
    endings: { 'last ACK': 100 },
    reused: 30,
  },
  'a SYN that comes again after one that was put away': {
    ...CROWD,
    gap: 2000,
    wait: 7_000_000,
    beginnings: { 'SYN again': 30 },
  },
  'connections that began before the capture, beside many that were let go': {
    ...CROWD,
    beginnings: { midstream: 20 },
    endings: { 'simultaneous close': 100 },
  },
};

for (const [what, load] of Object.entries(CROWDS)) {
  test.serial(`many connections: ${what}`, (t) => counts(t, load, 1));
}

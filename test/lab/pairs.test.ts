/** What two scenarios set, on one ground, mended as the analysis says, round by round: its advice leads out. */
import { join } from 'node:path';
import fc from 'fast-check';
import { analyze } from '../../src/analyze.js';
import { testSideBySide } from '../gates.js';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { Lanes } from './lanes.js';
import { both, mendedBy, pairsOf } from './pairs.js';
import { recordScenario } from './record.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testSideBySide('tcpdump', 'dumpcap', 'nft', 'iptables', 'ipset', 'conntrack', 'nstat', 'zstd');

const PAIRS = Number(process.env.RETURNPATH_LAB_PAIRS ?? 1);
const SEED = Number(process.env.RETURNPATH_LAB_SEED ?? 1);
const MOST_ROUNDS = 4;

const lanes = new Lanes(2);
const all = pairsOf(SCENARIOS);
const drawn = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), { seed: SEED, numRuns: 1 })[0]!;

for (const [one, other] of drawn.slice(0, PAIRS)) {
  test(`${one.name}, and ${other.name}: what is proposed mends it`, async (t) => {
    t.timeout(600_000);
    let scenario: Scenario = both(one, other);
    const seen: string[] = [];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const directory = join(scratch(t), 'recording');
      const now = scenario;
      const recording = await lanes
        .run(() => recordScenario(now, directory, undefined, () => []))
        .catch((error: Error) => {
          // What the second sets may have no place where the first has been. A fix has to be taken.
          if (round > 0 || !/^ip netns exec \S+ sh -c /.test(error.message)) throw error;
          t.log(error.message);
          return null;
        });
      if (!recording) {
        t.pass();
        return;
      }
      const { truth } = recording;
      const results = [...new Set(truth.client.map(({ result }) => result))];
      const { findings } = await analyze(bundlesIn(directory), {
        vips: [truth.vip],
        keepGoing: false,
        warn: () => {},
        attempts: 'all',
      });
      const faults = findings.filter(({ severity }) => severity === 'fault');
      const told = faults.map((f) => `${f.cause} ${f.confidence} ${f.node} ${f.interface}`);
      seen.push(`${results.join(', ')}: ${told.join('; ') || 'no fault'}`);
      if (results.every((result) => result === 'connected')) {
        t.deepEqual(told, [], seen.join('\n'));
        t.log(seen);
        return;
      }
      t.true(faults.length > 0, seen.join('\n'));
      const fixes = faults.flatMap(({ fix }) => fix ?? []);
      scenario = mendedBy(now, fixes);
      // What is in nobody's hands here is told, and not mended.
      if (JSON.stringify(scenario.changes) === JSON.stringify(now.changes)) {
        t.log(seen);
        return;
      }
    }
    t.fail(`not mended by ${MOST_ROUNDS} rounds:\n${seen.join('\n')}`);
  });
}

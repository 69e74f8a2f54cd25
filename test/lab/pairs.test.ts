/** What two scenarios set, on one ground, mended as the analysis says, round by round: its advice leads out. */
import { join } from 'node:path';
import fc from 'fast-check';
import { testSideBySide } from '../gates.js';
import { scratch } from '../scratch.js';
import { brief } from './drawn/law.js';
import { Lanes } from './lanes.js';
import { both, mendedBy, pairsOf } from './pairs.js';
import { roundOf } from './round.js';
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
      // What the second sets may have no place where the first has been. A fix has to be taken.
      const refusal = round > 0 ? null : /^ip netns exec \S+ sh -c /;
      const now = scenario;
      const recorded = await roundOf(now, join(scratch(t), 'recording'), refusal, (record) =>
        lanes.run(record),
      );
      if (typeof recorded === 'string') {
        t.log(recorded);
        t.pass();
        return;
      }
      const { results, faults } = recorded;
      const told = faults.map(brief);
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

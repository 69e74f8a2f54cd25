/**
 * Settings that are drawn, on machines that forward real packets: nothing is told of what works, something of what does
 * not, and what is sure of its cause is mended by its fix.
 */
import { join } from 'node:path';
import fc from 'fast-check';
import type { Finding } from '../../../src/model/analysis.js';
import { testInNamespaces } from '../../gates.js';
import { scratch } from '../../scratch.js';
import { mendedBy } from '../pairs.js';
import { roundOf } from '../round.js';
import type { Scenario } from '../scenario.js';
import { SCENARIOS } from '../scenarios/index.js';
import { drawnOn, grounds } from './drawn.js';
import { brief, brokenBy } from './law.js';
import { machinesOf } from './machines.js';

const test = testInNamespaces('tcpdump', 'nft', 'iptables', 'ipset', 'conntrack', 'nstat', 'zstd');

const DRAWN = Number(process.env.RETURNPATH_LAB_DRAWN ?? 1);
const SEED = Number(process.env.RETURNPATH_LAB_SEED ?? 1);
const MOST_ROUNDS = 6;

const all = grounds(SCENARIOS);

for (let i = 0; i < DRAWN; i++) {
  const seed = SEED + i;
  test(`drawn, of seed ${seed}`, async (t) => {
    t.timeout(600_000);
    const [alike] = fc.sample(fc.constantFrom(...all), { seed, numRuns: 1 }) as [Scenario[]];
    const [first] = fc.sample(drawnOn(alike, await machinesOf(alike)), { seed, numRuns: 1 }) as [Scenario];
    let scenario = first;
    const story = [`${first.name}, recorded at ${first.recorded}: ${JSON.stringify(first.changes, null, 1)}`];
    const mended = new Set<string>();
    for (let round = 0; round < MOST_ROUNDS; round++) {
      // What is drawn may be refused, or leave nothing to capture. A fix has to be taken.
      const refusal = round > 0 ? null : /^ip netns exec \S+ sh -c |That device is not up/;
      const recorded = await roundOf(scenario, join(scratch(t), 'recording'), refusal);
      if (typeof recorded === 'string') {
        t.log(recorded);
        t.pass();
        return;
      }
      const { truth, results, analysis, faults } = recorded;
      story.push(`${results.join(', ')}: ${faults.map(brief).join('; ') || 'no fault'}`);
      t.deepEqual(brokenBy(truth, analysis), [], story.join('\n'));
      const sure = faults.filter(({ confidence, fix }) => fix && confidence !== 'possible');
      const again = sure.filter((fault) => mended.has(commandsOf(fault)));
      t.deepEqual(again.map(brief), [], `mended already:\n${story.join('\n')}`);
      for (const fault of sure) mended.add(commandsOf(fault));
      const next = mendedBy(
        scenario,
        sure.map(({ fix }) => fix!),
      );
      if (JSON.stringify(next.changes) === JSON.stringify(scenario.changes)) {
        t.log(story.join('\n'));
        return;
      }
      scenario = next;
    }
    t.fail(`not mended by ${MOST_ROUNDS} rounds:\n${story.join('\n')}`);
  });
}

function commandsOf({ fix }: Finding): string {
  return JSON.stringify(fix?.commands);
}

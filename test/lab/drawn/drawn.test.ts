/**
 * Settings that are drawn, on machines that forward real packets: nothing is told of what works, something of what does
 * not, and what is sure of its cause is mended by its fix.
 */
import { join } from 'node:path';
import fc from 'fast-check';
import { analyze } from '../../../src/analyze.js';
import type { Finding } from '../../../src/model/analysis.js';
import { testInNamespaces } from '../../gates.js';
import { bundlesIn } from '../../scenarios/truth.js';
import { scratch } from '../../scratch.js';
import { mendedBy } from '../pairs.js';
import { recordScenario } from '../record.js';
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
      const directory = join(scratch(t), 'recording');
      const recording = await recordScenario(scenario, directory, undefined, () => []).catch(
        (error: Error) => {
          // What is drawn may be refused, or leave nothing to capture. A fix has to be taken.
          if (round > 0 || !/^ip netns exec \S+ sh -c |That device is not up/.test(error.message))
            throw error;
          return error;
        },
      );
      if (recording instanceof Error) {
        t.log(recording.message);
        t.pass();
        return;
      }
      const { truth } = recording;
      const options = { vips: [truth.vip], keepGoing: false, warn: () => {}, attempts: 'all' } as const;
      const analysis = await analyze(bundlesIn(directory), options);
      const faults = analysis.findings.filter(({ severity }) => severity === 'fault');
      const results = [...new Set(truth.client.map(({ result }) => result))];
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

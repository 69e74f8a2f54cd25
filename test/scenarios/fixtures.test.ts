import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import { SCENARIOS } from '../lab/scenarios/index.js';
import { fixture } from '../support.js';
import { assertTruth, bundlesIn, readTruth } from './truth.js';

test('every scenario of the lab is recorded', (t) => {
  const recorded = readdirSync(fixture()).filter((name) => existsSync(fixture(name, 'truth.json')));
  t.deepEqual(recorded.sort(), SCENARIOS.map((scenario) => scenario.name).sort());
});

for (const scenario of SCENARIOS) {
  const directory = fixture(scenario.name);

  // One after the other: side by side they would only share the one processor, and all lie in memory.
  test.serial(`${scenario.name}: with the VIP given, in either order of the bundles`, async (t) => {
    const truth = readTruth(directory);
    const bundles = bundlesIn(directory);
    for (const given of bundles.length > 1 ? [bundles, bundles.toReversed()] : [bundles]) {
      const analysis = await analyze(given, {
        vips: [truth.vip],
        keepGoing: false,
        attempts: 'all',
        warn: () => {},
      });
      assertTruth(t, scenario, truth, analysis);
      t.deepEqual(analysis.vips, [{ address: truth.vip, source: 'flag' }]);
    }
  });
}

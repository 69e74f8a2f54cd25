import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import { analyzeJson } from '../cli/run.js';
import { SCENARIOS } from '../lab/scenarios/index.js';
import { fixture } from '../support.js';
import { assertTruth, bundlesIn, readTruth } from './truth.js';

const recorded = readdirSync(fixture()).filter((name) => existsSync(fixture(name, 'truth.json')));

test('every scenario of the lab is recorded', (t) => {
  t.deepEqual([...recorded].sort(), SCENARIOS.map((scenario) => scenario.name).sort());
});

for (const name of recorded) {
  const directory = fixture(name);
  const truth = readTruth(directory);

  test(`${name}: with the VIP given`, async (t) => {
    const { status, analysis } = await analyzeJson([...bundlesIn(directory), '--vip', truth.vip]);
    assertTruth(t, truth, analysis);
    t.is(status, truth.expect === null ? 0 : 1);
    t.deepEqual(analysis.vips, [{ address: truth.vip, source: 'flag' }]);
  });

  test(`${name}: the order of the bundles makes no difference to what is found`, async (t) => {
    const { analysis } = await analyzeJson([...bundlesIn(directory).reverse(), '--vip', truth.vip]);
    assertTruth(t, truth, analysis);
  });
}

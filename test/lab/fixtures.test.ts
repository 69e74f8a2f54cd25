import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { CAUSES } from '../../src/model/analysis.js';
import { fixture } from '../support.js';
import { withContents } from './contents.js';
import { contradictions } from './proofs.js';
import { expectations, nodesOf, type Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
import { counterDeltas, type Truth } from './truth.js';

/** A file of a committed recording's bundle. */
function bundled(scenario: Scenario, node: string, file: string): string {
  const { container } = scenario.form;
  if (container === 'directory') return readFileSync(fixture(scenario.name, node, file), 'utf8');
  const archive = fixture(scenario.name, `${node}.${container}`);
  return execFileSync('tar', ['-xOf', archive, `${node}/${file}`], { encoding: 'utf8', stdio: 'pipe' });
}

for (const scenario of SCENARIOS) {
  test(`the recording of ${scenario.name} is what its scenario says`, (t) => {
    const truth = JSON.parse(readFileSync(fixture(scenario.name, 'truth.json'), 'utf8')) as Truth;
    t.is(truth.scenario, scenario.name);
    t.is(truth.description, scenario.description);
    t.deepEqual(truth.expect, scenario.expect);
    t.deepEqual(truth.also, scenario.also ?? []);
    t.is(truth.healthy, expectations(scenario).length === 0);
    t.is(truth.client.length, scenario.traffic.connections);
    for (const node of nodesOf(scenario)) {
      const [before, after] = ['before', 'after'].map((when) =>
        bundled(scenario, node, `nstat-${when}.json`),
      );
      t.deepEqual(counterDeltas(before!, after!), truth.counters[node]);
      const witnesses = {
        kernelLog: bundled(scenario, node, 'kernel.log'),
        drops: scenario.form.drops ? bundled(scenario, node, 'drops.txt') : null,
      };
      t.deepEqual(contradictions(scenario, truth, witnesses), []);
    }
  });
}

test('the contents name every scenario as it is', (t) => {
  const readme = readFileSync(fixture('README.md'), 'utf8');
  t.is(readme, withContents(readme, SCENARIOS), 'npm run lab -- record writes them');
});

test('every cause has two scenarios at least', (t) => {
  const found = SCENARIOS.flatMap((scenario) => expectations(scenario).map(({ cause }) => cause));
  for (const cause of CAUSES) t.true(found.filter((c) => c === cause).length >= 2, cause);
});

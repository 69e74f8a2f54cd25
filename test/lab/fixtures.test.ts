import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { fixture } from '../support.js';
import { nodesOf, type Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';
import { contradictions, counterDeltas, type Truth } from './truth.js';

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
    t.is(truth.healthy, scenario.expect === null);
    t.is(truth.client.length, scenario.connections);
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

test('the index names every scenario', (t) => {
  const index = readFileSync(fixture('README.md'), 'utf8');
  for (const { name } of SCENARIOS) t.true(index.includes(`| \`${name}\` |`), name);
});

import test from 'ava';
import { CAUSES } from '../../src/model/analysis.js';
import { cover } from './cover.js';
import { expectations } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

test('every cause that any scenario has is covered, and so is what is healthy', (t) => {
  const covered = cover(SCENARIOS);
  const causesOf = (scenarios: typeof covered) =>
    [...new Set(scenarios.flatMap((scenario) => expectations(scenario).map(({ cause }) => cause)))].sort();
  t.deepEqual(causesOf(covered), causesOf([...SCENARIOS]));
  t.deepEqual(causesOf(covered), [...CAUSES].sort());
  t.true(covered.some((scenario) => expectations(scenario).length === 0));
});

test('nothing that is covered is left over', (t) => {
  const covered = cover(SCENARIOS);
  t.true(covered.length < SCENARIOS.length);
  t.deepEqual(cover(covered), covered);
  t.deepEqual(cover([...covered, ...covered]), covered);
});

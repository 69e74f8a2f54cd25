import test from 'ava';
import { type Comparison, compareConfiguration } from './differential.js';
import { Namespace } from './namespace.js';

// The model against the running kernel. RETURNPATH_KERNEL_CONFIGURATIONS asks for more of them than the 30 that
// a check can wait for, RETURNPATH_KERNEL_SEED for others (or, with 1, for one alone).
const CONFIGURATIONS = Number(process.env.RETURNPATH_KERNEL_CONFIGURATIONS ?? 30);
const SEED = Number(process.env.RETURNPATH_KERNEL_SEED ?? 1);
const QUESTIONS = 100;

test('the model answers as the kernel does', (t) => {
  if (!Namespace.available()) {
    t.log('no network namespaces here: not compared');
    t.pass();
    return;
  }
  t.timeout(3_600_000);
  const comparison: Comparison = { asked: 0, unsure: 0, verdicts: new Map(), mismatches: [] };
  for (let i = 0; i < CONFIGURATIONS; i++) compareConfiguration(SEED + i, QUESTIONS, comparison);
  t.log(
    `${comparison.asked} questions, ${comparison.unsure} unsure`,
    Object.fromEntries(comparison.verdicts),
  );
  t.deepEqual(comparison.mismatches.slice(0, 10), [], `${comparison.mismatches.length} mismatches`);
  t.true(comparison.unsure < comparison.asked / 10);
});

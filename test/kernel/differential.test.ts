import { testInNamespaces } from '../gates.js';
import { type Comparison, compareConfiguration } from './differential.js';

const test = testInNamespaces('nstat');

// The model against the running kernel. RETURNPATH_KERNEL_CONFIGURATIONS asks for more of them than the 30 that
// a check can wait for, RETURNPATH_KERNEL_SEED for others (or, with 1 configuration, for one alone).
const CONFIGURATIONS = Number(process.env.RETURNPATH_KERNEL_CONFIGURATIONS ?? 30);
const SEED = Number(process.env.RETURNPATH_KERNEL_SEED ?? 1);
const QUESTIONS = 100;
const STEP = 15;

for (let from = 0; from < CONFIGURATIONS; from += STEP) {
  const until = Math.min(from + STEP, CONFIGURATIONS);
  test(`the model answers as the kernel does, seeds ${SEED + from} to ${SEED + until - 1}`, (t) => {
    const comparison: Comparison = { asked: 0, unsure: 0, verdicts: new Map(), mismatches: [] };
    for (let i = from; i < until; i++) compareConfiguration(SEED + i, QUESTIONS, comparison);
    t.log(`${comparison.asked} questions`, Object.fromEntries(comparison.verdicts));
    t.deepEqual(comparison.mismatches, []);
    t.true(comparison.unsure < comparison.asked / 10, 'verdicts that rest on assumptions are not compared');
  });
}

import fc from 'fast-check';
import { testInNamespaces } from '../gates.js';
import { scenario } from './arbitrary.js';
import { askKernel, compare } from './differential.js';
import { recordScenario } from './recording.js';
import { questionText, type Scenario, scenarioText } from './scenario.js';

const test = testInNamespaces('nstat');

// The model against the running kernel, in random configurations: 64 of them with some 400 questions each are what
// a check can wait for. RETURNPATH_KERNEL_RUNS asks for more, RETURNPATH_KERNEL_SEED for others. A mismatch is
// made as small as it gets; RETURNPATH_KERNEL_RECORD=NAME keeps it as fixtures/kernel/NAME.json.
const RUNS = Number(process.env.RETURNPATH_KERNEL_RUNS ?? 64);
const SEED = Number(process.env.RETURNPATH_KERNEL_SEED ?? 1);
const RECORD = process.env.RETURNPATH_KERNEL_RECORD;
const QUESTIONS = 800;
const STEP = 16;

for (let from = 0; from < RUNS; from += STEP) {
  const seed = SEED + from / STEP;
  test(`the model answers as the kernel does, seed ${seed}`, (t) => {
    const total = { asked: 0, unsure: 0 };
    const verdicts = new Map<string, number>();
    const agrees = fc.property(scenario(QUESTIONS), (scene) => {
      const { asked, unsure, verdicts: found, mismatches } = compare(scene.questions, askKernel(scene));
      if (mismatches.length > 0) throw new Error(mismatches[0]);
      total.asked += asked;
      total.unsure += unsure;
      for (const [name, count] of found) verdicts.set(name, (verdicts.get(name) ?? 0) + count);
    });
    const result = fc.check(agrees, { seed, numRuns: Math.min(STEP, RUNS - from) });
    if (result.failed) {
      const [smallest] = result.counterexample as [Scenario];
      if (RECORD !== undefined)
        recordScenario(RECORD, 'a mismatch that random configurations came upon', smallest);
      t.fail(
        `${scenarioText(smallest)}\n${smallest.questions.map(questionText).join('\n')}\n${result.errorInstance}`,
      );
    }
    t.log(`${total.asked} questions, ${total.unsure} not compared`, Object.fromEntries(verdicts));
    t.true(total.asked > 0);
    t.true(total.unsure < total.asked / 4, 'verdicts that rest on assumptions are not compared');
  });
}

import { readdirSync } from 'node:fs';
import ava from 'ava';
import { testInNamespaces } from '../gates.js';
import { fixture } from '../support.js';
import { askKernel, compare } from './differential.js';
import { readRecording } from './recording.js';

const kernelTest = testInNamespaces();

const recordings = readdirSync(fixture('kernel'))
  .filter((name) => name.endsWith('.json'))
  .map((name) => readRecording(fixture('kernel', name)));

for (const { name, what, scenario, recorded } of recordings) {
  ava(`as the kernel answered: ${name}`, (t) => {
    const { asked, unsure, mismatches } = compare(scenario.questions, recorded);
    t.deepEqual(mismatches, [], what);
    t.true(asked > 0);
    t.is(unsure, 0);
  });

  kernelTest(`as this kernel answers: ${name}`, (t) => {
    const answered = askKernel(scenario);
    t.deepEqual(compare(scenario.questions, answered).mismatches, [], what);
    t.deepEqual(
      answered.answers.map((answer) => answer.error === null),
      recorded.answers.map((answer) => answer.error === null),
    );
  });
}

import fc from 'fast-check';
import { testInNamespaces } from '../../gates.js';
import { command } from './commands.js';
import { type Comparison, compareCommands } from './differential.js';

const test = testInNamespaces('sysctl');

// Commands carried out by the running kernel and by us. RETURNPATH_WHAT_IF_COMMANDS asks for more of them than a
// check can wait for, RETURNPATH_WHAT_IF_SEED for others.
const COMMANDS = Number(process.env.RETURNPATH_WHAT_IF_COMMANDS ?? 240);
const SEED = Number(process.env.RETURNPATH_WHAT_IF_SEED ?? 1);
/** In one namespace. */
const RUN = 40;

for (let from = 0; from < COMMANDS; from += RUN) {
  const seed = SEED + from / RUN;
  test(`the kernel carries out what is foretold, seed ${seed}`, (t) => {
    const comparison: Comparison = { done: 0, refused: 0, notModelled: 0, mismatches: [] };
    compareCommands(fc.sample(command, { seed, numRuns: RUN }), comparison);
    const { mismatches, ...counts } = comparison;
    t.log(counts);
    t.deepEqual(mismatches, []);
  });
}

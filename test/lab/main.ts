/** `npm run lab -- list` and `npm run lab -- record [SCENARIO…]`. */
import { readFile, writeFile } from 'node:fs/promises';
import { UsageError } from '../../src/model/errors.js';
import { fixture } from '../support.js';
import { withContents } from './contents.js';
import { interruption } from './interruption.js';
import { recordScenario } from './record.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

const USAGE = 'usage: npm run lab -- list | record [SCENARIO…]';

async function main([verb, ...names]: string[], signal: AbortSignal): Promise<void> {
  if (verb === 'list' && names.length === 0) {
    for (const { name, description } of SCENARIOS) process.stdout.write(`${name}\n    ${description}\n`);
  } else if (verb === 'record') {
    for (const scenario of choose(names)) {
      process.stdout.write(`${scenario.name} … `);
      const { truth } = await recordScenario(scenario, fixture(scenario.name), signal);
      process.stdout.write(`${truth.client.map((client) => client.result).join(' ')}\n`);
    }
    const readme = fixture('README.md');
    await writeFile(readme, withContents(await readFile(readme, 'utf8'), SCENARIOS));
  } else throw new UsageError(USAGE);
}

function choose(names: string[]): readonly Scenario[] {
  if (names.length === 0) return SCENARIOS;
  return names.map((name) => {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name);
    if (!scenario) throw new UsageError(`no scenario ${name}: see npm run lab -- list`);
    return scenario;
  });
}

const interrupted = interruption();

try {
  await main(process.argv.slice(2), interrupted);
} catch (error) {
  const reason = interrupted.aborted ? interrupted.reason : error;
  const oneLine = reason instanceof UsageError || interrupted.aborted;
  process.stderr.write(`lab: ${oneLine ? reason.message : (reason as Error).stack}\n`);
  process.exitCode = reason instanceof UsageError ? 2 : 1;
}

/** A fault, and its healthy twin, under fifty thousand connections that have nothing to do with it; recorded live. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyzeJson } from '../cli/run.js';
import { testInNamespaces } from '../gates.js';
import { assertTruth } from '../scenarios/truth.js';
import { plug } from './grounds/links.js';
import { interruption } from './interruption.js';
import { recordScenario } from './record.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testInNamespaces('tcpdump', 'dumpcap', 'nft', 'iptables', 'conntrack', 'nstat', 'zstd');

const CONNECTIONS = 50_000;
const interrupted = interruption();
const CROWD = fileURLToPath(new URL('./actors/crowd.js', import.meta.url));

function crowded(scenario: Scenario): Scenario {
  return {
    ...scenario,
    form: { ...scenario.form, drops: false },
    meanwhile: async (ground) => {
      await ground.add('crowd');
      await plug(ground, 'switch', 'crowd', 'eth0', null);
      await ground.run('crowd', [process.execPath, CROWD, 'eth0', String(CONNECTIONS)]);
    },
  };
}

for (const name of ['filtered-vxlan-port', 'filtered-forward-accepted-before']) {
  test(`${name}, in a crowd`, async (t) => {
    t.timeout(120_000);
    const scenario = crowded(SCENARIOS.find((candidate) => candidate.name === name)!);
    const directory = await mkdtemp(join(tmpdir(), 'returnpath-crowd-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const { bundles, truth } = await recordScenario(scenario, join(directory, name), interrupted);
    const { analysis } = await analyzeJson([...bundles, '--vip', truth.vip]);
    const packets = analysis.inputs.reduce((sum, input) => sum + input.packets, 0);
    t.true(packets > 3 * CONNECTIONS, `${packets} packets were captured`);
    const ours = analysis.attempts.filter((attempt) => attempt.vip === truth.vip);
    assertTruth(t, scenario, truth, { ...analysis, attempts: ours });
  });
}

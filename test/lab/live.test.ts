/** Records scenarios now, on this machine's kernel, and analyzes what was just recorded. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeJson } from '../cli/run.js';
import { testInNamespaces } from '../gates.js';
import { assertTruth } from '../scenarios/truth.js';
import { recordScenario } from './record.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testInNamespaces('tcpdump', 'dumpcap', 'nft', 'iptables', 'conntrack', 'nstat', 'zstd');

/** A faulty one, its healthy twin, and one of each other kind; CI runs all. */
const EVERYWHERE = new Set([
  'rp-filter-strict',
  'healthy-no-masquerade',
  'refused-backend',
  'second-nic-strict',
]);

for (const scenario of SCENARIOS) {
  if (!process.env.CI && !EVERYWHERE.has(scenario.name)) continue;

  test(`${scenario.name}, recorded live`, async (t) => {
    t.timeout(120_000);
    const directory = await mkdtemp(join(tmpdir(), 'returnpath-live-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const { bundles, truth } = await recordScenario(scenario, join(directory, scenario.name));
    const { status, analysis } = await analyzeJson([...bundles, '--vip', truth.vip]);
    assertTruth(t, truth, analysis);
    t.is(status, truth.healthy ? 0 : 1);
  });
}

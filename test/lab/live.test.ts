/** Records scenarios now, on this machine's kernel, and analyzes what was just recorded. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyze } from '../../src/analyze.js';
import { testSideBySide } from '../gates.js';
import { assertTruth } from '../scenarios/truth.js';
import { Lanes } from './lanes.js';
import { RecordingError, recordScenario } from './record.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testSideBySide('tcpdump', 'dumpcap', 'nft', 'iptables', 'conntrack', 'nstat', 'zstd', 'ping');

/** A faulty one, its healthy twin, and one of each other kind; CI runs all. */
const EVERYWHERE = new Set([
  'rp-filter-strict',
  'healthy-no-masquerade',
  'refused-backend',
  'second-nic-strict',
  'wrong-gateway',
  'healthy-ipv6',
]);

const lanes = new Lanes(4);

/** The kernel's log and its drops are the whole machine's: who reads them wants to be alone. */
function listens({ logMartians, form }: Scenario): boolean {
  return logMartians || form.drops;
}

for (const scenario of SCENARIOS) {
  if (!process.env.CI && !EVERYWHERE.has(scenario.name)) continue;

  test(`${scenario.name}, recorded live`, async (t) => {
    // All wait for their turn from the start.
    t.timeout(1_200_000);
    const directory = await mkdtemp(join(tmpdir(), 'returnpath-live-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const once = () => recordScenario(scenario, join(directory, scenario.name));
    // Beside the other tests the kernel once gave no drop event though its counter rose: such a recording proves nothing.
    const record = () =>
      once().catch((error: unknown) => {
        if (!(error instanceof RecordingError)) throw error;
        t.log(`recorded again: ${error.message}`);
        return once();
      });
    const { bundles, truth } = await (listens(scenario) ? lanes.alone(record) : lanes.run(record));
    const options = { vips: [truth.vip], keepGoing: false, attempts: 'all', warn: () => {} } as const;
    const analysis = await analyze(bundles, options);
    assertTruth(t, scenario, truth, analysis);
    const faulty = analysis.findings.some((finding) => finding.severity === 'fault');
    t.is(faulty, !truth.healthy);
  });
}

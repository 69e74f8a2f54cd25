/** Records scenarios now, on this machine's kernel, and analyzes what was just recorded. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyze } from '../../src/analyze.js';
import { testSideBySide } from '../gates.js';
import { assertTruth } from '../scenarios/truth.js';
import { cover } from './cover.js';
import { interruption } from './interruption.js';
import { Lanes } from './lanes.js';
import { RecordingError, recordScenario } from './record.js';
import type { Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testSideBySide('tcpdump', 'dumpcap', 'nft', 'iptables', 'conntrack', 'nstat', 'zstd', 'ping');

/** A faulty one, its healthy twin, and one of each other kind; CI runs as many as show everything. */
const EVERYWHERE = new Set([
  'rp-filter-strict',
  'healthy-no-masquerade',
  'refused-backend',
  'second-nic-strict',
  'wrong-gateway',
  'healthy-ipv6',
]);

/**
 * A recording that is not what its scenario says proves nothing. Beside the other tests the kernel once gave no drop
 * event though its counter rose; and where an address changes hands, the connection that is under way is reset: the
 * more the machine has to do, the likelier there is one.
 */
const MOST_RECORDINGS = 5;

const lanes = new Lanes(6);
const interrupted = interruption();

/** The kernel's log and its drops are the whole machine's: who reads them wants to be alone. */
function listens({ logMartians, form }: Scenario): boolean {
  return logMartians || form.drops;
}

/** Recordings of all of them are among the fixtures, and analyzed as such. */
function wanted(): Scenario[] {
  if (process.env.RETURNPATH_LIVE_SCENARIOS === 'all') return [...SCENARIOS];
  return process.env.CI ? cover(SCENARIOS) : SCENARIOS.filter(({ name }) => EVERYWHERE.has(name));
}

// Those that want to be alone one after the other: each waits until all lanes are free.
for (const scenario of wanted().sort((a, b) => Number(listens(b)) - Number(listens(a)))) {
  test(`${scenario.name}, recorded live`, async (t) => {
    // All wait for their turn from the start.
    t.timeout(1_200_000);
    const record = async () => {
      const directory = await mkdtemp(join(tmpdir(), 'returnpath-live-'));
      t.teardown(() => rm(directory, { recursive: true, force: true }));
      for (let left = MOST_RECORDINGS; ; left--) {
        try {
          return await recordScenario(scenario, join(directory, scenario.name), interrupted);
        } catch (error) {
          if (!(error instanceof RecordingError) || left === 1) throw error;
          t.log(`recorded again: ${error.message}`);
        }
      }
    };
    const { bundles, truth } = await (listens(scenario) ? lanes.alone(record) : lanes.run(record));
    const options = { vips: [truth.vip], keepGoing: false, attempts: 'all', warn: () => {} } as const;
    const analysis = await analyze(bundles, options);
    assertTruth(t, scenario, truth, analysis);
    const faulty = analysis.findings.some((finding) => finding.severity === 'fault');
    t.is(faulty, !truth.healthy);
  });
}

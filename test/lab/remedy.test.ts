/** Each fix that is proposed for a recording, carried out on the scenario's ground: does it help on a real kernel? */
import { analyze } from '../../src/analyze.js';
import { predict } from '../../src/predict.js';
import { testInNamespaces } from '../gates.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { CLIENT } from './addresses.js';
import { connectWith } from './remedy.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testInNamespaces('nft', 'iptables');

const EVERYWHERE = new Set(['rp-filter-strict', 'second-nic-strict']);

for (const scenario of SCENARIOS) {
  if (scenario.expect?.cause !== 'rp-filter') continue;
  if (!process.env.CI && !EVERYWHERE.has(scenario.name)) continue;
  const directory = fixture(scenario.name);
  const options = { vips: [readTruth(directory).vip], keepGoing: false, warn: () => {} };

  test(`${scenario.name}: the fix that analyze proposes helps`, async (t) => {
    t.timeout(120_000);
    const { findings } = await analyze(bundlesIn(directory), { ...options, attempts: 'all' });
    const results = await connectWith(scenario, findings[0]!.fix!);
    t.deepEqual([...new Set(results.map(({ result }) => result))], ['connected']);
  });

  test(`${scenario.name}: the fix that predict proposes helps`, async (t) => {
    t.timeout(120_000);
    const asked = { ...options, port: null, protocol: null, clients: [CLIENT] };
    const { findings } = await predict(bundlesIn(directory), asked);
    const { expect } = scenario;
    const finding = findings.find((f) => f.node === expect!.node && f.interface === expect!.interface)!;
    const results = await connectWith(scenario, finding.fix!);
    t.deepEqual([...new Set(results.map(({ result }) => result))], ['connected']);
  });
}

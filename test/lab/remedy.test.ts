/** Each fix that is proposed for a recording, carried out on the scenario's ground: does it help on a real kernel? */
import { existsSync } from 'node:fs';
import { analyze } from '../../src/analyze.js';
import type { CauseId, Finding, Fix } from '../../src/model/analysis.js';
import { predict } from '../../src/predict.js';
import { testSideBySide } from '../gates.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { Lanes } from './lanes.js';
import { connectWith } from './remedy.js';
import { expectations, type Scenario } from './scenario.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testSideBySide('nft', 'iptables');

const lanes = new Lanes(4);

/** By scenario and commands: what analyze and predict propose is often the same. */
const carriedOut = new Map<string, Promise<string[]>>();

/** What became of the connections with the fix in place, each once. */
function resultsWith(scenario: Scenario, fix: Fix): Promise<string[]> {
  const key = JSON.stringify([scenario.name, fix.commands]);
  let results = carriedOut.get(key);
  if (!results) {
    results = lanes
      .run(() => connectWith(scenario, fix))
      .then((connections) => [...new Set(connections.map(({ result }) => result))].sort());
    carriedOut.set(key, results);
  }
  return results;
}

/** Those that are carried out wherever the tests run; CI does all of them. */
const EVERYWHERE = new Set([
  'rp-filter-strict',
  'second-nic-strict',
  'rp-filter-no-return',
  'filtered-nft-reject',
]);

/** What settings of the nodes mend. */
const MENDED: ReadonlySet<CauseId> = new Set([
  'rp-filter',
  'netfilter-rpfilter',
  'forwarding-off',
  'no-route',
  'filtered',
  'wrong-gateway',
  'stateful-gateway',
  'untranslated-reply',
]);

/** The same, of causes that are mostly of what is between the nodes. */
const MENDED_TOO: ReadonlySet<string> = new Set([
  'not-delivered-dead-next-hop',
  'not-delivered-dead-next-hop-ipv6',
]);

/** Where none can be tried, or none is proposed on purpose. */
const WITHOUT_FIX: Readonly<Record<string, string>> = {
  'filtered-network-policy': 'the rule is of a network policy, which is changed in Kubernetes',
  'filtered-ipset': 'who is in the set is up to a network policy, which is changed in Kubernetes',
  'filtered-ban-over': 'whether its rule drops them is not known, for the set is empty by then',
  'connections-counted': 'whether its rule drops them is not known, for it counts connections',
  'connections-counted-reset': 'whether its rule rejects them is not known, for it counts connections',
  'no-route-acknowledgement': 'what marks the SYN alone is to mark the rest as well, which is not tried',
  'no-route-tunnel':
    'no snapshot tells of a route to the far end that the node lacks: a throw route hides the one that it has',
  'untranslated-backend-network': 'by which way a host beyond the nodes would answer is in no snapshot',
  'untranslated-behind-nat': 'by which way a host beyond the nodes would answer is in no snapshot',
};

/** Whose snapshots tell of no way in: who translates is not among the nodes. */
const UNFORESEEN: ReadonlySet<string> = new Set(['announcer-missing']);

for (const scenario of SCENARIOS) {
  const { expect } = scenario;
  const directory = fixture(scenario.name);
  if (expect === null || !existsSync(directory)) continue;
  if (!MENDED.has(expect.cause) && !MENDED_TOO.has(scenario.name)) continue;
  if (!process.env.CI && !EVERYWHERE.has(scenario.name)) continue;
  const { vip, from } = readTruth(directory);
  const options = { vips: [vip], keepGoing: false, warn: () => {} };
  const wanted = (finding: Finding) =>
    finding.cause === expect.cause && finding.node === expect.node && finding.interface === expect.interface;

  const why = WITHOUT_FIX[scenario.name];
  if (why !== undefined) {
    test(`${scenario.name}: no fix is proposed, for ${why}`, async (t) => {
      const { findings } = await analyze(bundlesIn(directory), { ...options, attempts: 'all' });
      t.is(findings.find(wanted)!.fix, null);
    });
    continue;
  }

  test(`${scenario.name}: the fix that analyze proposes helps`, async (t) => {
    // All wait for their turn from the start.
    t.timeout(600_000);
    const { findings } = await analyze(bundlesIn(directory), { ...options, attempts: 'all' });
    const fix = findings.find(wanted)!.fix!;
    // There is no Kubernetes here to apply a manifest to.
    if (fix.commands.length === 0) {
      t.true(fix.manifests.length > 0);
      return;
    }
    t.deepEqual(await resultsWith(scenario, fix), expected(scenario));
  });

  if (expect.cause !== 'rp-filter' || UNFORESEEN.has(scenario.name)) continue;
  test(`${scenario.name}: the fix that predict proposes helps`, async (t) => {
    t.timeout(600_000);
    const asked = { ...options, port: null, protocol: null, clients: [from] };
    const { findings } = await predict(bundlesIn(directory), asked);
    const finding = findings.find(wanted)!;
    // Where nothing says that requests come in there, it is a possibility of which no fix is proposed.
    if (finding.severity === 'info') {
      t.is(finding.fix, null);
      return;
    }
    t.deepEqual(await resultsWith(scenario, finding.fix!), expected(scenario));
  });
}

/** A second backend that refuses goes on doing so: no setting of a node has it listen. */
function expected(scenario: Scenario): string[] {
  const refuses = expectations(scenario).some(({ cause }) => cause === 'refused');
  return refuses ? ['connected', 'refused'] : ['connected'];
}

/**
 * What the snapshots of each recorded scenario foretell, held against what became of the client's connections: the
 * packets play no part here.
 */
import test from 'ava';
import { applyChanges } from '../../src/kernel/what-if/apply.js';
import type { ChangeSnapshots } from '../../src/kernel/what-if/change.js';
import { parseChange } from '../../src/kernel/what-if/parse-change.js';
import type { Analysis, CauseId } from '../../src/model/analysis.js';
import type { Snapshot } from '../../src/model/snapshot.js';
import { predict } from '../../src/predict.js';
import { NODE1, NODE2 } from '../lab/addresses.js';
import { expectations, nodesOf, type Scenario } from '../lab/scenario.js';
import { SCENARIOS } from '../lab/scenarios/index.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { fixture } from '../support.js';

function foretell(
  name: string,
  asked: { protocol?: string; port?: number; clients?: string[]; change?: ChangeSnapshots } = {},
): Promise<Analysis> {
  const truth = readTruth(fixture(name));
  return predict(bundlesIn(fixture(name)), {
    vips: [truth.vip],
    port: null,
    protocol: null,
    clients: [truth.from],
    keepGoing: false,
    warn: () => {},
    ...asked,
  });
}

/** What the nodes' own settings tell of. The rest is of other machines, or of whether something listens. */
const FORETOLD: ReadonlySet<CauseId> = new Set([
  'rp-filter',
  'netfilter-rpfilter',
  'forwarding-off',
  'no-route',
  'filtered',
  'untranslated-reply',
]);

/** Where the settings at the end of a recording do not tell what is asked here, and why. */
const NOT_FORETOLD: Readonly<Record<string, string>> = {
  'no-route-default-covers': 'the router, which decides, is not recorded',
  'connections-counted': 'how many connections there are at a time is in no snapshot',
  'connections-counted-reset': 'how many connections there are at a time is in no snapshot',
  'direct-return': 'worker-b has what would make it the entry',
  'direct-return-ethernet': 'worker-b has what would make it the entry',
  'rp-filter-bare-interface':
    'the speaker on ens19 is in no snapshot, and without it two interfaces may be the entry',
  'netfilter-rpfilter-ipv6': 'the gateway routes to an address on lo, which the node answers for nowhere',
  'wrong-gateway-ipv6-passes': 'the gateway routes to an address on lo, which the node answers for nowhere',
  'filtered-at-client': 'the walk begins at the client, and the routers behind it are not recorded',
  'one-node-missing-healthy': 'node2, which decides, is not recorded',
  'advertisements-dropped': 'a walk does not ask for MACs',
  'advertisements-dropped-reply': 'a walk does not ask for MACs',
  'solicitations-dropped': 'a walk does not ask for MACs',
  'untranslated-backend-network': 'by which way the backend answers is in no snapshot',
};

function isForetold(scenario: Scenario): boolean {
  const { name, ground, meanwhile, traffic } = scenario;
  return (
    !(name in NOT_FORETOLD) &&
    meanwhile === undefined &&
    traffic.protocol !== 'icmp' &&
    nodesOf(scenario).includes(ground.nodes[0]!) &&
    expectations(scenario).every(({ cause }) => FORETOLD.has(cause))
  );
}

for (const scenario of SCENARIOS.filter(isForetold)) {
  const { name, ground } = scenario;

  test(`${name}: foretold from the snapshots alone`, async (t) => {
    const truth = readTruth(fixture(name));
    const { protocol, port } = truth;
    const { findings, predictions } = await foretell(name, { protocol, port });
    t.true(findings.every((finding) => finding.severity !== 'fault' && finding.attempts.length === 0));
    const { ways } = predictions![0]!;
    // The lab's speaker answers on the first node, which no snapshot tells: each node is tried.
    // A router before it that was recorded as well is where the walk begins.
    const real = ways.filter(
      ({ entry, steps }) =>
        [entry, ...steps].find(({ node }) => ground.nodes.includes(node))!.node === ground.nodes[0],
    );
    t.true(real.length > 0);
    t.true(Math.abs(real.reduce((sum, way) => sum + way.chance, 0) - 1) < 1e-9);
    const lost = real.filter((way) => !['answered', 'answered-elsewhere'].includes(way.fate));
    const causes = lost.map((way) => {
      const { cause, node, interface: device } = findings.find((finding) => finding.id === way.finding)!;
      return `${cause} ${node} ${device}`;
    });
    const expected = expectations(scenario).map(
      ({ cause, node, interface: device }) => `${cause} ${node} ${device}`,
    );
    t.deepEqual([...new Set(causes)].sort(), expected.sort());
    const made = truth.client.some(({ result }) => result === 'connected');
    t.is(lost.length < real.length, made, 'only some are lost');
  });
}

test('the port is found in the rules', async (t) => {
  for (const [name, port] of [
    ['healthy-masquerade', 80],
    ['forwarding-off', 443],
  ] as const) {
    t.is((await foretell(name)).predictions![0]!.port, port);
  }
});

test('a backend on each node: which one is taken decides, and each is walked', async (t) => {
  const { predictions } = await foretell('rp-filter-intermittent');
  const ways = predictions![0]!.ways.filter((way) => way.entry.node === 'node1');
  const fates = ways.map(({ backend, fate, chance }) => [backend?.address ?? null, fate, chance.toFixed(2)]);
  t.deepEqual(fates.sort(), [
    [NODE1.podAddress, 'answered', '0.50'],
    [NODE2.podAddress, 'lost-request', '0.50'],
  ]);
});

test('replies that leave another way than the requests come are a risk, not a loss', async (t) => {
  const { findings, predictions } = await foretell('second-nic-asymmetric');
  t.deepEqual(
    findings.map(({ cause, node, interface: device, severity }) => ({ cause, node, device, severity })),
    [{ cause: 'wrong-gateway', node: 'node1', device: 'eth0', severity: 'risk' }],
  );
  t.is(predictions![0]!.ways[0]!.fate, 'answered-elsewhere');
  t.is(predictions![0]!.announcers[0]!.interface, 'eth1');
  const [finding] = findings;
  t.regex(finding!.fix!.expected, /out|by eth1/);
  t.deepEqual(
    finding!.fix!.commands.map((command) => command.command),
    [
      'ip route replace default via 10.9.8.1 dev eth1 onlink table 100',
      'ip rule add from 10.9.8.7 lookup main suppress_prefixlength 0 priority 100',
      'ip rule add from 10.9.8.7 lookup 100 priority 101',
    ],
  );
});

test('ACKs are walked as well: a reply that goes round a stateful gateway is a loss there', async (t) => {
  const { findings, predictions } = await foretell('stateful-gateway-all-recorded', { clients: [] });
  const [way] = predictions![0]!.ways;
  t.is(way!.fate, 'lost-client-ack');
  t.deepEqual(
    way!.steps.filter((step) => step.role === 'client-ack').map((step) => [step.node, step.output]),
    [
      ['core', 'gw2up'],
      ['gw2', null],
    ],
  );
  const [finding] = findings;
  t.deepEqual(
    [finding!.cause, finding!.node, finding!.interface, finding!.severity],
    ['stateful-gateway', 'lb-3', 'ens18', 'risk'],
  );
  t.regex(
    finding!.summary,
    /though requests come in by ens19 of lb-3; gw2, which then saw none, takes the client's ACK for INVALID and drops it in forward/,
  );
  t.true(finding!.evidence.some((e) => e.kind === 'rule' && e.node === 'gw2'));
  t.regex(finding!.fix!.summary, /back by ens19/);
});

test('a gateway that was recorded passes the request first: it knows the connection, or misses the reply', async (t) => {
  const [way] = (await foretell('stateful-gateway-recorded')).predictions![0]!.ways;
  t.deepEqual(
    [way!.entry.node, way!.entry.interface, way!.entry.sender, way!.fate],
    ['gw2', 'wan', '100.64.2.1', 'lost-client-ack'],
  );
  const { findings, predictions } = await foretell('stateful-gateway-recorded-source-routed');
  t.deepEqual(findings, []);
  t.is(predictions![0]!.ways[0]!.fate, 'answered');
});

test('a gateway that masquerades replies whose requests went round it: what follows the handshake is lost', async (t) => {
  const masquerade = parseChange('gw1:iptables -t nat -A POSTROUTING -o wan -j MASQUERADE', 'add');
  const change = (snapshots: readonly Snapshot[]) => applyChanges(snapshots, [masquerade]);
  const { findings, predictions } = await foretell('undetermined-behind-both-ways', { change });
  t.is(predictions![0]!.ways[0]!.fate, 'lost-server-ack');
  t.deepEqual(
    findings.map(({ cause, node, interface: name }) => [cause, node, name]),
    [['wrong-gateway', 'lb-3', 'ens18']],
  );
  t.regex(findings[0]!.summary, /gw1, which then saw no request, .* translates it to 100\.64\.1\.2:80 > /);
  t.regex(findings[0]!.fix!.summary, /back by ens19/);
  const twin = await foretell('undetermined-behind-both-ways');
  t.is(twin.predictions![0]!.ways[0]!.fate, 'answered');
});

test('a gateway that drops ACKs: those of the client, which it passes first', async (t) => {
  const { findings, predictions } = await foretell('filtered-acknowledgements');
  t.is(predictions![0]!.ways[0]!.fate, 'lost-client-ack');
  t.deepEqual(
    findings.map(({ cause, node, interface: name }) => [cause, node, name]),
    [['filtered', 'gw2', 'wan']],
  );
  const twin = await foretell('filtered-acknowledgements-accepted-before', { port: 8443 });
  t.false(twin.findings.some(({ cause }) => cause === 'filtered'));
});

test('a node as the client: its own requests are translated on their way out', async (t) => {
  const { predictions } = await predict(bundlesIn(fixture('healthy-masquerade')), {
    vips: ['192.168.1.100'],
    port: 80,
    protocol: 'tcp',
    clients: [NODE2.address],
    keepGoing: false,
    warn: () => {},
  });
  const [way] = predictions![0]!.ways;
  t.is(way!.entry.interface, null);
  t.is(way!.fate, 'answered');
  t.is(way!.backend!.address, NODE2.podAddress);
});

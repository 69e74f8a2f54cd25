/**
 * What the snapshots of each recorded scenario foretell, held against what became of the client's connections: the
 * packets play no part here.
 */
import { existsSync, readdirSync } from 'node:fs';
import test from 'ava';
import type { Analysis, CauseId } from '../../src/model/analysis.js';
import { predict } from '../../src/predict.js';
import { CLIENT, NODE1, NODE2 } from '../lab/addresses.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { fixture } from '../support.js';

const recorded = readdirSync(fixture()).filter((name) => existsSync(fixture(name, 'truth.json')));

function foretell(scenario: string, vip: string): Promise<Analysis> {
  return predict(bundlesIn(fixture(scenario)), {
    vips: [vip],
    port: null,
    protocol: null,
    clients: [CLIENT],
    keepGoing: false,
    warn: () => {},
  });
}

/** No setting of the network tells of these: whether something listens. */
const NOT_FORETOLD: readonly CauseId[] = ['refused'];

for (const name of recorded) {
  const truth = readTruth(fixture(name));

  test(`${name}: foretold from the snapshots alone`, async (t) => {
    const { findings, predictions } = await foretell(name, truth.vip);
    t.true(findings.every((finding) => finding.severity === 'risk' && finding.attempts.length === 0));
    const { ways, port } = predictions![0]!;
    t.is(port, truth.port, 'found in the rules, or taken');
    // The lab's speaker answers on node1, which no snapshot tells: each node is tried.
    const real = ways.filter((way) => way.entry.node === 'node1');
    t.true(real.length > 0);
    t.true(Math.abs(real.reduce((sum, way) => sum + way.chance, 0) - 1) < 1e-9);
    const expected = truth.expect && !NOT_FORETOLD.includes(truth.expect.cause) ? truth.expect : null;
    const lost = real.filter((way) => !['answered', 'answered-elsewhere'].includes(way.fate));
    if (expected === null) {
      t.deepEqual(lost, []);
      return;
    }
    t.true(lost.length > 0);
    for (const way of lost) {
      const { cause, node, interface: device } = findings.find((finding) => finding.id === way.finding)!;
      t.deepEqual({ cause, node, interface: device }, expected);
    }
    t.is(
      lost.length < real.length,
      truth.client.some((c) => c.result === 'connected'),
      'only some are lost',
    );
  });
}

test('a backend on each node: which one is taken decides, and each is walked', async (t) => {
  const { predictions } = await foretell('rp-filter-intermittent', '192.168.1.100');
  const ways = predictions![0]!.ways.filter((way) => way.entry.node === 'node1');
  const fates = ways.map(({ backend, fate, chance }) => [backend?.address ?? null, fate, chance.toFixed(2)]);
  t.deepEqual(fates.sort(), [
    [NODE1.podAddress, 'answered', '0.50'],
    [NODE2.podAddress, 'lost-request', '0.50'],
  ]);
});

test('replies that leave another way than the requests come are a risk, not a loss', async (t) => {
  const { findings, predictions } = await foretell('second-nic-asymmetric', '10.9.8.7');
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
      'ip route add default via 10.9.8.1 dev eth1 onlink table 100',
      'ip rule add from 10.9.8.7 lookup main suppress_prefixlength 0 priority 100',
      'ip rule add from 10.9.8.7 lookup 100 priority 101',
    ],
  );
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

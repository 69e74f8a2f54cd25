/** What is proposed for each recorded drop, and that it is what the kernel would need. */
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Finding, Fix } from '../../src/model/analysis.js';
import { Wire } from '../correlate/neighbours/wire.js';
import { VIP as VIP_OF_LAB } from '../lab/addresses.js';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { EditedScenario } from './edited-bundle.js';
import { A, B, type Bundle, GATEWAY, lostAt, madeBy, node, nodeFiles, ROUTER, run, VIP } from './lan.js';

async function firstOf(scenario: string): Promise<Finding> {
  const { findings } = await analyze(bundlesIn(fixture(scenario)), {
    vips: [],
    keepGoing: false,
    attempts: 'all',
    warn: () => {},
  });
  return findings[0]!;
}

async function fixOf(scenario: string): Promise<Fix | null> {
  return (await firstOf(scenario)).fix;
}

const LOOSE = 'sysctl -w net.ipv4.conf.flannel/1.rp_filter=2';
const BACK = 'ip route replace default via 10.244.0.0 dev flannel.1 onlink table 100';

const EXPECTED: [scenario: string, first: string, why: string][] = [
  // The twin, healthy-no-masquerade, differs in just this setting.
  ['rp-filter-strict', LOOSE, 'replies go back by a connection mark, which iptables restores'],
  ['rp-filter-strict-unlogged', LOOSE, 'the same'],
  ['rp-filter-interface-only', LOOSE, 'the same'],
  ['rp-filter-intermittent', LOOSE, 'the same'],
  ['rp-filter-all-only', LOOSE, 'the same, by nft rules'],
  // untranslated-loose is what comes of loose mode here.
  ['rp-filter-no-return', BACK, 'loose mode would send the reply out untranslated'],
  ['rp-filter-loose-no-route', BACK, 'it is loose already, and there is no way back at all'],
];

for (const [scenario, command, why] of EXPECTED) {
  test(`${scenario}: ${command}, for ${why}`, async (t) => {
    const fix = await fixOf(scenario);
    t.is(fix!.commands[0]!.command, command);
    t.is(fix!.commands[0]!.node, 'node2');
    t.regex(
      fix!.expected,
      /the reply goes by cni0 into node2, by flannel\.1 into node1, by eth0 via 192\.168\.1\.1 to \S+ as 192\.168\.1\.100:80/,
    );
  });
}

test('from the far node alone: as with both, and loose mode by itself only where the reply goes back by the tunnel', async (t) => {
  const both = await new EditedScenario(t, 'announcer-missing').analyze();
  t.deepEqual(
    both.findings[0]!.fix!.commands.filter(({ persists }) => !persists).map(({ command }) => command),
    [LOOSE],
  );
  t.regex(
    both.findings[0]!.fix!.expected,
    /as 10\.244\.1\.10:8080; the node there, of which there is no snapshot, still has to translate that back if it translated the request\.$/,
  );
  // With the announcer among the nodes it is told who does.
  const whole = await new EditedScenario(t, 'rp-filter-strict').analyze();
  t.notRegex(whole.findings[0]!.fix!.expected, /still has to translate/);
  // Its replies leave for the client by eth0: with the pod's address, where nobody knows of the VIP.
  const alone = new EditedScenario(t, 'rp-filter-no-return');
  const { findings } = await alone.analyze(['node2']);
  const { fix } = findings[0]!;
  const commands = fix!.commands.map(({ command }) => command);
  // By the mark of what came in there: a rule for all that is sent to the client would take along what pods ask of it.
  t.true(commands.includes(BACK) && commands.some((command) => /fwmark/.test(command)));
  t.false(commands.some((command) => / to 10\.0\.0\.5 /.test(command)));
  t.regex(fix!.expected, /the reply goes by cni0 into node2, by flannel\.1 via 10\.244\.0\.0/);
  // The same where it is told which VIP the rules translate to that pod.
  const named = await alone.analyze(['node2'], [VIP_OF_LAB]);
  t.deepEqual(named.findings[0]!.fix!.commands, fix!.commands);
});

test('a server on the node itself: its replies are routed by their source, and the filter stays strict', async (t) => {
  const fix = await fixOf('second-nic-strict');
  t.deepEqual(
    fix!.commands.map((c) => c.command),
    [
      'ip route replace default via 10.9.8.1 dev eth1 onlink table 100',
      'ip rule add from 10.9.8.7 lookup main suppress_prefixlength 0 priority 100',
      'ip rule add from 10.9.8.7 lookup 100 priority 101',
    ],
  );
  t.regex(fix!.expected, /to 10\.9\.8\.7:80 on node1; the reply goes from node1, by eth1 via 10\.9\.8\.1 to/);
});

const WITHOUT: [scenario: string, why: RegExp][] = [
  ['filtered-network-policy', /^the rule is in cali-\S+ on worker-b, which a program writes/],
  ['slow-rp-filter', /^by the nodes' routes, rules and settings the packets get through as it is/],
  ['not-delivered-unanswered', /^no setting of router .* who has 192\.168\.1\.100 is down/],
  ['not-delivered-port-down', /what is between router and node1 has to carry it$/],
];

for (const [scenario, why] of WITHOUT) {
  test(`${scenario}: no fix, and it is said why`, async (t) => {
    const { fix, noFix } = await firstOf(scenario);
    t.is(fix, null);
    t.regex(noFix ?? '', why);
  });
}

test('where there is a fix, nothing is said of why there is none', async (t) => {
  t.is((await firstOf('rp-filter-strict')).noFix, undefined);
});

test("a closed port is not the network's to fix", async (t) => {
  t.is(await fixOf('refused-backend'), null);
});

/** A node that has the VIP, checks loosely, and has a route of the type for its clients. */
function refusing(type: string | null, rpFilter = 2) {
  const files = nodeFiles([{ name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`] }], {
    rp_filter: rpFilter,
  });
  const routes = JSON.parse(files['ip-route.json'] as string) as object[];
  const refusal = type === null ? [] : [{ type, dst: '198.51.100.0/24', flags: [] }];
  return {
    ...files,
    'ip-route.json': JSON.stringify([...routes, ...refusal]),
    'nft.json': '{"nftables":[]}',
  };
}

test('a route that refuses the way back: that is taken away, and the check stays as it is', async (t) => {
  const eth0 = lostAt(new Wire(), A, 40_001).ask(ROUTER, GATEWAY, '192.0.2.77').capture();
  for (const type of ['blackhole', 'unreachable', 'prohibit']) {
    for (const rpFilter of [1, 2]) {
      const { findings } = await run(t, { node1: { ...refusing(type, rpFilter), 'eth0.pcap': eth0 } });
      t.deepEqual(
        findings.map((f) => [f.cause, f.fix?.commands.map(({ command }) => command)]),
        [['rp-filter', [`ip route del ${type} 198.51.100.0/24`]]],
      );
    }
  }
  const made = madeBy(new Wire(), A, 40_001).wait(3000).ask(ROUTER, GATEWAY, '192.0.2.77').capture();
  t.deepEqual((await run(t, { node1: { ...refusing(null), 'eth0.pcap': made } })).findings, []);
});

const PEERS_GATEWAY = '192.0.2.77';

/** A node with no route to its clients, beside one whose default route has a gateway of its own. */
async function withoutRoute(t: ExecutionContext, sender: object[], peers: object[]) {
  const isDefault = ({ dst }: { dst: string }) => dst === 'default';
  const routesOf = (files: Bundle) => JSON.parse(files['ip-route.json'] as string) as { dst: string }[];
  const [own, other] = [
    node(A, `${VIP}/32`),
    nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] }]),
  ];
  const node1 = {
    ...own,
    'ip-route.json': JSON.stringify(routesOf(own).filter((route) => !isDefault(route))),
    'ip-neigh.json': JSON.stringify(sender),
    'nft.json': '{"nftables":[]}',
    'eth0.pcap': lostAt(new Wire(), A, 40_001).ask(ROUTER, GATEWAY, '192.0.2.99').capture(),
  };
  const changed = routesOf(other).map((r) => (isDefault(r) ? { ...r, gateway: PEERS_GATEWAY } : r));
  const node2 = {
    ...other,
    'ip-route.json': JSON.stringify(changed),
    'ip-neigh.json': JSON.stringify(peers),
  };
  const { findings } = await run(t, { node1, node2 });
  return findings.map((f) => [f.cause, f.fix?.commands.find(({ persists }) => !persists)?.command]);
}

test('a missing route is given the gateway that the requests come from, not what another node has', async (t) => {
  const sender = [{ dst: GATEWAY, dev: 'eth0', lladdr: ROUTER, state: ['REACHABLE'] }];
  const by = (gateway: string) => [['no-route', `ip route replace default via ${gateway} dev eth0`]];
  t.deepEqual(await withoutRoute(t, sender, []), by(GATEWAY));
  t.deepEqual(await withoutRoute(t, [], []), by(PEERS_GATEWAY));
});

test('its twin: nor that, where the other node asked for its gateway in vain', async (t) => {
  const failed = [{ dst: PEERS_GATEWAY, dev: 'eth0', state: ['FAILED'] }];
  t.deepEqual(await withoutRoute(t, [], failed), [['no-route', undefined]]);
  t.deepEqual(await withoutRoute(t, failed, []), [['no-route', undefined]]);
});

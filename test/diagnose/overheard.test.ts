/** Requests in frames for another host, each beside a twin in frames for the node that saw them. */
import test, { type ExecutionContext } from 'ava';
import { renderTerminal } from '../../src/report/terminal.js';
import { Wire } from '../correlate/neighbours/wire.js';
import { EditedScenario } from './edited-bundle.js';
import { A, type Bundle, from, GATEWAY, nodeFiles, ROUTER, run, STRANGER, VIP } from './lan.js';

const NODE1 = '192.0.2.11';
const HEARD = '02:00:00:00:00:63';

const server = (mac = A): Bundle =>
  nodeFiles([{ name: 'eth0', mac, addresses: [`${NODE1}/24`, `${VIP}/32`] }]);

/** The router's entry for the VIP has the MAC. */
const router = (mac: string): Bundle => ({
  ...nodeFiles([
    { name: 'eth0', mac: ROUTER, addresses: [`${GATEWAY}/24`] },
    { name: 'eth1', mac: '02:00:00:00:01:01', addresses: ['198.51.100.1/24'] },
  ]),
  'ip-neigh.json': JSON.stringify([{ dst: VIP, dev: 'eth0', lladdr: mac, state: ['PERMANENT'] }]),
});

/** Three requests of a connection to whoever has the MAC, and none is answered; the captures go on. */
function lost(mac: string, wire = new Wire()): Wire {
  for (const wait of [1000, 2000, 4000]) wire.syn(ROUTER, mac, from(40_001)).wait(wait);
  return wire.ask(ROUTER, GATEWAY, '192.0.2.77');
}

const made = (mac: string) =>
  new Wire()
    .syn(ROUTER, mac, from(40_001))
    .synAck(mac, ROUTER, from(40_001))
    .ack(ROUTER, mac, from(40_001))
    .wait(4000);

async function found(t: ExecutionContext, nodes: Record<string, Bundle>) {
  const { findings, gaps } = await run(t, nodes);
  return { faults: findings.filter((f) => f.severity === 'fault'), gaps };
}

const brief = (faults: Awaited<ReturnType<typeof found>>['faults']) =>
  faults.map((f) => [f.cause, f.confidence, f.node, f.interface].join(' '));

test("not-delivered: the VIP's node overhears what the router sends to the MAC of its entry", async (t) => {
  const eth0 = lost(HEARD).capture();
  const nodes = {
    router: { ...router(HEARD), 'eth0.pcap': eth0 },
    node1: { ...server(), 'eth0.pcap': eth0 },
  };
  const { faults } = await found(t, nodes);
  t.deepEqual(brief(faults), ['not-delivered probable router eth0']);
  t.regex(faults[0]!.summary, new RegExp(`router has the MAC ${HEARD} for ${VIP}, which is no MAC of node1`));
  t.deepEqual(
    faults[0]!.fix!.commands.map((c) => `${c.node}: ${c.command}`),
    [`router: ip neigh del ${VIP} dev eth0`],
  );
  t.false(faults[0]!.alternatives.some(({ cause }) => cause === 'not-delivered'));
});

test('where the reply would be lost as well, the entry is forgotten all the same, and that is mended with it', async (t) => {
  const local = { type: 'local', dst: '192.168.1.100', dev: 'eth0', table: 'local', flags: [] };
  const own = { family: 'inet', local: '192.168.1.100', prefixlen: 32, scope: 'global' };
  const scenario = new EditedScenario(t, 'not-delivered-wrong-entry')
    .edit('node1', 'ip-route.json', (text) => JSON.stringify([local, ...JSON.parse(text)]))
    .edit('node1', 'ip-addr.json', (text) => {
      const links = JSON.parse(text) as { ifname: string; addr_info: object[] }[];
      links.find(({ ifname }) => ifname === 'eth0')!.addr_info.push(own);
      return JSON.stringify(links);
    });
  const commands = async () => {
    const { findings } = await scenario.analyze();
    const [fault] = findings.filter((f) => f.severity === 'fault');
    return fault!.fix!.commands.filter((c) => !c.persists).map((c) => `${c.node}: ${c.command}`);
  };
  const forget = 'router: ip neigh del 192.168.1.100 dev lan1';
  t.deepEqual(await commands(), [forget]);
  scenario.edit('node1', 'ip-route.json', (text) =>
    JSON.stringify((JSON.parse(text) as { dst: string }[]).filter(({ dst }) => dst !== 'default')),
  );
  const both = await commands();
  t.is(both[0], forget);
  t.true(both.some((command) => command.startsWith('node1: ip route ')));
});

test('its twins: the entry is right, and the connection is made; or the node keeps silent', async (t) => {
  const answered = made(A).capture();
  const healthy = {
    router: { ...router(A), 'eth0.pcap': answered },
    node1: { ...server(), 'eth0.pcap': answered },
  };
  t.deepEqual(brief((await found(t, healthy)).faults), []);
  const eth0 = lost(A).capture();
  const silent = { router: { ...router(A), 'eth0.pcap': eth0 }, node1: { ...server(), 'eth0.pcap': eth0 } };
  const { faults } = await found(t, silent);
  t.deepEqual(
    faults.map((f) => f.node),
    ['node1'],
  );
});

test('where the MAC is that of a host which is alive, and may pass it on, the entry is no proof', async (t) => {
  const eth0 = lost(STRANGER, new Wire().announce(STRANGER, '192.0.2.50')).capture();
  const { faults } = await found(t, {
    router: { ...router(STRANGER), 'eth0.pcap': eth0 },
    node1: { ...server(), 'eth0.pcap': eth0 },
  });
  t.deepEqual(
    faults.map((f) => f.cause),
    ['undetermined'],
  );
});

test('a node that only overhears requests is not accused: what became of them is not known', async (t) => {
  const { faults, gaps } = await found(t, { node1: { ...server(), 'eth0.pcap': lost(STRANGER).capture() } });
  t.deepEqual(
    faults.map((f) => f.cause),
    ['undetermined'],
  );
  t.regex(faults[0]!.summary, /last overheard by eth0 on node1/);
  t.true(gaps.some(({ node, why }) => node === null && why.includes(`another host's MAC (${STRANGER})`)));
});

test('its twin: requests for its own MAC got there', async (t) => {
  const { faults } = await found(t, { node1: { ...server(), 'eth0.pcap': lost(A).capture() } });
  t.is(faults.length, 1);
  t.notRegex(faults[0]!.summary, /overheard/);
});

test('a backend of which no snapshot tells, and which only overhears what it is sent, is not called silent', async (t) => {
  const scenario = new EditedScenario(t, 'not-delivered-wrong-entry');
  for (const node of ['node1', 'node2']) scenario.withoutSnapshot(node);
  const { findings } = await scenario.analyze();
  const faults = findings.filter((f) => f.severity === 'fault');
  t.deepEqual(
    faults.map((f) => f.cause),
    ['undetermined'],
  );
  t.is(faults[0]!.node, 'router');
});

test('the report says where a packet came last: not who overheard it, unless nobody else saw it', async (t) => {
  const told = async (mac: string, nodes: readonly ('router' | 'node1')[]) => {
    const eth0 = lost(mac).capture();
    const files = { router: router(mac), node1: server() };
    const bundles = Object.fromEntries(nodes.map((name) => [name, { ...files[name], 'eth0.pcap': eth0 }]));
    const analysis = await run(t, bundles);
    const overheard = analysis.attempts.flatMap(({ path }) => path.map((step) => step.overheard ?? false));
    const text = renderTerminal(analysis, { columns: 100, color: false });
    const row = text.split('\n').find((line) => line.startsWith('a1 '))!;
    const [seen] = text.match(/^Last seen .*$/m)!;
    return { overheard: new Set(overheard).size === 2, row, seen, text };
  };
  const flooded = await told(HEARD, ['router', 'node1']);
  t.true(flooded.overheard);
  t.regex(flooded.row, / SYN router eth0$/);
  t.regex(flooded.seen, /SYN \(try 3\) on router eth0/);
  t.regex(flooded.text, /\(overheard on node1 eth0, in a frame for another host\)/);
  const came = await told(A, ['router', 'node1']);
  t.false(came.overheard);
  t.regex(came.row, / SYN node1 eth0$/);
  t.regex(came.seen, /SYN \(try 3\) on node1 eth0/);
  const alone = await told(HEARD, ['node1']);
  t.regex(alone.row, / SYN node1 eth0 \(overheard\)$/);
  t.regex(alone.seen, /SYN \(try 3\) overheard on node1 eth0/);
});

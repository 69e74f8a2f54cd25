/** Who owns an address, by frames made by hand: each fault beside a twin that is none. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis, Finding } from '../../src/model/analysis.js';
import { type Conversation, Wire } from '../correlate/neighbours/wire.js';

const ROUTER = '02:00:00:00:00:01';
const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const STRANGER = '00:1b:21:00:00:0c';
const GATEWAY = '192.0.2.1';
const VIP = '192.0.2.100';
const VIP6 = '2001:db8::100';

const from = (port: number): Conversation => ({ client: '198.51.100.5', port, server: VIP });

/** Files of a bundle: `ip -j` output with what matters here. */
interface Bundle {
  [file: string]: Uint8Array | string;
}

interface Nic {
  name: string;
  mac: string;
  /** `ADDRESS/LENGTH` */
  addresses: string[];
  master?: string;
  kind?: string;
}

function nodeFiles(nics: readonly Nic[], sysctl: Record<string, number> = {}): Bundle {
  const links = nics.map(({ name, mac, master, kind }, i) => ({
    ifindex: i + 2,
    ifname: name,
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    operstate: 'UP',
    group: 'default',
    link_type: 'ether',
    address: mac,
    ...(master ? { master } : {}),
    ...(kind ? { linkinfo: { info_kind: kind } } : {}),
  }));
  const addresses = nics.map(({ name, addresses: own }, i) => ({
    ifindex: i + 2,
    ifname: name,
    flags: [],
    addr_info: own.map((text) => {
      const [local, length] = text.split('/') as [string, string];
      const family = local.includes(':') ? 'inet6' : 'inet';
      return { family, local, prefixlen: Number(length), scope: 'global' };
    }),
  }));
  const routes = nics.flatMap(({ name, addresses: own }) =>
    own.flatMap((text) => {
      const [local] = text.split('/') as [string];
      if (local.includes(':')) return [];
      const mine = {
        type: 'local',
        dst: local,
        dev: name,
        table: 'local',
        protocol: 'kernel',
        scope: 'host',
        prefsrc: local,
        flags: [],
      };
      if (text.endsWith('/32')) return [mine];
      const net = {
        dst: `${local.replace(/\d+$/, '0')}/24`,
        dev: name,
        protocol: 'kernel',
        scope: 'link',
        prefsrc: local,
        flags: [],
      };
      return [mine, net];
    }),
  );
  const names = ['all', 'default', ...nics.map((nic) => nic.name)];
  const settings = {
    rp_filter: 0,
    arp_ignore: 0,
    arp_announce: 0,
    arp_filter: 0,
    forwarding: 1,
    proxy_arp: 0,
    ...sysctl,
  };
  const lines = names.flatMap((name) =>
    Object.entries(settings).map(([key, value]) => `net.ipv4.conf.${name}.${key} = ${value}`),
  );
  return {
    'ip-link.json': JSON.stringify(links),
    'ip-addr.json': JSON.stringify(addresses),
    'ip-route.json': JSON.stringify([
      ...routes,
      { dst: 'default', gateway: GATEWAY, dev: nics[0]!.name, flags: [] },
    ]),
    'ip-rule.json': JSON.stringify([
      { priority: 0, src: 'all', table: 'local' },
      { priority: 32766, src: 'all', table: 'main' },
      { priority: 32767, src: 'all', table: 'default' },
    ]),
    'ip-route6.json': '[]',
    'ip-rule6.json': '[]',
    'sysctl.txt': `${lines.join('\n')}\nnet.ipv4.ip_forward = 1\n`,
    'iptables-save.txt': '',
  };
}

const node = (mac: string, ...own: string[]) =>
  nodeFiles([{ name: 'eth0', mac, addresses: ['192.0.2.11/24', ...own] }]);

async function run(t: ExecutionContext, nodes: Record<string, Bundle>, vips = [VIP]): Promise<Analysis> {
  const root = mkdtempSync(join(tmpdir(), 'returnpath-arp-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, files] of Object.entries(nodes)) {
    mkdirSync(join(root, name));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
  }
  const inputs = Object.keys(nodes).map((name) => join(root, name));
  return analyze(inputs, { vips, keepGoing: false, attempts: 'all', warn: () => {} });
}

const conflicts = ({ findings }: Analysis) => findings.filter((f) => f.cause === 'arp-conflict');
const faults = ({ findings }: Analysis) => findings.filter((f) => f.severity === 'fault').map((f) => f.cause);
const claimants = (finding: Finding | undefined) =>
  finding?.claimants.map((c) => `${c.node} ${c.interface} ${c.mac}`);

/** The router asks, `macs` answer, and its SYN goes to the first of them. */
function asked(macs: readonly string[], wire = new Wire()): Wire {
  wire.ask(ROUTER, GATEWAY, VIP);
  for (const mac of macs) wire.answer(mac, VIP, ROUTER, GATEWAY);
  return wire;
}

const refusedBy = (wire: Wire, mac: string, port: number) =>
  wire.syn(ROUTER, mac, from(port)).reset(mac, ROUTER, from(port));
const madeBy = (wire: Wire, mac: string, port: number) =>
  wire.syn(ROUTER, mac, from(port)).synAck(mac, ROUTER, from(port)).ack(ROUTER, mac, from(port));
const lostAt = (wire: Wire, mac: string, port: number) =>
  wire
    .syn(ROUTER, mac, from(port))
    .wait(1000)
    .syn(ROUTER, mac, from(port))
    .wait(2000)
    .syn(ROUTER, mac, from(port))
    .wait(4000);

test('one request answered by two MACs, and the wrong one refuses: confirmed, not refused', async (t) => {
  const wire = madeBy(refusedBy(asked([B, A]), B, 40_001).wait(3000), A, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A, `${VIP}/32`),
    node2: node(B, `${VIP}/32`),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  const [finding] = conflicts(analysis);
  t.is(finding!.confidence, 'confirmed');
  t.is(finding!.vip, VIP);
  t.is(finding!.node, null);
  t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `node2 eth0 ${B}`]);
  t.deepEqual(finding!.attempts, ['a1']);
  t.is(finding!.fix!.commands[0]!.command, `ip addr del ${VIP}/32 dev eth0`);
  t.is(finding!.fix!.commands[0]!.node, 'node2');
});

test('its twin: one MAC answers twice, as the kernel and a speaker of one node do', async (t) => {
  const wire = madeBy(asked([A, A]), A, 40_001);
  const analysis = await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: node(A, `${VIP}/32`) });
  t.deepEqual(analysis.findings, []);
});

test('each node saw its own answer alone: the request that both saw joins them', async (t) => {
  const wire = refusedBy(asked([B, A]), B, 40_001);
  const analysis = await run(t, {
    node1: { ...node(A, `${VIP}/32`), 'any.pcap': wire.cooked(A, 2) },
    node2: { ...node(B, `${VIP}/32`), 'any.pcap': wire.cooked(B, 2) },
  });
  t.is(conflicts(analysis)[0]?.confidence, 'confirmed');
  t.deepEqual(faults(analysis), ['arp-conflict']);
});

test('two links with the same address and no common broadcast are no conflict', async (t) => {
  const own = (mac: string, asker: string) =>
    new Wire().ask(asker, '172.17.0.2', '172.17.0.1').answer(mac, '172.17.0.1', asker, '172.17.0.2');
  const analysis = await run(
    t,
    {
      node1: { ...node(A), 'docker0.pcap': own(A, '02:42:ac:11:00:02').capture() },
      node2: { ...node(B), 'docker0.pcap': own(B, '02:42:ac:11:00:03').capture() },
    },
    [],
  );
  t.deepEqual(conflicts(analysis), []);
});

test('a stranger takes the requests: named by its vendor prefix', async (t) => {
  const wire = madeBy(lostAt(asked([STRANGER, A]), STRANGER, 40_001), A, 40_002);
  const analysis = await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: node(A, `${VIP}/32`) });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  const [finding] = conflicts(analysis);
  t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `null null ${STRANGER}`]);
  t.regex(finding!.summary, /vendor prefix 00:1b:21/);
  t.true(analysis.gaps.some((gap) => gap.why.includes(STRANGER)));
});

test('proven and nothing lost: a risk', async (t) => {
  const wire = madeBy(asked([A, B]), A, 40_001);
  const [finding] = conflicts(await run(t, { router: { 'eth0.pcap': wire.capture() } }));
  t.is(finding?.severity, 'risk');
  t.is(finding?.confidence, 'confirmed');
  t.deepEqual(finding?.attempts, []);
});

test('seen with no connection at all', async (t) => {
  const analysis = await run(t, { third: { 'eth0.pcap': asked([A, B]).capture() } });
  t.deepEqual(
    conflicts(analysis).map((f) => [f.severity, f.vip]),
    [['risk', VIP]],
  );
});

test('a hand-over is none: the old owner is silent once the new one has announced', async (t) => {
  const wire = madeBy(asked([A]), A, 40_001).wait(5000);
  for (const form of ['request', 'reply'] as const) wire.announce(B, VIP, form);
  wire.wait(1000).announce(B, VIP);
  madeBy(wire, B, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A),
    node2: node(B, `${VIP}/32`),
  });
  t.deepEqual(analysis.findings, []);
});

test('nor is the way back, nor gratuitous ARP that one owner repeats', async (t) => {
  const wire = new Wire();
  for (const mac of [A, B, A]) {
    for (let i = 0; i < 5; i++) wire.announce(mac, VIP).wait(1100);
    wire.wait(30_000);
  }
  t.deepEqual(conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } })), []);
});

test('announcements that take turns overlap: probable', async (t) => {
  const wire = new Wire();
  for (let i = 0; i < 4; i++) wire.announce(A, VIP).wait(400).announce(B, VIP).wait(700);
  const [finding] = conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } }));
  t.is(finding?.confidence, 'probable');
});

test('requests to the old owner after a hand-over: its entry is stale, and nothing in conflict', async (t) => {
  const wire = madeBy(asked([A]), A, 40_001)
    .wait(5000)
    .announce(B, VIP)
    .wait(1000);
  lostAt(wire, A, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A),
    node2: node(B, `${VIP}/32`),
  });
  t.deepEqual(faults(analysis), ['not-delivered']);
  const finding = analysis.findings.find((f) => f.cause === 'not-delivered')!;
  t.is(finding.node, 'router');
  t.regex(finding.summary, /stale neighbour entry, not a conflict/);
  t.true(finding.fix!.commands.some(({ command }) => command.startsWith('arping -U')));
});

test('who claimed the address and serves it no more is no router that should have passed requests on', async (t) => {
  const wire = madeBy(asked([A]), A, 40_001).wait(5000);
  lostAt(wire, A, 40_002);
  const serving = `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d ${VIP}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.0.2.12:8080\nCOMMIT\n`;
  const old = nodeFiles([{ name: 'eth0', mac: A, addresses: ['192.0.2.11/24'] }], { forwarding: 0 });
  const captured = { ...old, 'eth0.pcap': wire.capture() };
  const heir = nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] }]);
  const analysis = await run(t, { node1: captured, node2: { ...heir, 'iptables-save.txt': serving } });
  t.deepEqual(faults(analysis), ['not-delivered']);
  const finding = analysis.findings.find((f) => f.cause === 'not-delivered')!;
  t.deepEqual([finding.confidence, finding.node, finding.interface], ['possible', 'node1', 'eth0']);
  t.true(finding.evidence.some(({ text }) => text.startsWith('ARP reply')));
  const both = { ...captured, 'iptables-save.txt': serving };
  const still = await run(t, { node1: both, node2: { ...heir, 'iptables-save.txt': serving } });
  t.false(still.findings.some((f) => /stale/.test(f.summary)));
});

test('a program of another node answers: it is found and stopped there, no address is taken', async (t) => {
  const wire = madeBy(lostAt(asked([B, A]), B, 40_001), A, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: node(A, `${VIP}/32`),
    node2: nodeFiles([{ name: 'eth0', mac: B, addresses: ['192.0.2.12/24'] }]),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  t.regex(
    conflicts(analysis)[0]!.fix!.summary,
    /what on node2 \(eth0\) answers for 192\.0\.2\.100, which node1/,
  );
});

test('a proxy that passes requests on to their owner is no second owner', async (t) => {
  const wire = asked([B, A]).syn(ROUTER, B, from(40_001));
  madeBy(wire, A, 40_002)
    .syn(B, A, from(40_001))
    .synAck(A, ROUTER, from(40_001))
    .ack(ROUTER, B, from(40_001));
  t.deepEqual(conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } })), []);
});

test('two interfaces of one node (ARP flux): both are named, and it is no fault', async (t) => {
  const flux = nodeFiles([
    { name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`] },
    { name: 'eth1', mac: B, addresses: ['192.0.2.12/24'] },
  ]);
  const wire = madeBy(asked([B, A]), B, 40_001);
  const [finding] = conflicts(await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: flux }));
  t.is(finding?.severity, 'info');
  t.deepEqual(claimants(finding), [`node1 eth0 ${A}`, `node1 eth1 ${B}`]);
  const commands = finding!.fix!.commands.map((c) => c.command);
  t.true(commands.includes('sysctl -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2'));
});

test('ports of one bond that answer for it (balance-alb) are one owner', async (t) => {
  const bond = nodeFiles([
    { name: 'bond0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`], kind: 'bond' },
    { name: 'eth0', mac: A, addresses: [], master: 'bond0' },
    { name: 'eth1', mac: B, addresses: [], master: 'bond0' },
  ]);
  const wire = madeBy(asked([A, B]), A, 40_001);
  t.deepEqual(conflicts(await run(t, { router: { 'eth0.pcap': wire.capture() }, node1: bond })), []);
});

test('the kernels answer for what is on kube-ipvs0: strict ARP, tried in the model', async (t) => {
  const ipvs = (mac: string, address: string) =>
    nodeFiles([
      { name: 'eth0', mac, addresses: [address] },
      { name: 'kube-ipvs0', mac: '02:00:00:00:00:ff', addresses: [`${VIP}/32`] },
    ]);
  const wire = madeBy(asked([A, B]), A, 40_001);
  const [finding] = conflicts(
    await run(t, {
      router: { 'eth0.pcap': wire.capture() },
      node1: ipvs(A, '192.0.2.11/24'),
      node2: ipvs(B, '192.0.2.12/24'),
    }),
  );
  t.regex(finding!.summary, /kube-ipvs0, and arp_ignore=0 lets eth0 answer/);
  t.regex(finding!.fix!.summary, /strictARP/);
  t.regex(finding!.fix!.expected, /kernels of node1, node2 no longer answer/);
  t.true(finding!.fix!.commands.some((c) => c.persists && c.command.includes('/etc/sysctl.d/')));
});

test('what a node has on kube-ipvs0 and refuses is not served there: with no connection made, still the conflict', async (t) => {
  const ipvs = (mac: string, address: string) =>
    nodeFiles([
      { name: 'eth0', mac, addresses: [address] },
      { name: 'kube-ipvs0', mac: '02:00:00:00:00:ff', addresses: [`${VIP}/32`] },
    ]);
  const wire = refusedBy(refusedBy(asked([A, B]), B, 40_001).wait(500), B, 40_002);
  const analysis = await run(t, {
    router: { 'eth0.pcap': wire.capture() },
    node1: ipvs(A, '192.0.2.11/24'),
    node2: ipvs(B, '192.0.2.12/24'),
  });
  t.deepEqual(faults(analysis), ['arp-conflict']);
  t.is(conflicts(analysis)[0]!.attempts.length, 2);
});

test('two holders and no ARP captured: possible, with what to capture; none where one has arp_ignore', async (t) => {
  const wire = madeBy(new Wire(), A, 40_001);
  const holder = (mac: string, address: string, sysctl = {}) =>
    nodeFiles([{ name: 'eth0', mac, addresses: [address, `${VIP}/32`] }], sysctl);
  const both = { router: { 'eth0.pcap': wire.capture() }, node1: holder(A, '192.0.2.11/24') };
  const analysis = await run(t, { ...both, node2: holder(B, '192.0.2.12/24') });
  t.deepEqual(
    conflicts(analysis).map((f) => [f.confidence, f.severity, f.attempts.length]),
    [['possible', 'risk', 0]],
  );
  t.true(analysis.gaps.some((gap) => gap.why.includes(`arping -c 3 -I eth0 ${VIP}`)));
  const quiet = await run(t, { ...both, node2: holder(B, '192.0.2.12/24', { arp_ignore: 8 }) });
  t.deepEqual(conflicts(quiet), []);
});

test('the rightful owner answers, and hears no more once the other has answered', async (t) => {
  const conversation = from(40_001);
  const wire = asked([A]).syn(ROUTER, A, conversation).synAck(A, ROUTER, conversation).wait(200);
  asked([B, A], wire).wait(800).synAck(A, ROUTER, conversation).wait(2000).synAck(A, ROUTER, conversation);
  const analysis = await run(t, { third: { 'eth0.pcap': wire.capture() }, node1: node(A, `${VIP}/32`) });
  t.deepEqual(faults(analysis), ['arp-conflict']);
});

test('what is lost beyond the right owner is not the conflict’s', async (t) => {
  const wire = lostAt(madeBy(asked([A, B]), A, 40_001), A, 40_002);
  const analysis = await run(t, { router: { 'eth0.pcap': wire.capture() } });
  t.false(faults(analysis).includes('arp-conflict'));
  t.is(conflicts(analysis)[0]?.severity, 'risk');
});

test('NDP: two that override are a conflict, anycast and proxies (which do not) are none', async (t) => {
  const answers = (flags: number) =>
    new Wire()
      .solicit(ROUTER, '2001:db8::1', VIP6)
      .advertise(A, VIP6, ROUTER, '2001:db8::1', flags)
      .advertise(B, VIP6, ROUTER, '2001:db8::1', flags);
  const overriding = await run(t, { router: { 'eth0.pcap': answers(0x60).capture() } }, [VIP6]);
  t.deepEqual(
    conflicts(overriding).map((f) => [f.confidence, f.severity]),
    [['confirmed', 'risk']],
  );
  const anycast = await run(t, { router: { 'eth0.pcap': answers(0x40).capture() } }, [VIP6]);
  t.deepEqual(conflicts(anycast), []);
});

test('GLBP answers with a MAC of each router on purpose', async (t) => {
  const wire = asked(['00:07:b4:00:01:01', '00:07:b4:00:01:02']);
  t.deepEqual(conflicts(await run(t, { third: { 'eth0.pcap': wire.capture() } })), []);
});

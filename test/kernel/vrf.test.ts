/** VRFs, which no kernel of the lab can make: by Documentation/networking/vrf.rst, net/l3mdev and drivers/net/vrf.c. */
import test from 'ava';
import { readSnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { explainRoute } from '../../src/kernel/explanation/explain.js';
import { KernelModel } from '../../src/kernel/model.js';
import type { Snapshot } from '../../src/model/snapshot.js';

// eth0 has the default route of the node's own; eth1 is in the VRF blue, which has one of its own.
const UP = 'UP,LOWER_UP';
const LINKS = `1: lo: <LOOPBACK,${UP}> mtu 65536 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00 promiscuity 0 minmtu 0 maxmtu 0 addrgenmode eui64
2: eth0: <BROADCAST,MULTICAST,${UP}> mtu 1500 qdisc mq state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 9216 addrgenmode eui64
3: eth1: <BROADCAST,MULTICAST,${UP}> mtu 1500 qdisc mq master blue state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:02 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 9216
    vrf_slave table 10 addrgenmode eui64
4: blue: <NOARP,MASTER,${UP}> mtu 65575 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:03 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 1280 maxmtu 65575
    vrf table 10 addrgenmode eui64
`;
const ADDRESSES = `2: eth0    inet 192.0.2.11/24 brd 192.0.2.255 scope global eth0\\       valid_lft forever preferred_lft forever
3: eth1    inet 10.9.8.11/24 brd 10.9.8.255 scope global eth1\\       valid_lft forever preferred_lft forever
4: blue    inet 10.9.8.7/32 scope global blue\\       valid_lft forever preferred_lft forever
`;
const ROUTES = (table: string) => `default via 10.9.8.1 dev eth1 table ${table}
10.9.8.0/24 dev eth1 table ${table} proto kernel scope link src 10.9.8.11
local 10.9.8.7 dev blue table ${table} proto kernel scope host src 10.9.8.7
local 10.9.8.11 dev eth1 table ${table} proto kernel scope host src 10.9.8.11
unreachable default table ${table} metric 4278198272
default via 192.0.2.1 dev eth0
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.11
local 192.0.2.11 dev eth0 table local proto kernel scope host src 192.0.2.11
`;
const RULES = `0:	from all lookup local
1000:	from all lookup [l3mdev-table]
32766:	from all lookup main
32767:	from all lookup default
`;
const SYSCTLS = ['all', 'eth0', 'eth1', 'blue'].flatMap((name) => [
  `net.ipv4.conf.${name}.rp_filter = 1`,
  `net.ipv4.conf.${name}.forwarding = 1`,
  `net.ipv4.conf.${name}.accept_local = 0`,
]);

function node(routes = ROUTES('10')): Snapshot {
  const files = new Map([
    ['ip-link.txt', LINKS],
    ['ip-addr.txt', ADDRESSES],
    ['ip-route.txt', routes],
    ['ip-rule.txt', RULES],
    ['sysctl.txt', SYSCTLS.join('\n')],
  ]);
  return readSnapshot(files, 'node1', null, '');
}
const request = { source: '203.0.113.9', destination: '10.9.8.7', interface: 'eth1' };
const reply = { source: '10.9.8.7', destination: '203.0.113.9' };
const PACKET = { protocol: 'tcp', mark: 0, tos: 0 };

test('a device of a VRF is no port of it: packets come in by the device, with its settings', (t) => {
  const links = new Map(node().links!.map((link) => [link.name, link]));
  t.like(links.get('eth1'), { master: null, vrf: 'blue' });
  t.like(links.get('blue'), { kind: 'vrf', vrfTable: '10' });
});

test('a VRF is told by its flags where its kind is not', (t) => {
  const plain = LINKS.replaceAll(/^ {4}vrf.*\n/gm, '');
  const links = readSnapshot(new Map([['ip-link.txt', plain]]), 'node1', null, '').links!;
  t.like(links[2], { name: 'eth1', master: null, vrf: 'blue' });
});

test("within a VRF both ways are looked up in its table: strict rp_filter takes what the VRF's default leads back to", (t) => {
  const model = new KernelModel(node());
  t.like(model.input({ ...request, ...PACKET }), { verdict: 'local', table: '10', unknown: [] });
  t.like(model.output({ ...reply, ...PACKET }), {
    verdict: 'output',
    dev: 'eth1',
    via: '10.9.8.1',
    unknown: [],
  });
});

test('its twin: a VRF with no way back drops, and its replies have no route of the other tables', (t) => {
  const model = new KernelModel(node(ROUTES('10').replace(/^default via 10.*\n/, '')));
  t.is(model.input({ ...request, ...PACKET }).verdict, 'rp-filter');
  t.like(model.output({ ...reply, ...PACKET }), { verdict: 'unreachable' });
});

test('what is in no VRF goes by the other tables', (t) => {
  const model = new KernelModel(node());
  const own = { source: '203.0.113.9', destination: '192.0.2.11', interface: 'eth0' };
  t.like(model.input({ ...own, ...PACKET }), { verdict: 'local', table: 'local', unknown: [] });
  const sent = { source: '192.0.2.11', destination: '203.0.113.9' };
  t.like(model.output({ ...sent, ...PACKET }), { verdict: 'output', dev: 'eth0', unknown: [] });
});

test('routes may have the name of the table, of which the device has the number', (t) => {
  const model = new KernelModel(node(ROUTES('blue-table')));
  t.like(model.input({ ...request, ...PACKET }), { verdict: 'local', table: 'blue-table', unknown: [] });
});

test('a table that cannot be told is a doubt', (t) => {
  const routes = ROUTES('blue').replace(/^local 10.*\n/gm, '');
  const [doubt] = new KernelModel(node(routes)).input({ ...request, ...PACKET }).unknown;
  t.is(doubt, 'which table is that of the VRF blue is not told: rule 1000 is taken as no match');
});

test('a rule of VRFs is told as `ip` prints it, and the kernel is to be asked for the VRF that has the source', (t) => {
  const question = { to: '203.0.113.9', from: '10.9.8.7', iif: null, oif: null, ...PACKET };
  const model = new KernelModel(node());
  const { steps, command } = explainRoute(model, question, model.output({ ...reply, ...PACKET }));
  t.true(
    steps.some(({ lines }) =>
      lines.some((line) => line.startsWith('1000: from all lookup [l3mdev-table] -- ')),
    ),
  );
  t.regex(command!, /^ip route get 203\.0\.113\.9 from 10\.9\.8\.7 oif blue\b/);
});

test("an ARP request at a VRF's device is answered by the VRF's own addresses", (t) => {
  const model = new KernelModel(node());
  const { answers, why } = model.answersFor('10.9.8.7', 'eth1', '10.9.8.1');
  t.deepEqual([answers, why.includes('VRF')], [true, false]);
});

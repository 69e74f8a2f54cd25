import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { isSnapshotFile, readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { InputError } from '../../../src/model/errors.js';
import type { Rule } from '../../../src/model/snapshot.js';
import { fixture } from '../../support.js';

const directory = fixture('snapshots', 'every-selector');
const files = new Map(
  readdirSync(directory).map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]),
);
const snapshot = readSnapshot(files, 'node1', null, 'bundles/node1');
const read = (name: string, text: string) => readSnapshot(new Map([[name, text]]), 'n', null, 'b.tgz');

test('a bundle made by the plain commands is read in full', (t) => {
  t.is(snapshot.node, 'node1');
  t.deepEqual(snapshot.warnings, []);
  t.is(snapshot.ip6tables, '', 'no rules, which is not the same as not told');
  t.regex(snapshot.iptables!, /--ctstate INVALID/);
  t.truthy(snapshot.nft);
  const difference = (name: string) =>
    snapshot.countersAfter!.values.get(name)! - snapshot.countersBefore!.values.get(name)!;
  t.is(difference('TcpExtIPReversePathFilter'), 3);
});

test('addresses: secondary, peer and IPv6', (t) => {
  const of = (address: string) => snapshot.addresses!.find((a) => a.address === address);
  t.like(of('10.1.0.1'), {
    interface: 'va',
    prefixLength: 24,
    peer: null,
    broadcast: '10.1.0.255',
    scope: 'global',
  });
  t.deepEqual(of('10.1.0.7')!.flags, ['secondary']);
  t.like(of('10.9.9.1'), { peer: '10.9.9.2', prefixLength: 32 });
  t.true(of('fd00::1')!.flags.includes('nodad'));
});

test('links: kinds, masters, underlays, and MACs only where they are MACs', (t) => {
  const of = (name: string) => snapshot.links!.find((l) => l.name === name);
  t.like(of('vxlan.5'), { kind: 'vxlan', lower: 'va', vlanId: null });
  t.deepEqual(of('vxlan.5')!.vxlan, { id: 5, port: 8472, local: '10.1.0.1', remote: '10.1.0.2' });
  t.like(of('vb'), { kind: 'veth', master: 'br0', lower: null });
  t.like(of('eth0.100'), { mac: '02:00:00:00:00:0a', operState: 'UP', type: 'ether', group: 'default' });
  t.is(of('lo')!.mac, null);
});

test('links come from ip-addr.json where ip-link.json is missing', (t) => {
  const only = readSnapshot(new Map([['ip-addr.json', files.get('ip-addr.json')!]]), 'n', null, '');
  t.like(
    only.links!.find((l) => l.name === 'eth0.100'),
    { mac: '02:00:00:00:00:0a', kind: null },
  );
});

test('routes: types, tables, next hops, TOS, and a gateway of the other family', (t) => {
  const of = (destination: string) => snapshot.routes4!.find((r) => r.destination === destination)!;
  t.like(of('0.0.0.0/0'), { type: 'unicast', table: 'main', metric: 100, scope: 'global', protocol: null });
  t.deepEqual(of('0.0.0.0/0').nextHops, [{ gateway: '10.1.0.9', interface: 'va', weight: 1, flags: [] }]);
  t.deepEqual(
    of('10.50.0.0/16').nextHops.map((h) => [h.gateway, h.interface, h.weight]),
    [
      ['10.1.0.2', 'va', 3],
      [null, 'eth0.100', 1],
    ],
  );
  t.is(of('10.51.0.0/16').nextHops[0]!.gateway, 'fe80::1');
  t.like(of('10.61.0.0/24'), { type: 'blackhole', table: 'main', nextHops: [] });
  t.like(of('10.62.0.0/24'), { type: 'unreachable', table: '77', metric: 5 });
  t.like(of('10.63.0.0/24'), { type: 'throw', table: '77' });
  t.like(of('10.64.0.1/32'), { type: 'prohibit' });
  t.like(of('10.71.0.0/24'), { tos: 16, prefsrc: '10.1.0.1' });
  t.deepEqual(of('10.71.0.0/24').nextHops[0]!.flags, ['onlink']);
  t.like(of('224.1.0.0/16'), { type: 'multicast', table: '9' });
  t.like(of('10.1.0.255/32'), { type: 'broadcast', table: 'local', protocol: 'kernel', scope: 'link' });
  const of6 = (destination: string) => snapshot.routes6!.find((r) => r.destination === destination)!;
  t.like(of6('fd01::/64'), { family: 6, from: 'fd02::/64', metric: 1024 });
  t.is(of6('fd05::/64').nextHops.length, 2);
});

test('rules: every selector and action', (t) => {
  const of = (priority: number) => snapshot.rules4!.find((r) => r.priority === priority)!;
  const expected: [number, Partial<Rule>][] = [
    [0, { from: null, action: 'lookup', table: 'local' }],
    [100, { from: '10.0.0.0/8', to: '1.2.3.4/32', iif: 'va', fwmark: 0x100, fwmask: 0xff00, table: '77' }],
    [101, { not: true, from: '10.3.0.1/32', oif: 'vb', suppressPrefixLength: 0 }],
    [102, { fwmark: 7, fwmask: null, action: 'goto', gotoPriority: 200, table: null }],
    [104, { tos: 16, action: 'prohibit' }],
    [105, { from: '9.9.9.0/24', action: 'blackhole' }],
    [106, { iif: 'gone0', action: 'unreachable' }],
    [200, { action: 'nop' }],
    [201, { to: '8.8.8.8/32', action: 'goto', gotoPriority: 30000 }],
    [202, { from: '1.1.1.1/32', suppressInterfaceGroup: '3' }],
  ];
  for (const [priority, fields] of expected) t.like(of(priority), fields, `rule ${priority}`);
  t.like(of(103), { ipProtocol: 'tcp' });
  t.deepEqual(of(103).sourcePorts, [80, 80]);
  t.deepEqual(of(103).destinationPorts, [100, 200]);
  t.deepEqual(of(103).uidRange, [0, 10]);
  t.deepEqual(of(203).unknown, ['l3mdev']);
  t.deepEqual(of(204).unknown, ['tun_id 5']);
  for (const rule of snapshot.rules4!) if (![203, 204].includes(rule.priority)) t.deepEqual(rule.unknown, []);
});

test('neighbours', (t) => {
  const of = (address: string) => snapshot.neighbours!.find((n) => n.address === address);
  t.like(of('10.1.0.2'), { interface: 'va', mac: '02:00:00:00:00:01', router: false });
  t.deepEqual(of('10.1.0.2')!.states, ['PERMANENT']);
  t.like(of('10.1.0.3'), { mac: null });
});

test('drops and martians are placed on the wall clock, within each other', (t) => {
  const drops = snapshot.drops!.records;
  t.is(drops.length, 3);
  t.like(drops[0], { reason: 'IP_RPFILTER', location: 'ip_rcv_finish_core', protocol: 0x0800, line: 13 });
  const martians = snapshot.kernelLog!.martians;
  t.is(martians.length, 3);
  for (const [i, martian] of martians.entries()) {
    const apart = Number(martian.time! - drops[i]!.time!);
    t.true(Math.abs(apart) < 1e8, 'the two clocks had drifted 49 ms apart');
  }
  t.like(martians[0], {
    kind: 'source',
    destination: '10.3.0.1',
    source: '10.99.0.2',
    interface: 'eth0.100',
    linkSource: '02:00:00:00:00:0b',
    linkDestination: '02:00:00:00:00:0a',
    etherType: 0x0800,
  });
});

test('what is not there is null, not empty', (t) => {
  const none = readSnapshot(new Map(), 'n', 'pod', '');
  t.is(none.routes4, null);
  t.is(none.sysctl, null);
  t.is(none.netns, 'pod');
  t.deepEqual(read('ip-rule6.json', '[]').rules6, []);
});

test('kube/*.json by its name, and nothing below', (t) => {
  const kube = readSnapshot(new Map([['kube/services.json', '{"items":[]}']]), 'n', null, '').kube;
  t.deepEqual([...kube], [['services.json', { items: [] }]]);
  t.true(isSnapshotFile('kube/nodes.json'));
  t.false(isSnapshotFile('kube/.json'));
  t.false(isSnapshotFile('kube/a/b.json'));
  t.true(isSnapshotFile('kube/speaker.log'));
  t.true(isSnapshotFile('sysctl.txt'));
  t.false(isSnapshotFile('eth0.pcap'));
});

const damaged: [string, string, RegExp][] = [
  ['ip-route.json', '[{"dst":"10.0.0.0/8","dev":"a"},{"dst"', /^b\.tgz:ip-route\.json: .*not JSON.*cut off/],
  ['ip-route.json', '[{"dst":"10.0.0.0/8",}]', /^b\.tgz:ip-route\.json: at octet 21: not JSON/],
  ['ip-route.json', '{"dst":"default"}', /not a JSON array/],
  ['ip-route.json', '[{"dev":"a"}]', /entry 1: no "dst"/],
  ['ip-route.json', '[{"dst":"10.0.0.0/33"}]', /entry 1: "10\.0\.0\.0\/33" is no IPv4 prefix/],
  ['ip-rule.json', '[{"priority":1,"src":"10.0.0.300"}]', /entry 1: "src" is no IPv4 address/],
  ['ip-rule.json', '[{"priority":1,"src":"all","fwmark":"x"}]', /"fwmark" is no number/],
  ['ip-addr.json', '[{"ifindex":1}]', /entry 1: no "ifname"/],
  ['nstat-after.json', '{}', /no "kernel" object/],
  ['clock.txt', 'yesterday\n1.0 2.0\n', /line 1: not what `date \+%s\.%N` prints/],
  ['clock.txt', '1795233150.081\nuptime: not found\n', /line 2: not the content of \/proc\/uptime/],
  [
    'conntrack.txt',
    'tcp 6 100 ESTABLISHED src=1.2.3.4\n',
    /no entry as `conntrack -L` prints it; the first is line 1/,
  ],
  ['sysctl.txt', 'bash: sysctl: command not found\n', /line 1: not `key = value`/],
];
for (const [name, text, message] of damaged) {
  test(`damaged: ${name}: ${text.slice(0, 40).trim()}`, (t) => {
    const error = t.throws(() => read(name, text), { instanceOf: InputError });
    t.regex(error!.message, message);
    t.false(error!.message.includes('\n'));
  });
}

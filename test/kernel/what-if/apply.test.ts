import test from 'ava';
import { emptySnapshot, readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { KernelModel } from '../../../src/kernel/model.js';
import { applyChange, applyChanges } from '../../../src/kernel/what-if/apply.js';
import { parseChange } from '../../../src/kernel/what-if/parse-change.js';
import { UsageError } from '../../../src/model/errors.js';
import type { Snapshot } from '../../../src/model/snapshot.js';

const address = (local: string, prefixlen: number) => ({ family: 'inet', local, prefixlen, scope: 'global' });
const device = (ifname: string, ifindex: number, addr_info: object[], flags = ['UP', 'LOWER_UP']) => ({
  ifname,
  ifindex,
  flags,
  link_type: 'ether',
  address: `02:00:00:00:00:0${ifindex}`,
  addr_info,
});
const local = (dst: string, dev: string) => ({
  type: 'local',
  dst,
  dev,
  table: 'local',
  protocol: 'kernel',
  scope: 'host',
  prefsrc: dst,
});
const files = new Map([
  [
    'ip-addr.json',
    JSON.stringify([
      device('lo', 1, [], ['UP', 'LOWER_UP', 'LOOPBACK']),
      device('eth0', 2, [address('192.168.1.10', 24)]),
      device('eth0.100', 3, [address('10.100.0.10', 24)]),
      device('bare0', 4, []),
      device('down0', 5, [], []),
    ]),
  ],
  [
    'ip-route.json',
    JSON.stringify([
      { dst: 'default', gateway: '192.168.1.1', dev: 'eth0', table: 'main' },
      { dst: '192.168.1.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link', prefsrc: '192.168.1.10' },
      { dst: '10.100.0.0/24', dev: 'eth0.100', protocol: 'kernel', scope: 'link', prefsrc: '10.100.0.10' },
      local('192.168.1.10', 'eth0'),
      local('10.100.0.10', 'eth0.100'),
    ]),
  ],
  [
    'ip-rule.json',
    JSON.stringify([
      { priority: 0, src: 'all', table: 'local' },
      { priority: 32766, src: 'all', table: 'main' },
      { priority: 32767, src: 'all', table: 'default' },
    ]),
  ],
  [
    'sysctl.txt',
    ['all', 'default', 'lo', 'eth0', 'eth0/100', 'bare0', 'down0']
      .flatMap((name) => [`net.ipv4.conf.${name}.rp_filter = 1`, `net.ipv4.conf.${name}.forwarding = 0`])
      .concat('net.ipv4.ip_forward = 0', 'net.ipv4.tcp_rmem = 4096\t131072\t6291456')
      .join('\n'),
  ],
]);
const without = (...gone: string[]) =>
  readSnapshot(new Map([...files].filter(([name]) => !gone.includes(name))), 'node1', null, 'node1');
const node = without();
const apply = (snapshot: Snapshot, text: string) =>
  applyChange(snapshot, parseChange(text, text.startsWith('ip ') ? 'add' : 'set'));

test('a setting, by any of its names', (t) => {
  for (const name of ['net.ipv4.conf.eth0/100', 'net/ipv4/conf/eth0.100', 'net.ipv4.conf.eth0.100']) {
    const key = name.includes('net/') ? `${name}/rp_filter` : `${name}.rp_filter`;
    t.is(apply(node, `${key}=2`).sysctl!.get('net.ipv4.conf.eth0/100.rp_filter'), '2', key);
  }
  t.is(node.sysctl!.get('net.ipv4.conf.eth0/100.rp_filter'), '1', 'the snapshot itself stays as it is');
  t.is(apply(node, 'net.ipv4.tcp_rmem=1 2 3').sysctl!.get('net.ipv4.tcp_rmem'), '1\t2\t3');
});

test('ip_forward is of every interface, and of the next ones', (t) => {
  const on = apply(node, 'net.ipv4.ip_forward=1');
  const forwarding = [...on.sysctl!].filter(([key]) => key.endsWith('forward') || key.endsWith('forwarding'));
  t.is(forwarding.length, 8);
  t.true(forwarding.every(([, value]) => value === '1'));
  // The kernel looks whether it is another value than before.
  const eth0Off = apply(on, 'net.ipv4.conf.eth0.forwarding=0');
  t.is(apply(eth0Off, 'net.ipv4.ip_forward=1').sysctl!.get('net.ipv4.conf.eth0.forwarding'), '0');
});

test('without any settings, one becomes known', (t) => {
  const changed = apply(without('sysctl.txt'), 'net.ipv4.conf.eth0.rp_filter=1');
  t.deepEqual([...changed.sysctl!], [['net.ipv4.conf.eth0.rp_filter', '1']]);
});

test('the recipe of a table of its own: the answer leaves where the request came in', (t) => {
  const { snapshots, notes } = applyChanges(
    [node],
    [
      parseChange('node1:ip route add default via 10.100.0.1 table 100', 'add'),
      parseChange('node1:ip rule add from 10.100.0.0/24 lookup 100', 'add'),
    ],
  );
  const question = { source: '10.100.0.10', destination: '203.0.113.9' };
  t.like(new KernelModel(node).output(question), { dev: 'eth0', via: '192.168.1.1' });
  t.like(new KernelModel(snapshots[0]!).output(question), {
    dev: 'eth0.100',
    via: '10.100.0.1',
    table: '100',
  });
  t.deepEqual(notes, [
    'node1: with ip route add default via 10.100.0.1 table 100',
    'node1: with ip rule add from 10.100.0.0/24 lookup 100; the kernel gives it priority 32765',
  ]);
});

test('an address brings its routes, and takes them along', (t) => {
  const added = apply(node, 'ip addr add 172.16.0.1/24 dev bare0');
  t.deepEqual(
    added
      .routes4!.filter((r) => r.prefsrc === '172.16.0.1')
      .map((r) => `${r.type} ${r.destination} ${r.table}`),
    ['unicast 172.16.0.0/24 main', 'local 172.16.0.1/32 local', 'broadcast 172.16.0.255/32 local'],
  );
  t.is(
    new KernelModel(added).input({ source: '172.16.0.9', destination: '172.16.0.1', interface: 'bare0' })
      .verdict,
    'local',
  );
  const deleted = apply(added, 'ip addr del 172.16.0.1/24 dev bare0');
  t.deepEqual(deleted.addresses, node.addresses);
  t.deepEqual(deleted.routes4, node.routes4);
});

test('a listing of the main table alone gets no local routes: they follow from the addresses', (t) => {
  const main = { ...node, routes4: node.routes4!.filter((route) => route.table === 'main') };
  const added = apply(main, 'ip addr add 172.16.0.1/24 dev bare0');
  t.deepEqual(
    added.routes4!.map((route) => route.table),
    ['main', 'main', 'main', 'main'],
  );
  t.true(new KernelModel(added).hasAddress('172.16.0.1'));
});

test('an IPv6 address on a link without carrier waits for it, and has no local route until then', (t) => {
  const routes6 = [{ ...node.routes4![3]!, family: 6 as const, destination: '::1/128', prefsrc: null }];
  const links = node.links!.map((link) =>
    link.name === 'bare0' ? { ...link, flags: ['UP', 'NO-CARRIER'] } : link,
  );
  const types = (snapshot: Snapshot) =>
    snapshot.routes6!.map((r) => `${r.type} ${r.destination} ${r.flags.join()}`);
  const waiting = apply({ ...node, links, routes6 }, 'ip addr add fd00::1/64 dev bare0');
  t.deepEqual(waiting.addresses!.at(-1)!.flags, ['tentative']);
  t.deepEqual(types(waiting).slice(1), ['multicast ff00::/8 linkdown', 'unicast fd00::/64 linkdown']);
  const settled = apply({ ...node, links, routes6 }, 'ip addr add fd00::1/64 dev bare0 nodad');
  t.deepEqual(settled.addresses!.at(-1)!.flags, ['nodad']);
  t.true(types(settled).includes('local fd00::1/128 '));
});

test('what a snapshot does not tell is in order', (t) => {
  const bare = emptySnapshot('node1', null, '');
  t.is(apply(bare, 'ip rule add from 192.0.2.0/24 lookup 100').rules4!.length, 4);
  t.is(apply(bare, 'ip route add 192.0.2.0/24 via 198.51.100.1 dev eth0').routes4!.length, 1);
  const hop = apply(without('ip-route.json'), 'ip route add default via 10.100.0.1').routes4![0]!
    .nextHops[0]!;
  t.is(hop.interface, 'eth0.100', 'by the addresses, where no routes are known');
  t.throws(() => apply(bare, 'ip route add 192.0.2.0/24 via 198.51.100.1'), {
    message: /give the device with `dev`$/,
  });
  t.is(apply(bare, 'net.ipv4.conf.all.rp_filter=0').sysctl!.get('net.ipv4.conf.all.rp_filter'), '0');
});

const refused: [text: string, message: string, snapshot?: Snapshot][] = [
  [
    'ip route add default via 192.168.1.7',
    'File exists: 0.0.0.0/0 via 192.168.1.1 dev eth0 is there; use replace, append or another metric',
  ],
  [
    'ip route add 192.0.2.0/24 via 172.16.0.1 dev eth0.100',
    'Nexthop has invalid gateway: 172.16.0.1 is on no network that the node is on by eth0.100; name another, or add `onlink` with a device',
  ],
  [
    'ip route add 192.0.2.0/24 dev eth7',
    'Cannot find device "eth7": the node has lo, eth0, eth0.100, bare0, down0',
  ],
  ['ip route add 192.0.2.0/24 dev down0', 'Device for nexthop is not up: down0 is down'],
  [
    'ip route add 192.0.2.1/24 dev eth0',
    'Invalid prefix for given prefix length: write 192.0.2.0/24, or 192.0.2.1/32',
  ],
  [
    'ip route add 192.0.2.0/24 dev eth0 src 192.0.2.1',
    "Invalid prefsrc address: 192.0.2.1 is no address of the node's",
  ],
  [
    'ip route add 192.0.2.0/24 dev eth0 table vips',
    '"vips" is not a valid table ID: no route or rule of the node names it: give the number',
  ],
  ['ip route del 192.0.2.0/24', 'No such process: there is no such route to 192.0.2.0/24 in table main'],
  [
    'ip route change 192.0.2.0/24 dev eth0',
    'No such file or directory: there is no such route to 192.0.2.0/24 in table main',
  ],
  [
    'ip -6 route add 2001:db8::/32 via fd00::1',
    "Nexthop has invalid gateway: the node's routes are not known: give the device with `dev`",
  ],
  [
    'ip rule del from 192.0.2.0/24',
    'No such file or directory: the node has no such rule; it has those of priority 0, 32766, 32767',
  ],
  ['ip addr add 192.168.1.10/24 dev eth0', 'File exists: eth0 has 192.168.1.10/24; use replace'],
  ['ip addr del 192.168.1.11/24 dev eth0', 'Cannot assign requested address: eth0 has 192.168.1.10/24'],
  [
    'ip addr add 192.0.2.1/24 dev eth0',
    'an address where the others are not known is not modelled: record ip-addr.json (`ip -j addr show`) too',
    without('ip-addr.json'),
  ],
  [
    'net.ipv4.conf.all.rp_fliter=1',
    'cannot stat /proc/sys/net/ipv4/conf/all/rp_fliter: No such file or directory: there is rp_filter',
  ],
  [
    'net.ipv4.conf.eth7.rp_filter=1',
    'cannot stat /proc/sys/net/ipv4/conf/eth7/rp_filter: No such file or directory: the node has no interface eth7: it has lo, eth0, eth0.100, bare0, down0',
  ],
  [
    'net.ipv4.conf.eth0.rp_filter=strict',
    'setting key "net.ipv4.conf.eth0.rp_filter": Invalid argument: "strict" is not a whole number',
  ],
  [
    'net.ipv4.conf.eth0.mc_forwarding=1',
    'setting key "net.ipv4.conf.eth0.mc_forwarding": Permission denied: it is no setting: it cannot be written',
  ],
  [
    'net.ipv6.conf.eth0.disable_ipv6=1',
    'disable_ipv6, which makes and removes addresses, is not modelled: remove an address with `--add "NODE:ip addr del …"` and a route with `ip -6 route del`',
  ],
];

for (const [text, message, snapshot] of refused) {
  test(`refused: ${text}`, (t) => {
    const flag = text.startsWith('ip ') ? 'add' : 'set';
    const error = t.throws(() => apply(snapshot ?? node, text), { instanceOf: UsageError });
    t.is(error.message, `--${flag} '${text}': ${message}`);
  });
}

const pod = { ...emptySnapshot('node1', 'pod', ''), sysctl: new Map([['net.ipv4.conf.all.rp_filter', '0']]) };
const other = { ...pod, node: 'node2', netns: null };
const set = (text: string) => parseChange(text, 'set');

test('a change is for the node and namespace that it names', (t) => {
  const key = 'net.ipv4.conf.all.rp_filter';
  const all = [node, pod, other];
  const changed = (text: string) =>
    applyChanges(all, [set(text)]).snapshots.map((snapshot) => snapshot.sysctl!.get(key));
  t.deepEqual(changed(`node1:${key}=2`), ['2', '0', '0']);
  t.deepEqual(changed(`node1/pod:${key}=2`), ['1', '2', '0']);
  t.deepEqual(changed(`node2:${key}=2`), ['1', '0', '2']);
  t.is(applyChanges([node, pod], [set(`${key}=2`)]).snapshots[0]!.sysctl!.get(key), '2');
  t.is(applyChanges([pod], [set(`${key}=2`)]).snapshots[0]!.sysctl!.get(key), '2');
});

test('a change of no node, or of one that is not there', (t) => {
  const fails = (snapshots: Snapshot[], text: string) =>
    t.throws(() => applyChanges(snapshots, [set(text)]), { instanceOf: UsageError }).message;
  t.is(
    fails([node, other], 'net.ipv4.ip_forward=1'),
    "--set 'net.ipv4.ip_forward=1': of which node? Write one of node1, node2 and a colon before it",
  );
  t.is(
    fails([node, pod], 'node3:net.ipv4.ip_forward=1'),
    "--set 'node3:net.ipv4.ip_forward=1': no snapshot of node3: there is node1, node1/pod",
  );
  t.is(
    fails([], 'net.ipv4.ip_forward=1'),
    "--set 'net.ipv4.ip_forward=1': no snapshot to change: no node has one: give a bundle or a dump, not captures alone",
  );
});

test('notes tell what was, what comes with it, and what is assumed', (t) => {
  const note = (text: string, snapshot = node) => applyChanges([snapshot], [set(text)]).notes[0];
  t.is(note('node1:net.ipv4.conf.all.rp_filter=2'), 'node1: with net.ipv4.conf.all.rp_filter=2 (was 1)');
  t.is(note('node1:net.ipv4.conf.all.rp_filter=1'), 'node1: with net.ipv4.conf.all.rp_filter=1 (as it was)');
  t.is(
    note('net.ipv4.conf.all.rp_filter=2', without('sysctl.txt')),
    'node1: with net.ipv4.conf.all.rp_filter=2 (was not known)',
  );
  t.regex(
    note('net.ipv4.ip_forward=1')!,
    /\(was 0\), and with it net\.ipv4\.conf\.all\.forwarding, .*eth0\/100\.forwarding/,
  );
  t.is(
    note('net.ipv4.conf.default.rp_filter=0'),
    'node1: with net.ipv4.conf.default.rp_filter=0 (was 1); interfaces that are there keep theirs, but lo, bare0, down0, without an IPv4 address, would take it if nobody had ever set it there: taken as set',
  );
  const named = applyChange(node, parseChange('ip rule add lookup 200 pref 9', 'add'));
  const custom = {
    ...named,
    rules4: named.rules4!.map((rule) => (rule.priority === 9 ? { ...rule, table: 'vips' } : rule)),
  };
  t.is(
    applyChanges([custom], [parseChange('ip route add default dev eth0 table 7', 'add')]).notes[0],
    'node1: with ip route add default dev eth0 table 7; table 7 is taken to be none of vips',
  );
  t.notThrows(() => apply(custom, 'ip route add default dev eth0 table vips'));
});

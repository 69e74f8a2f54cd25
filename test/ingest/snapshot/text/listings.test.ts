import test from 'ava';
import fc from 'fast-check';
import { isSnapshotFile, readSnapshot } from '../../../../src/ingest/snapshot/snapshot.js';
import { InputError } from '../../../../src/model/errors.js';

const read = (files: Record<string, string>) => readSnapshot(new Map(Object.entries(files)), 'n', null, 'b');

const ROUTES = `default via 10.0.0.7 dev v0 proto dhcp metric 5 
blackhole 10.44.0.0/16 table 9 
10.9.0.0/16 
	nexthop via 10.0.0.7 dev v0 weight 3 
	nexthop via inet6 fe80::8 dev v1 weight 1 onlink 
local 10.0.0.1 dev v0 table local proto kernel scope host src 10.0.0.1 
fd00::/64 dev v0 proto kernel metric 256 pref medium
default dev v0 table 60 metric 1024 pref medium
`;

test('what was typed, prompts, fences and colours are passed over', (t) => {
  const expected = read({ 'ip-route.txt': ROUTES });
  t.deepEqual(expected.warnings, []);
  t.is(expected.routes4!.length, 4);
  t.deepEqual(
    expected.routes6!.map((route) => route.destination),
    ['fd00::/64', '::/0'],
  );
  for (const [before, after] of [
    ['# ip route show table all\n', ''],
    ['[root@node1 ~]# ip route show table all\n', '[root@node1 ~]# \n'],
    ['admin@node1:~$ sudo /sbin/ip route show table all\n', 'admin@node1:~$\n'],
    ['# ip route\n\n```\n', '```\n'],
    ['+ ip route show table all\n', ''],
    ['ip -d route show table all\n', ''],
  ]) {
    const { routes4, routes6 } = read({ 'ip-route.json': `${before}${ROUTES}${after}` });
    t.deepEqual({ routes4, routes6 }, { routes4: expected.routes4, routes6: expected.routes6 }, before);
  }
  t.deepEqual(
    read({ 'ip-route.txt': ROUTES.replaceAll('\n', '\r\n').replaceAll('v0', '\x1b[36mv0\x1b[0m') }).routes4,
    expected.routes4,
  );
  t.is(read({ 'ip-neigh.json': '$ ip -j neigh\n[{"dst":"10.0.0.1","dev":"a"}]\n' }).neighbours!.length, 1);
});

test('a long listing on one line', (t) => {
  const routes = Array.from({ length: 20_000 }, (_, i) => ({
    dst: `10.${i >> 8}.${i & 255}.0/24`,
    dev: 'a@b',
  }));
  t.is(read({ 'ip-route.json': JSON.stringify(routes) }).routes4!.length, routes.length);
});

test('a file with `.txt` for `.json` is the same file, and the one with `.json` goes before it', (t) => {
  t.true(isSnapshotFile('nstat-after.txt'));
  t.true(isSnapshotFile('ip-addr.txt'));
  t.false(isSnapshotFile('node.txt'));
  t.false(isSnapshotFile('kube/services.txt'));
  const both = read({ 'ip-route.json': '[]', 'ip-route.txt': ROUTES });
  t.deepEqual(both.routes4, []);
  t.deepEqual(both.warnings, ['b/ip-route.txt: passed over for b/ip-route.json']);
});

test('routes of the main table alone are said to be', (t) => {
  const { routes4, warnings } = read({ 'ip-route.txt': 'default via 10.0.0.7 dev v0 proto dhcp\n' });
  t.is(routes4![0]!.table, 'main');
  t.regex(warnings.join('\n'), /^b\/ip-route\.txt: the main table alone, .* `ip route show table all`$/);
});

test('routes: a family is told by addresses, by what one family alone prints, or by those before', (t) => {
  const destinations = (text: string, file = 'ip-route.txt') => {
    const { routes4, routes6 } = read({ [file]: text });
    return [routes4, routes6].map((routes) => routes?.map((route) => route.destination) ?? null);
  };
  t.deepEqual(destinations('default dev ppp0\n'), [['0.0.0.0/0'], null]);
  t.deepEqual(destinations('default dev ppp0\n', 'ip-route6.txt'), [null, ['::/0']]);
  t.deepEqual(destinations('default dev ppp0 scope link\n', 'ip-route6.txt'), [['0.0.0.0/0'], null]);
  t.deepEqual(destinations('default via inet6 fe80::1 dev a\n'), [['0.0.0.0/0'], null]);
  t.deepEqual(destinations('default \n\tnexthop via fe80::1 dev a weight 1\n'), [null, ['::/0']]);
  // As busybox prints both.
  t.deepEqual(destinations('10.0.0.0/8 dev a\nfd00::/64 dev a  metric 256\ndefault dev a  metric 9\n'), [
    ['10.0.0.0/8'],
    ['fd00::/64', '::/0'],
  ]);
});

test('routes: what an encapsulation says is not the route’s; clones of old kernels are none', (t) => {
  const { routes4, routes6 } = read({
    'ip-route.txt': `10.5.0.0/16  encap ip id 7 src 10.0.0.1 dst 10.0.0.3 ttl 5 tos 0 via 10.0.0.2 dev gre0 table 9 
10.6.0.0/16  encap mpls  100/200 via inet 10.0.0.7 dev v0 table 9 metric 3 
fd05::/64  encap seg6 mode encap segs 2 [ fc00::1 fc00::2 ] dev v0 metric 1024 pref medium
fe80::5 via fe80::5 dev v0  metric 0 
    cache  mtu 1400 advmss 1340 hoplimit 4294967295
`,
  });
  t.like(routes4![0], { destination: '10.5.0.0/16', prefsrc: null, table: '9' });
  t.like(routes4![0]!.nextHops[0], { gateway: '10.0.0.2', interface: 'gre0' });
  t.like(routes4![1], { metric: 3 });
  t.is(routes4![1]!.nextHops[0]!.gateway, '10.0.0.7');
  t.deepEqual(
    routes6!.map((route) => [route.destination, route.nextHops[0]!.interface]),
    [['fd05::/64', 'v0']],
  );
});

const BUSYBOX_ROUTES = `default via 10.0.0.7 dev v0  metric 5 
10.0.0.0/24 dev v0 scope link  src 10.0.0.1 
10.9.0.0/16 
local 10.0.0.1 dev v0 table local scope host  src 10.0.0.1 
local fd00::1 dev v0 table local  metric 0 
`;
const BUSYBOX_RULES = `0:	from all lookup local 
32762:	from 10.2.0.0/16 lookup unspec broadcast
32763:	from 10.2.0.0/16 lookup unspec unreachable
32764:	from 10.1.0.0/16 lookup unspec local
32765:	from 10.0.0.0/8 to 1.2.3.4 fwmark 0x1/0xff iif v0 lookup 100 
`;
const BUSYBOX_ADDRESSES = `2: v0@v1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue qlen 1000
    link/ether 9e:20:1e:5b:5a:63 brd ff:ff:ff:ff:ff:ff
    inet 10.0.0.2 peer 10.0.0.9/32 scope global v0
       valid_lft forever preferred_lft forever
    inet6 fd00::1/64 scope global flags 02 
       valid_lft forever preferred_lft forever
`;

test('busybox prints less, which is said', (t) => {
  const { routes4, routes6, rules4, addresses, links, neighbours, warnings } = read({
    'ip-addr.txt': BUSYBOX_ADDRESSES,
    'ip-route.txt': BUSYBOX_ROUTES,
    'ip-rule.txt': BUSYBOX_RULES,
    'ip-neigh.txt': '10.0.0.7 dev v0 lladdr 02:00:00:00:00:07 router used 0/0/0 probes 0 STALE,PERMANENT\n',
  });
  t.like(routes4![0], { metric: 5, protocol: null });
  t.is(routes4![1]!.prefsrc, '10.0.0.1');
  t.deepEqual(routes4![2]!.nextHops, []);
  t.is(routes4![3]!.protocol, 'kernel');
  t.is(routes6!.length, 1);
  t.regex(warnings[0]!, /^b\/ip-route\.txt: printed by busybox, which leaves much out/);
  t.regex(warnings[1]!, /^b\/ip-route\.txt: 1 routes have no next hop/);
  t.deepEqual(
    rules4!.map(({ action, table, unknown }) => [action, table, ...unknown]),
    [
      ['lookup', 'local'],
      ['nop', null],
      ['unreachable', null],
      ['lookup', null, 'goto_target'],
      ['lookup', '100'],
    ],
  );
  t.like(rules4![4], { from: '10.0.0.0/8', to: '1.2.3.4/32', fwmark: 1, fwmask: 0xff, iif: 'v0' });
  t.like(addresses![0], { address: '10.0.0.2', peer: '10.0.0.9', prefixLength: 32 });
  t.deepEqual(addresses![1]!.flags, ['nodad']);
  t.like(links![0], { ifindex: 2, name: 'v0', lower: 'v1', mac: '9e:20:1e:5b:5a:63', operState: 'UNKNOWN' });
  t.like(neighbours![0], { mac: '02:00:00:00:00:07', router: true });
  t.deepEqual(neighbours![0]!.states, ['STALE', 'PERMANENT']);
});

test('rules: selectors of iproute2 that no kernel here has', (t) => {
  const { rules4 } = read({
    'ip-rule.txt': `5:	from all sport 0x50/0xfff0 dport 443 lookup 9
6:	from all dscp AF11 tun_id 7 lookup 9 suppress_prefixlength 0
7:	not from 10.0.0.1 iif gone0 [detached] oif gone1 [detached] goto 9 [unresolved]
8:	from all lookup [l3mdev-table]
`,
  });
  t.deepEqual(
    rules4!.map(({ unknown }) => unknown),
    [['sport_mask "0xfff0"'], ['dscp "AF11"', 'tun_id 7'], [], ['l3mdev']],
  );
  t.like(rules4![1], { table: '9', suppressPrefixLength: 0, action: 'lookup' });
  t.like(rules4![2], { not: true, from: '10.0.0.1/32', iif: 'gone0', oif: 'gone1', gotoPriority: 9 });
  const masked = JSON.stringify([
    { priority: 5, src: 'all', sport: 80, sport_mask: '0xffff', table: '9' },
    { priority: 6, src: 'all', sport: 80, sport_mask: '0xfff0', table: '9' },
  ]);
  t.deepEqual(
    read({ 'ip-rule.json': masked }).rules4!.map(({ unknown }) => unknown),
    [[], ['sport_mask "0xfff0"']],
    'a mask of every bit selects what none does',
  );
});

test('links of kinds that need modules, with statistics', (t) => {
  const { links, addresses } = read({
    'ip-link.txt': `4: bond0: <BROADCAST,MULTICAST,MASTER,UP,LOWER_UP> mtu 9000 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 65535 
    bond mode 802.3ad miimon 100 updelay 0 downdelay 0 addrgenmode none numtxqueues 16 
    RX:  bytes packets errors dropped  missed   mcast           
       1234567    8901      0       0       0     321 
    TX:  bytes packets errors dropped carrier collsns           
       7654321    1098      0       0       0       0 
5: enp1s0f0: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 9000 xdp/id:12 qdisc mq master bond0 state UP mode DEFAULT group default qlen 1000
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff permaddr 52:54:00:12:34:57 promiscuity 0 minmtu 68 maxmtu 9710 
    bond_slave state ACTIVE mii_status UP link_failure_count 0 addrgenmode none 
    vf 0     link/ether 00:00:00:00:00:00 brd ff:ff:ff:ff:ff:ff, spoof checking on, link-state auto, trust off
    prog/xdp id 12 tag 3b185187f1855c4c jited 
    altname enp1s0f0np0
6: bond0.100@bond0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9000 qdisc noqueue state UP mode DEFAULT group default qlen 1000
    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff promiscuity 0 
    vlan protocol 802.1Q id 100 <REORDER_HDR> addrgenmode none 
7: tunl0@NONE: <NOARP,UP,LOWER_UP> mtu 1480 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/ipip 0.0.0.0 brd 0.0.0.0 promiscuity 0 
    ipip any remote any local any ttl inherit nopmtudisc numtxqueues 1 
8: wg0: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc noqueue state UNKNOWN mode DEFAULT group default qlen 1000
    link/none  promiscuity 0 
    wireguard addrgenmode none 
9: cali1@if3: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT group default 
    link/ether ee:ee:ee:ee:ee:ee brd ff:ff:ff:ff:ff:ff link-netns cni-1234 promiscuity 0 
    veth 
`,
    'ip-addr.txt': `5: enp1s0f0    inet 10.0.0.1/24 brd 10.0.0.255 scope global dynamic enp1s0f0\\       valid_lft 80sec preferred_lft 80sec
5: enp1s0f0    inet6 fe80::1/64 scope link \\       valid_lft forever preferred_lft forever
`,
  });
  const of = (name: string) => links!.find((link) => link.name === name);
  t.like(of('bond0'), { kind: 'bond', mtu: 9000 });
  t.like(of('enp1s0f0'), { kind: null, master: 'bond0', operState: 'UP' });
  t.like(of('bond0.100'), { kind: 'vlan', vlanId: 100, lower: 'bond0' });
  t.like(of('tunl0'), { kind: 'ipip', type: 'ipip', lower: null, mac: null });
  t.like(of('wg0'), { kind: 'wireguard', type: 'none', mac: null });
  t.like(of('cali1'), { kind: 'veth', lower: null });
  t.is(links!.length, 6);
  t.deepEqual(
    addresses!.map(({ interface: name, address, flags }) => [name, address, ...flags]),
    [
      ['enp1s0f0', '10.0.0.1', 'dynamic'],
      ['enp1s0f0', 'fe80::1'],
    ],
  );
  const alone = '3: eth0.5@eth0: <UP> mtu 1500 qdisc noqueue state UP\n    link/ether 52:54:00:12:34:56\n';
  t.like(read({ 'ip-link.txt': alone }).links![0], { name: 'eth0.5', lower: 'eth0' });
  t.is(read({ 'ip-addr.txt': '5: e    inet 10.0.0.1/24 scope global e\n' }).links, null);
});

test('a program of XDP: in the header of `ip link`, with its number in that of `ip addr`, an object by `-j`', (t) => {
  const header = (name: string, xdp: string) =>
    `2: ${name}: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 ${xdp}qdisc mq state UP mode DEFAULT group default qlen 1000
    link/ether 02:00:00:00:00:01 brd ff:ff:ff:ff:ff:ff promiscuity 0 minmtu 68 maxmtu 9216 addrgenmode eui64
${xdp === '' ? '' : '    prog/xdp id 42 name xdp_fw tag 3b185187f1855c4c jited\n'}`;
  for (const [xdp, hasXdp] of [
    ['', undefined],
    ['xdp ', true],
    ['xdpgeneric ', true],
    ['xdp/id:42 ', true],
    ['xdpoffload/id:42 ', true],
  ] as const) {
    const [link] = read({ 'ip-link.txt': header('eth0', xdp) }).links!;
    t.deepEqual([link!.hasXdp, link!.mtu, link!.kind], [hasXdp, 1500, null], xdp);
  }
  const listed = [{ ifindex: 2, ifname: 'eth0', xdp: { mode: 1, prog: { id: 42 } } }];
  t.true(read({ 'ip-link.json': JSON.stringify(listed) }).links![0]!.hasXdp);
});

test('routes whose encapsulation old iproute2 prints among their own fields', (t) => {
  const { routes4 } = read({
    'ip-route.json': `[{"dst":"192.168.11.0/24","encap":"ip6","id":0,"src":"::","dst":"fd00::2","hoplimit":0,"tc":0,"dev":"a","table":"9","flags":[]},
{"dst": "192.168.12.0/24", "encap": "ip", "id": 0, "src": "0.0.0.0", "dst": "10.0.0.3", "ttl": 0, "tos": 0, "tos": "0x10", "dev": "a", "flags": [ ]},
{"dst":"192.168.13.0/24","encap":"mpls","dst":"100/200","gateway":"10.0.0.2","dev":"a","flags":[]}]`,
  });
  t.deepEqual(
    routes4!.map(({ destination, tos }) => [destination, tos]),
    [
      ['192.168.11.0/24', 0],
      ['192.168.12.0/24', 0x10],
      ['192.168.13.0/24', 0],
    ],
  );
});

test('types without their key, as old iproute2 prints them', (t) => {
  const text =
    '[{"broadcast","dst":"10.0.0.255","dev":"a","table":"local","protocol":"kernel","scope":"link","flags":[]},{"dst":"default","dev":"a","flags":[]}]';
  const { routes4 } = read({ 'ip-route.json': text });
  t.deepEqual(
    routes4!.map((route) => route.type),
    ['broadcast', 'unicast'],
  );
  t.throws(() => read({ 'ip-route.json': text.slice(0, -9) }), { message: /not JSON.*cut off/ });
});

const ADDRESSES = `${BUSYBOX_ADDRESSES}5: e    inet 10.0.0.1/24 scope global e\\       valid_lft forever\n`;
const LISTINGS: Record<string, string> = {
  'ip-addr.txt': ADDRESSES,
  'ip-route.txt': ROUTES,
  'ip-rule.txt': BUSYBOX_RULES,
  'ip-neigh.txt': '10.0.0.7 dev v0 lladdr 02:00:00:00:00:07 router used 0/0/0 probes 0 STALE\n',
  'nstat-after.txt': 'IpInReceives                    15234              0.0\n',
};

test('a listing with something cut out is read, or is an error of one line', (t) => {
  const cut = fc.tuple(
    fc.constantFrom(...Object.keys(LISTINGS)),
    fc.nat(700),
    fc.integer({ min: 1, max: 700 }),
  );
  const isTold = fc.property(cut, ([name, from, length]) => {
    const text = LISTINGS[name]!;
    try {
      read({ [name]: text.slice(0, from) + text.slice(from + length) });
    } catch (error) {
      t.true(error instanceof InputError && !error.message.includes('\n'), String(error));
    }
  });
  fc.assert(isTold, { numRuns: 2000 });
  t.pass();
});

const damaged: [string, string, RegExp][] = [
  [
    'ip-route.txt',
    'bash: ip: command not found\n',
    /^b\/ip-route\.txt: line 1: not a route as `ip route` prints it: bash: ip/,
  ],
  [
    'ip-route.txt',
    '\n\tnexthop via 10.0.0.1 dev a weight 1\n',
    /line 2: goes on with a route whose first line is missing/,
  ],
  ['ip-route.txt', '10.0.0.0/8 dev a\nDump terminated\n', /line 2: not a route as/],
  [
    'ip-rule.txt',
    '0:	from all lookup local\nObject "rul" is unknown\n',
    /line 2: not a rule as `ip rule` prints it/,
  ],
  ['ip-route.txt', '10.0.0.0/8 dev a\ndefault via', /line 2: ends too early, behind "via"/],
  [
    'ip-addr.txt',
    '1: lo: <UP> mtu 9\n    inet 10.0.',
    /line 2: not an address as `ip addr` prints it: inet 10\.0\./,
  ],
  ['ip-rule.txt', '# ip rule\n', /names no rule/],
  ['ip-rule.txt', '7:	from 10.0.0.300 lookup 9\n', /line 1: "src" is no IPv4 address/],
  ['ip-rule.txt', '7:	from all fwmark x lookup 9\n', /line 1: "fwmark" is no number: "x"/],
  ['ip-addr.txt', 'Device "eth9" does not exist.\n', /line 1: not what `ip addr` or `ip link` prints/],
  ['ip-link.txt', '[root@node1 ~]# ip link\n', /names no interface/],
  ['ip-neigh.txt', 'Address HWtype HWaddress\n', /line 1: not a neighbour as `ip neigh` prints it/],
  ['nstat-after.txt', 'nstat: not found\n', /line 1: not a counter as `nstat` or `netstat -s` prints it/],
  ['sysctl.txt', '["net.ipv4.ip_forward"]', /not a JSON object of keys and values/],
  ['sysctl.txt', '{"net.ipv4":{"ip_forward":1}}', /"net\.ipv4" is no setting/],
];
for (const [name, text, message] of damaged) {
  test(`damaged: ${name}: ${text.slice(0, 40).trim()}`, (t) => {
    const error = t.throws(() => read({ [name]: text }), { instanceOf: InputError });
    t.regex(error!.message, message);
    t.false(error!.message.includes('\n'));
  });
}

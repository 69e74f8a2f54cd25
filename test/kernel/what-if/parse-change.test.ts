import test from 'ava';
import type { AddressChange, RouteChange, RuleChange } from '../../../src/kernel/what-if/change.js';
import { parseChange } from '../../../src/kernel/what-if/parse-change.js';
import { UsageError } from '../../../src/model/errors.js';

const rule = (text: string) => (parseChange(text, 'add') as RuleChange).rule;
const route = (text: string) => (parseChange(text, 'add') as RouteChange).route;
const address = (text: string) => (parseChange(text, 'add') as AddressChange).address;

test('a setting, with and without its node', (t) => {
  const plain = { kind: 'sysctl', key: 'net.ipv4.conf.all.rp_filter', value: '2' };
  t.like(parseChange('net.ipv4.conf.all.rp_filter=2', 'set'), { ...plain, node: null, netns: null });
  t.like(parseChange('node1:net.ipv4.conf.all.rp_filter=2', 'set'), { ...plain, node: 'node1', netns: null });
  t.like(parseChange('node1/pod-a:net.ipv4.conf.all.rp_filter = 2', 'set'), {
    ...plain,
    node: 'node1',
    netns: 'pod-a',
    text: 'node1/pod-a:net.ipv4.conf.all.rp_filter = 2',
  });
});

test('a node may have an odd name', (t) => {
  for (const node of ['2001:db8::1', 'net.example', 'ip-10-0-0-1', 'a:b', 'netbox', 'node 1']) {
    t.is(parseChange(`${node}:net.ipv4.ip_forward=1`, 'set').node, node);
    t.is(parseChange(`${node}:ip rule add from 192.0.2.0/24 lookup 100`, 'add').node, node);
  }
  t.is(parseChange('node1:sudo ip route add 2001:db8::/32 via fe80::1 dev net.1', 'add').node, 'node1');
});

test('the first separator of a key says which one separates its words', (t) => {
  const key = (text: string) => (parseChange(text, 'set') as { key: string }).key;
  t.is(key('net.ipv4.conf.eth0/100.rp_filter=1'), 'net.ipv4.conf.eth0/100.rp_filter');
  t.is(key('node1:net/ipv4/conf/eth0.100/rp_filter=1'), 'net.ipv4.conf.eth0/100.rp_filter');
});

test('rules in the words of iproute2', (t) => {
  t.like(rule('ip rule add from 1.2.3.0/24 lookup 100'), {
    family: 4,
    priority: null,
    not: false,
    from: '1.2.3.0/24',
    action: 'lookup',
    table: '100',
  });
  for (const word of ['pref', 'preference', 'prio', 'priority', 'order', 'o']) {
    t.is(rule(`ip ru a to 10/8 tab 254 ${word} 1000`).priority, 1000, word);
  }
  t.like(rule('sudo ip -6 rule add not from 2001:DB8::/32 iif eth0 oif lo table local'), {
    family: 6,
    not: true,
    from: '2001:db8::/32',
    iif: 'eth0',
    oif: 'lo',
    table: 'local',
  });
  t.like(
    rule('ip rule add fwmark 0x10/0xff dev eth1 dsfield 10 ipproto 6 sport 80 dport 8000-8080 uidrange 0-99'),
    {
      fwmark: 0x10,
      fwmask: 0xff,
      iif: 'eth1',
      tos: 0x10,
      ipProtocol: 'tcp',
      sourcePorts: [80, 80],
      destinationPorts: [8000, 8080],
      uidRange: [0, 99],
      table: 'main',
    },
  );
  t.like(rule('ip rule add fwmark 1 lookup main sup_pl 0 suppress_ifgroup 0 protocol static'), {
    fwmark: 1,
    fwmask: null,
    suppressPrefixLength: 0,
    suppressInterfaceGroup: 'default',
  });
  t.like(rule('ip rule add goto 500'), { action: 'goto', gotoPriority: 500, table: null });
  for (const type of ['prohibit', 'unreachable', 'blackhole', 'nop']) {
    t.like(rule(`ip rule add from all type ${type}`), { action: type, table: null, from: null });
  }
  t.like(rule('ip rule del pref 100'), { priority: 100, action: null, table: null });
  t.is(parseChange('ip rule delete pref 100', 'add').kind, 'rule');
});

test('routes in the words of iproute2', (t) => {
  t.like(route('ip route add default via 192.0.2.1'), {
    family: 4,
    destination: '0.0.0.0/0',
    table: null,
    scope: 'global',
    hop: { gateway: '192.0.2.1', interface: null, onlink: false, weight: 1 },
  });
  t.like(route('ip r a 192.0.2.7 dev eth0 proto static metric 50 src 192.0.2.9 mtu lock 1400 advmss 1300'), {
    destination: '192.0.2.7/32',
    scope: 'link',
    protocol: 'static',
    metric: 50,
    prefsrc: '192.0.2.9',
  });
  t.is(route('ip route add 10.0.0.0/255.0.0.0 dev eth0').destination, '10.0.0.0/8');
  t.like(route('ip route add default via fe80::1 dev eth0 from 2001:db8::/32 pref high'), {
    family: 6,
    destination: '::/0',
    from: '2001:db8::/32',
    preference: 'high',
  });
  t.like(route('ip route add 192.0.2.0/24 via inet6 fe80::1 dev eth0 onlink'), {
    family: 4,
    hop: { gateway: 'fe80::1', interface: 'eth0', onlink: true, weight: 1 },
  });
  t.like(route('ip route replace default nexthop via 192.0.2.1 weight 2 nexthop dev eth1 onlink'), {
    nextHops: [
      { gateway: '192.0.2.1', interface: null, onlink: false, weight: 2 },
      { gateway: null, interface: 'eth1', onlink: true, weight: 1 },
    ],
  });
  t.like(route('ip route add local 192.0.2.0/24 dev lo'), { type: 'local', table: 'local', scope: 'host' });
  t.like(route('ip route add unreach 192.0.2.0/24 table 100 tos 0x10'), { type: 'unreachable', tos: 0x10 });
  t.like(route('ip route del 192.0.2.0/24'), { type: null, scope: null, table: null, protocol: null });
  for (const [word, verb] of [
    ['a', 'add'],
    ['ap', 'append'],
    ['p', 'prepend'],
    ['r', 'replace'],
    ['c', 'change'],
    ['chg', 'change'],
    ['d', 'delete'],
  ]) {
    t.is(
      (parseChange(`ip -4 ro ${word} 192.0.2.0/24 dev eth0`, 'add') as RouteChange).verb,
      verb as RouteChange['verb'],
    );
  }
});

test('addresses in the words of iproute2', (t) => {
  t.like(address('ip addr add 192.0.2.1/24 brd + dev eth0 label eth0:1 valid_lft forever'), {
    family: 4,
    interface: 'eth0',
    address: '192.0.2.1',
    prefixLength: 24,
    exact: true,
    peer: null,
    broadcast: '192.0.2.255',
    scope: 'global',
    metric: 0,
    flags: [],
  });
  t.like(address('ip a a local 192.0.2.1 peer 198.51.100.1/30 dev ppp0 scope link metric 5 noprefixroute'), {
    prefixLength: 30,
    peer: '198.51.100.1',
    scope: 'link',
    metric: 5,
    flags: ['noprefixroute'],
  });
  t.like(address('ip address add 2001:DB8::1/64 dev eth0 nodad'), {
    family: 6,
    address: '2001:db8::1',
    flags: ['nodad'],
  });
  t.like(address('ip addr del 192.0.2.1 dev eth0'), { exact: false });
  t.is(address('ip addr add 127.0.0.2/8 dev lo').scope, 'host');
  t.is(address('ip addr add 192.0.2.1/31 brd + dev eth0').broadcast, null);
});

const SET = '; write NODE:KEY=VALUE, as node1:net.ipv4.conf.all.rp_filter=2';
const ADD = "; write 'NODE:ip …' or 'NODE:iptables …', as 'node1:ip rule add from 192.0.2.0/24 lookup 100'";
const errors: [kind: 'set' | 'add', text: string, message: string][] = [
  ['set', 'node1', `no sysctl${SET}`],
  ['set', 'node1:kernel.panic=1', `only sysctls of the network (net.) can be changed${SET}`],
  ['set', 'node1:net.ipv4.ip_forward', `no value: ${SET.slice(2)}`],
  ['set', 'node1:net.ipv4.ip_forward=', `no value: ${SET.slice(2)}`],
  ['set', 'node1:net.ipv4. conf=1', `"net.ipv4. conf" is no key: ${SET.slice(2)}`],
  ['set', '/pod:net.ipv4.ip_forward=1', `no name before the colon${SET}`],
  ['add', 'node1:route add default', `no ip or iptables command${ADD}`],
  [
    'add',
    'node1:ip link set eth0 down',
    'ip link is not modelled: what can be tried is ip route, ip rule and ip addr',
  ],
  [
    'add',
    'node1:ip route',
    'ip route alone changes nothing: use add, del, replace, change, append or prepend',
  ],
  ['add', 'node1:ip rule show', 'ip rule show is not modelled: use add or del'],
  [
    'add',
    'node1:ip route flush all',
    'ip route flush is not modelled: use add, del, replace, change, append or prepend',
  ],
  [
    'add',
    'node1:ip -n pod route add default dev eth0',
    "-n names a network namespace: write it with the node, as 'NODE/NETNS:ip …'",
  ],
  ['add', 'node1:ip -B route add default dev eth0', 'option -B is not modelled: use -4, -6 or -family'],
  ['add', 'ip rule add', '"ip rule add" requires arguments: as `from 192.0.2.0/24 lookup 100`'],
  [
    'add',
    'ip rule add from 1.2.3.0/33 lookup 100',
    'inet prefix is expected rather than "1.2.3.0/33": write one as 192.0.2.0/24, and IPv6 with `ip -6`',
  ],
  [
    'add',
    'ip rule add from fd00::/64 lookup 100',
    'Invalid source address: fd00::/64 is of the other family; write `ip -6 rule …` for a rule of IPv6',
  ],
  [
    'add',
    'ip rule add from 1.2.3.0/24 lookup',
    "Command line is not complete: a value is missing after 'lookup'",
  ],
  [
    'add',
    'ip rule add from 1.2.3.0/24 loookup 100',
    'argument "loookup" is wrong: Failed to parse rule type: a rule is written as `from 192.0.2.0/24 iif eth0 fwmark 0x1 lookup 100 priority 1000`',
  ],
  ['add', 'ip rule add dport 90-80', 'Invalid dport range: ports go from 1 to 65534, the lower one first'],
  [
    'add',
    'ip rule add l3mdev',
    'l3mdev is not modelled: use `from`, `to`, `iif`, `oif`, `fwmark`, `tos`, `ipproto`, `sport`, `dport` or `uidrange`',
  ],
  ['add', 'ip rule add pref high', 'argument "high" is wrong: "pref" takes a number up to 4294967295'],
  [
    'add',
    'ip route add via 192.0.2.1',
    'Command line is not complete: a destination is missing, as in `ip route add 192.0.2.0/24 via 198.51.100.1`',
  ],
  [
    'add',
    'ip route add default nhid 7',
    'a nexthop object (nhid) is not modelled: write its gateway and device out',
  ],
  ['add', 'ip route add default via 192.0.2.1 encap mpls 100', 'encap is not modelled: leave it out'],
  [
    'add',
    'ip route add default via 192.0.2.1 bogus',
    'either "to" is duplicate, or "bogus" is garbage: one destination, and then `via`, `dev`, `table`, …',
  ],
  [
    'add',
    'ip -6 route add default via 192.0.2.1',
    'inet6 address is expected rather than "192.0.2.1": write one as 2001:db8::/32',
  ],
  [
    'add',
    'ip route add default nexthop via 192.0.2.1 metric 5',
    '"nexthop" or end of line is expected instead of "metric": what is of the whole route stands before the first nexthop',
  ],
  [
    'add',
    'ip addr add 192.0.2.1/24',
    'Not enough information: "dev" argument is required: as `ip addr add 192.0.2.1/24 dev eth0`',
  ],
  [
    'add',
    'ip addr add fd00::1/64 brd + dev eth0',
    'Broadcast can be set only for IPv4 addresses: leave `broadcast` out',
  ],
];

for (const [kind, text, message] of errors) {
  test(`refused: --${kind} ${text}`, (t) => {
    const error = t.throws(() => parseChange(text, kind), { instanceOf: UsageError });
    t.is(error.message, `--${kind} '${text}': ${message}`);
  });
}

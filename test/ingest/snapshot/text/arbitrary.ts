/** `ip` commands that make a node of a fresh namespace; the kernel may refuse some of them. A tilde stands for a blank. */
import fc, { type Arbitrary } from 'fast-check';

/** Names that are words of the listings as well, and such as no one would choose. */
const DEVICES = [
  'a0',
  'a1',
  'b@c',
  'q"x',
  'dev',
  'via',
  'secondary',
  'dynamic',
  'inet',
  'cache',
  '.$+',
  'scope',
  'nexthop',
];
export const PAIRS = [
  ['a0', 'a1'],
  ['b@c', 'q"x'],
  ['dev', 'via'],
  ['secondary', 'dynamic'],
  ['inet', 'cache'],
  ['scope', 'nexthop'],
] as const;

const TABLES = ['main', 'local', 'default', '9', '100', '4000000000'];
const PROTOCOLS = ['boot', 'static', 'bird', 'kernel', '77'];

/** The words that are there, joined by blanks. */
const line = (...parts: (string | Arbitrary<string>)[]): Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.filter((part) => part !== '').join(' '));
const pick = (...items: readonly (string | number)[]): Arbitrary<string> =>
  fc.constantFrom(...items).map(String);
const maybe = (...parts: (string | Arbitrary<string>)[]): Arbitrary<string> =>
  fc.oneof(fc.constant(''), fc.constant(''), line(...parts));
const device = pick(...DEVICES);
const octet = fc.integer({ min: 1, max: 254 }).map(String);
const address4 = fc.tuple(pick(10, 172, 192), pick(0, 1), octet).map(([a, c, d]) => `${a}.16.${c}.${d}`);
const address6 = fc
  .tuple(pick('fd00', '2001:db8', 'fe80'), pick('', ':1'), octet)
  .map(([a, b, c]) => `${a}${b}::${c}`);
const mac = octet.map((last) => `02:00:5e:00:00:${Number(last).toString(16).padStart(2, '0')}`);
const prefix4 = fc.oneof(
  pick('default', '10.0.0.0/8', '10.16.0.0/16', '172.16.1.0/24', '0.0.0.0/1', '10.16.0.4/30'),
  address4,
);
const prefix6 = fc.oneof(pick('default', 'fd00::/8', 'fd00:1::/64', '2001:db8::/32', '::/1'), address6);

const link = fc.oneof(
  line(
    'link set dev',
    device,
    pick('down', 'up', 'arp off', 'promisc on', 'allmulticast on', 'mtu 1400', 'group 7'),
  ),
  line('link set dev', device, 'address', mac),
  line('link set dev', device, 'alias', pick('uplink', 'vxlan~id~9', 'to~\\~veth', '1:~lo:~<UP>')),
  line('link property add dev', device, 'altname', pick('a-rather-long-alternative-name', 'state')),
  line('link add name', pick('br0', 'master'), 'type bridge'),
  line('link set dev', device, 'master', pick('br0', 'master')),
  line(
    'link add link',
    device,
    'name',
    pick('a0.5', 'x@y', 'group'),
    'type vlan',
    maybe('protocol 802.1ad'),
    'id 5',
  ),
  line('link add link', device, 'name', pick('m0', 'm@1'), 'type', pick('macvlan', 'macvtap', 'ipvlan')),
  line(
    'link add name',
    pick('vx0', 'vx1'),
    'type vxlan id 42',
    maybe('dev', device),
    maybe('dstport', pick(4789, 8472)),
  ),
  line(
    'link add vx4 type vxlan id 7 local',
    address4,
    pick('remote 10.16.0.9', 'group 239.1.1.1 dev a0'),
    'dstport 0',
  ),
  line('link add vx6 type vxlan id 8 local', address6, 'remote fd00::77 dstport 4789'),
  line('link add vxe type vxlan external dstport 4790'),
  line(
    'link add name',
    pick('t0', 't1'),
    'type',
    pick('dummy', 'ifb', 'vrf table 9', 'gre remote 10.16.0.9', 'sit'),
  ),
  line('tuntap add dev', pick('tun0', 'tap0'), 'mode', pick('tun', 'tap')),
);

const lifetime = pick('', '', 'valid_lft 5000 preferred_lft 4000', 'valid_lft 5000 preferred_lft 0');
const address = fc.oneof(
  line(
    'addr add',
    address4,
    fc.oneof(
      pick('', '/8', '/24', '/30').map((length) => length && `peer 10.16.9.9${length}`),
      fc.constant(''),
    ),
    'dev',
    device,
    maybe('broadcast', pick('+', '-', '10.16.0.200')),
    maybe('scope', pick('link', 'host', 'site', '77')),
    maybe('metric', octet),
    lifetime,
    maybe('noprefixroute'),
  ),
  line(
    'addr add',
    fc.tuple(address4, pick(8, 24, 30, 32)).map(([a, length]) => `${a}/${length}`),
    fc.tuple(device, pick('1', 'up')).map(([name, label]) => `dev ${name} label ${name}:${label}`),
    lifetime,
  ),
  line(
    'addr add',
    fc.tuple(address6, pick(48, 64, 128)).map(([a, length]) => `${a}/${length}`),
    'dev',
    device,
    maybe('nodad'),
    maybe('home'),
    maybe('noprefixroute'),
    maybe('mngtmpaddr'),
    maybe('metric', octet),
    lifetime,
  ),
  line('addr add', address6, 'peer fd00::99/64 dev', device),
);

const hop4 = fc.oneof(
  octet.map((last) => `via 10.16.0.${last} dev a0`),
  line('via', fc.oneof(address4, line('inet6', address6)), 'dev', device, 'onlink'),
  line('dev', device),
);
const hop6 = fc.oneof(
  octet.map((last) => `via fe80::${last} dev a0`),
  line('via', address6, 'dev', device, 'onlink'),
);
const hops = (hop: Arbitrary<string>) =>
  fc
    .array(line('nexthop', hop, maybe('weight', pick(2, 255))), { minLength: 2, maxLength: 3 })
    .map((all) => all.join(' '));
const metrics = pick(
  '',
  '',
  'mtu lock 1400',
  'mtu 1300 rto_min 30ms',
  'advmss 900 congctl cubic',
  'features ecn',
);
const own = line(
  maybe('table', pick(...TABLES)),
  maybe('proto', pick(...PROTOCOLS)),
  maybe('metric', pick(1, 100, 4294967294)),
);

const nexthop = fc.oneof(
  line('nexthop replace id', pick(1, 2), 'via', address4, 'dev', device, 'onlink'),
  line('nexthop replace id', pick(5, 6), 'via', address6, 'dev', device, 'onlink'),
  line('nexthop replace id 3 group', pick('1', '1/2', '1,3/2,7', '5/6')),
  line('nexthop replace id 4 blackhole'),
);
const route = fc.oneof(
  {
    weight: 3,
    arbitrary: line(
      'route append',
      prefix4,
      hop4,
      own,
      maybe('src 10.16.0.1'),
      maybe('tos', pick('0x10', '0x04')),
      metrics,
    ),
  },
  { weight: 2, arbitrary: line('route append', prefix4, own, hops(line(hop4, maybe('realms 3/4')))) },
  line('route append', prefix4, 'dev', device, own, 'scope', pick('link', 'host', 'site', 'global', '77')),
  line('route append', pick('blackhole', 'unreachable', 'prohibit', 'throw'), prefix4, own),
  line('route append', pick('local', 'broadcast', 'multicast', 'unicast'), prefix4, 'dev', device, own),
  {
    weight: 2,
    arbitrary: line(
      '-6 route append',
      prefix6,
      pick('', 'from fd07::/16'),
      hop6,
      own,
      maybe('pref', pick('low', 'high')),
      maybe('expires 900'),
      metrics,
    ),
  },
  line('-6 route append', prefix6, 'dev', device, own, maybe('src fd00::1')),
  line('-6 route append', prefix6, own, hops(hop6)),
  line('-6 route append', pick('blackhole', 'unreachable', 'prohibit', 'throw'), prefix6, own),
  line('-6 route append', pick('local', 'anycast', 'multicast'), prefix6, 'dev', device, own),
  line('-6 route append', prefix6, 'encap seg6 mode encap segs fc00::1,fc00::2 dev', device, own),
  line('route append', prefix4, 'nhid', pick(1, 2, 3, 4), own),
  line('-6 route append', prefix6, 'nhid', pick(4, 5, 6, 3), own),
);

const selectors = (address: Arbitrary<string>, prefix: Arbitrary<string>) =>
  line(
    maybe('not'),
    fc.oneof(
      fc.constant('from all'),
      line(
        'from',
        fc.oneof(
          address,
          prefix.map((p) => p.replace('default', 'all')),
        ),
      ),
    ),
    maybe('to', address),
    maybe('tos', pick('0x10', '0x04')),
    maybe('fwmark', pick('7', '0x100/0xff00', '0/0x8')),
    maybe('iif', fc.oneof(device, pick('gone0', 'lo'))),
    maybe('oif', fc.oneof(device, pick('gone1'))),
    maybe('uidrange', pick('0-10', '1000-1000')),
    maybe('ipproto', pick('tcp', 'udp', 'icmp', '99')),
    maybe('sport', pick('80', '100-200')),
    maybe('dport', pick('443', '1-65534')),
    maybe('tun_id', pick(5, 7)),
  );
const action = fc.oneof(
  {
    weight: 3,
    arbitrary: line(
      'lookup',
      pick(...TABLES),
      maybe('suppress_prefixlength', pick(0, 16)),
      maybe('suppress_ifgroup', pick('7', 'default')),
      maybe('realms 3/4'),
    ),
  },
  line('goto', pick(32766, 40000)),
  pick('nop', 'unreachable', 'blackhole', 'prohibit', 'l3mdev'),
);
const rule = fc.oneof(
  line(
    'rule add',
    selectors(address4, prefix4),
    maybe('priority', pick(1, 100, 39999)),
    maybe('protocol static'),
    action,
  ),
  line('-6 rule add', selectors(address6, prefix6), maybe('priority', pick(1, 100, 39999)), action),
);

const neighbour = line(
  'neigh replace',
  fc.oneof(address4, address6),
  'lladdr',
  mac,
  'dev',
  device,
  'nud',
  // The others turn into one another by themselves.
  pick('permanent', 'noarp'),
  maybe('router'),
  maybe('extern_learn'),
  maybe('protocol', pick('zebra', '77')),
);

// Bias makes most lists short.
const list = (one: Arbitrary<string>, maxLength: number) =>
  fc.noBias(fc.array(one, { maxLength, size: 'max' }));

/** In an order in which most of them can be carried out. */
export const node: Arbitrary<string[]> = fc
  .tuple(
    list(link, 16),
    list(address, 14),
    list(nexthop, 10),
    list(route, 24),
    list(rule, 20),
    list(neighbour, 6),
  )
  .map((all) => all.flat());

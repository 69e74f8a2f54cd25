import fc, { type Arbitrary } from 'fast-check';
import type { Question, Scenario } from './scenario.js';

export const DEVICES = ['a0', 'b0', 'a1', 'b1', 'a2.7', 'b2'];

/** What configurations and questions are put together from: few enough that they meet. */
interface Ground {
  version: 4 | 6;
  addresses: readonly string[];
  odd: readonly string[];
  prefixes: readonly string[];
  lengths: readonly number[];
}

const IPV4: Ground = {
  version: 4,
  addresses: [
    '10.0.0.1',
    '10.0.0.2',
    '10.0.0.9',
    '10.0.0.255',
    '10.0.1.1',
    '10.0.1.7',
    '10.0.2.1',
    '10.0.2.200',
    '10.0.3.3',
    '10.9.0.4',
    '192.168.1.1',
    '192.168.1.20',
    '172.16.5.5',
    '8.8.8.8',
  ],
  odd: [
    '10.0.1.255',
    '0.0.0.0',
    '0.0.0.7',
    '127.0.0.1',
    '127.5.5.5',
    '240.0.0.3',
    '255.255.255.255',
    '224.0.0.1',
    '224.0.0.9',
    '239.1.2.3',
  ],
  prefixes: [
    '10.0.0.0/8',
    'default',
    '10.0.0.0/16',
    '10.0.0.0/24',
    '10.0.0.0/30',
    '10.0.1.0/24',
    '10.0.2.0/24',
    '10.0.2.128/25',
    '10.0.3.3/32',
    '192.168.0.0/16',
    '192.168.1.20/32',
    '172.16.0.0/12',
    '8.0.0.0/7',
    '128.0.0.0/1',
  ],
  lengths: [24, 24, 24, 30, 32, 16],
};

const IPV6: Ground = {
  version: 6,
  addresses: [
    'fd00::1',
    'fd00::2',
    'fd00:1::1',
    'fd00:1::5',
    'fd00:2::9',
    'fd09::1',
    '2001:db8::5',
    'fe80::77',
  ],
  // None that ip6_rcv_core() drops: `ip route get` does not go through it.
  odd: ['fe80::1'],
  prefixes: [
    'fd00::/8',
    'default',
    'fd00::/16',
    'fd00::/64',
    'fd00:1::/64',
    'fd00:1::5/128',
    'fd00:2::/48',
    '2001:db8::/32',
  ],
  lengths: [64, 64, 128, 48],
};

/** `line` that percentage of the time, else nothing; nothing is the simpler of the two. */
const sometimes = (percent: number, line: Arbitrary<string>): Arbitrary<string> =>
  fc.oneof(
    { withCrossShrink: true },
    { weight: 100 - percent, arbitrary: fc.constant('') },
    { weight: percent, arbitrary: line },
  );
const pick = (items: readonly string[], before = ''): Arbitrary<string> =>
  fc.constantFrom(...items).map((item) => before + item);
/** The parts that are there, joined by blanks. */
const words = (...parts: (string | Arbitrary<string>)[]): Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.filter((text) => text !== '').join(' '));
const several = <T>(item: Arbitrary<T>, most: number) => fc.array(item, { maxLength: most, size: 'max' });

/** All of them up, or all but one: a peer of one that is down has no carrier. */
const links: Arbitrary<string[]> = fc
  .constantFrom(...DEVICES.map(() => null), ...DEVICES)
  .map((down) => [
    ...[0, 2, 4].map((i) => `link add name ${DEVICES[i]} type veth peer name ${DEVICES[i + 1]}`),
    'link set dev lo up',
    ...DEVICES.filter((name) => name !== down).map((name) => `link set dev ${name} up`),
  ]);

function address({ version, addresses, lengths }: Ground): Arbitrary<string> {
  const device = pick([...DEVICES, 'lo'], 'dev ');
  const own = pick(addresses);
  const prefixed = fc.tuple(own, fc.constantFrom(...lengths)).map((pair) => pair.join('/'));
  if (version === 6) return words('addr add', prefixed, device, 'nodad');
  const plain = words('addr add', prefixed, device, sometimes(10, fc.constant('scope link')));
  const pointToPoint = words('addr add', own, pick(addresses, 'peer '), device);
  return fc.oneof({ weight: 9, arbitrary: plain }, { weight: 1, arbitrary: pointToPoint });
}

const NEXT_HOP_OBJECTS = ['1', '2', '3', '4', '5'];

/** Objects of `ip nexthop`, groups of them behind those that they are made of. */
function nextHopObject(ground: Ground): Arbitrary<string> {
  const id = pick(NEXT_HOP_OBJECTS.slice(0, 3), 'nexthop add id ');
  const hop = fc.oneof(pick(DEVICES, 'dev '), words(pick(ground.addresses, 'via '), pick(DEVICES, 'dev ')));
  const single = words(id, hop, sometimes(70, fc.constant('onlink')));
  const blackhole = words(id, 'blackhole');
  return fc.oneof({ weight: 9, arbitrary: single }, { weight: 1, arbitrary: blackhole });
}
const nextHopGroup = words(
  pick(NEXT_HOP_OBJECTS.slice(3), 'nexthop add id '),
  pick(['1/2', '1', '2,3/3', '1,9/3', '2/3'], 'group '),
);

function nextHop({ version, addresses }: Ground): Arbitrary<string> {
  const device = pick(DEVICES, 'dev ');
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 35, arbitrary: device },
    { weight: 60, arbitrary: words(pick(addresses, 'via '), device) },
    ...(version === 4 ? [{ weight: 5, arbitrary: words('via inet6 fe80::9', device) }] : []),
  );
}

function route(ground: Ground): Arbitrary<string> {
  const { version, addresses, prefixes } = ground;
  const verb = fc.constantFrom(...Array.from({ length: 9 }, () => 'route add'), 'route append');
  const destination = pick(prefixes);
  const table = pick(['main', 'main', 'default', '100', '101', '102'], 'table ');
  const metric = sometimes(30, pick(['1', '10', '20'], 'metric '));
  const is4 = version === 4;
  const tos = sometimes(is4 ? 6 : 0, fc.constant('tos 0x10'));
  const from = sometimes(
    is4 ? 0 : 20,
    pick(
      prefixes.filter((p) => p !== 'default'),
      'from ',
    ),
  );
  const source = sometimes(10, pick(addresses, 'src '));
  const preference = sometimes(is4 ? 0 : 15, pick(['low', 'high'], 'pref '));
  const hop = words(nextHop(ground), sometimes(70, fc.constant('onlink')));
  const error = pick(['throw', 'unreachable', 'prohibit', 'blackhole']);
  const anywhere = pick([...DEVICES, 'lo'], 'dev ');
  const shapes: [number, Arbitrary<string>][] = [
    [45, words(verb, tos, destination, hop, table, metric, from, source, preference)],
    [20, words(verb, destination, table, metric, source, words('nexthop', hop), words('nexthop', hop))],
    [22, words(verb, error, destination, tos, table, metric, from)],
    [6, words(verb, 'local', destination, anywhere, pick(['local', 'main', '100'], 'table '))],
    [6, words(verb, destination, table, metric, pick(NEXT_HOP_OBJECTS, 'nhid '))],
    [is4 ? 4 : 0, words(verb, 'broadcast', destination, pick(DEVICES, 'dev '), table)],
  ];
  return fc.oneof(
    ...shapes.filter(([weight]) => weight > 0).map(([weight, arbitrary]) => ({ weight, arbitrary })),
  );
}

/** What did not answer to neighbour discovery. */
function failedNeighbour({ addresses }: Ground): Arbitrary<string> {
  return words(pick(addresses, 'neigh replace '), pick(DEVICES, 'dev '), 'nud failed');
}

function rule({ version, addresses, prefixes }: Ground): Arbitrary<string> {
  const selector = pick([...addresses, ...prefixes.filter((prefix) => prefix !== 'default')]);
  const action = fc.oneof(
    { weight: 76, arbitrary: words(lookup, suppression) },
    { weight: 12, arbitrary: pick(['prohibit', 'blackhole', 'unreachable']) },
    { weight: 12, arbitrary: pick(['goto 50', 'goto 70', 'goto 77', 'nop']) },
  );
  const transport = [
    sometimes(6, pick(['tcp', 'udp'], 'ipproto ')),
    sometimes(5, pick(['80', '50-100'], 'dport ')),
    sometimes(5, fc.constant('sport 1000-2000')),
    sometimes(4, pick(['0-0', '5-10'], 'uidrange ')),
  ];
  return words(
    pick(['10', '20', '30', '40', '50', '60', '70', '32766'], 'rule add pref '),
    sometimes(12, fc.constant('not')),
    sometimes(40, words('from', selector)),
    sometimes(30, words('to', selector)),
    sometimes(25, pick([...DEVICES, 'lo', 'gone0'], 'iif ')),
    sometimes(8, pick(DEVICES, 'oif ')),
    sometimes(25, pick(['1', '2', '0x100/0x100', '0/0xff'], 'fwmark ')),
    sometimes(6, fc.constant('tos 0x10')),
    sometimes(4, pick(['5', '6'], 'tun_id ')),
    // `ip -6 route get iif` takes protocol and user as they are told, where a packet is dissected and has none.
    ...(version === 4 ? transport : []),
    action,
  );
}
const lookup = pick(['main', 'local', '100', '101', '102', '103'], 'lookup ');
const suppression = sometimes(
  15,
  pick(['suppress_prefixlength 0', 'suppress_prefixlength 16', 'suppress_ifgroup 0']),
);

/** `ip_forward` comes first, for it sets `forwarding` of every interface. */
const settings: Arbitrary<[string, number][]> = fc
  .tuple(
    fc.constantFrom(1, 1, 1, 1, 0),
    fc.constantFrom(1, 1, 1, 1, 0),
    fc.constantFrom(0, 0, 0, 1, 2),
    several(interfaceSetting(), 40),
  )
  .map(([forward4, forward6, all, own]) => [
    ['net.ipv4.ip_forward', forward4],
    ['net.ipv6.conf.all.forwarding', forward6],
    ['net.ipv4.conf.all.rp_filter', all],
    ...own,
  ]);

function interfaceSetting(): Arbitrary<[string, number]> {
  const flag = fc.integer({ min: 0, max: 1 });
  const kinds: [number, string, Arbitrary<number>][] = [
    [40, 'net.ipv4.conf.*.rp_filter', fc.integer({ min: 0, max: 2 })],
    [10, 'net.ipv4.conf.*.accept_local', flag],
    [12, 'net.ipv4.conf.*.src_valid_mark', flag],
    [10, 'net.ipv4.conf.*.route_localnet', flag],
    [10, 'net.ipv4.conf.*.ignore_routes_with_linkdown', flag],
    [8, 'net.ipv4.conf.*.bc_forwarding', flag],
    [20, 'net.ipv4.conf.*.send_redirects', flag],
    [10, 'net.ipv4.conf.*.forwarding', flag],
    [10, 'net.ipv6.conf.*.ignore_routes_with_linkdown', flag],
    [2, 'net.ipv6.conf.*.disable_ipv6', flag],
    [6, 'net.ipv6.conf.*.use_oif_addrs_only', flag],
  ];
  const names = fc.constantFrom('all', ...DEVICES, ...DEVICES, 'lo');
  return fc.oneof(
    ...kinds.map(([weight, key, value]) => ({
      weight,
      arbitrary: fc
        .tuple(names, value)
        // `all.forwarding` would set every interface anew.
        .filter(([name]) => name !== 'all' || !/forwarding$/.test(key) || /bc_/.test(key))
        .map(([name, v]): [string, number] => [key.replace('*', name.replaceAll('.', '/')), v]),
    })),
  );
}

/** A number stands for one of the addresses that the node was given, which are known only with all of it. */
type Unresolved = Omit<Question, 'to' | 'from'> & { to: string | number; from: string | number | null };

function question(ground: Ground): Arbitrary<Unresolved> {
  const own = fc.nat(4);
  const someAddress = fc.oneof(
    { weight: 70, arbitrary: fc.constantFrom(...ground.addresses) },
    { weight: 22, arbitrary: own },
    { weight: 8, arbitrary: fc.constantFrom(...ground.odd) },
  );
  const details = {
    to: someAddress,
    mark: fc.constantFrom(0, 1, 2, 0x101),
    tos: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0x10),
    protocol: fc.constantFrom('udp', 'tcp'),
    sourcePort: fc.constantFrom(1500, 3000),
    destinationPort: fc.constantFrom(80, 443),
  };
  const received = fc.record({
    ...details,
    from: someAddress,
    iif: fc.constantFrom(...DEVICES),
    oif: fc.constant(null),
  });
  const sent = fc.record({
    ...details,
    from: fc.oneof(
      { weight: 55, arbitrary: fc.constant(null) },
      { weight: 38, arbitrary: own },
      { weight: 7, arbitrary: someAddress },
    ),
    iif: fc.constant(null),
    oif: fc.oneof(
      { weight: 70, arbitrary: fc.constant(null) },
      { weight: 30, arbitrary: fc.constantFrom(...DEVICES) },
    ),
  });
  return fc.oneof({ weight: 70, arbitrary: received }, { weight: 30, arbitrary: sent });
}

/** @param questions the most that are asked of one configuration; half as many on average */
export function scenario(questions: number): Arbitrary<Scenario> {
  return fc.oneof(
    { weight: 70, arbitrary: scenario4(questions) },
    { weight: 30, arbitrary: scenarioOn(IPV6, questions) },
  );
}

/** The same for IPv4 alone. */
export function scenario4(questions: number): Arbitrary<Scenario> {
  return scenarioOn(IPV4, questions);
}

function scenarioOn(ground: Ground, questions: number): Arbitrary<Scenario> {
  return fc.noBias(
    fc
      .record({
        links,
        settings,
        addresses: several(address(ground), 5),
        objects: several(nextHopObject(ground), 3),
        groups: several(nextHopGroup, 2),
        routes: several(route(ground), 16),
        neighbours: several(failedNeighbour(ground), ground.version === 6 ? 3 : 0),
        rules: fc.oneof(
          { weight: 35, arbitrary: fc.constant<string[]>([]) },
          { weight: 65, arbitrary: several(rule(ground), 8) },
        ),
        questions: several(question(ground), questions),
      })
      .map(({ links, settings, addresses, objects, groups, routes, neighbours, rules, questions }) => ({
        family: ground.version,
        links,
        settings,
        commands: [...addresses, ...objects, ...groups, ...localLast(routes), ...neighbours, ...rules],
        questions: questions.map((q) =>
          resolve(q, addresses.length > 0 ? addresses : [ground.addresses[0]!]),
        ),
      })),
  );
}

/** @param given `addr add ADDRESS…` */
function resolve(q: Unresolved, given: readonly string[]): Question {
  const address = (value: string | number) =>
    typeof value === 'string' ? value : given[value % given.length]!.replace(/^addr add |[/ ].*/g, '');
  return { ...q, to: address(q.to), from: q.from === null ? null : address(q.from) };
}

/**
 * A gateway that such a route makes the node's own, when it is added, is no gateway ever after: a past that no
 * snapshot tells.
 */
function localLast(routes: readonly string[]): string[] {
  const isLocal = (line: string) => / local /.test(line);
  return [...routes.filter((line) => !isLocal(line)), ...routes.filter(isLocal)];
}

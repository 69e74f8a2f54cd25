import fc, { type Arbitrary } from 'fast-check';

/** Random `ip` and `sysctl` commands, over so few devices, addresses and tables that they meet. */
const DEVICES = ['a0', 'b0', 'a1', 'b1.5', 'lo'];

interface Ground {
  version: 4 | 6;
  own: readonly string[];
  gateways: readonly string[];
  prefixes: readonly string[];
  lengths: readonly number[];
}

const IPV4: Ground = {
  version: 4,
  own: ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.1.1', '10.0.1.9', '10.1.0.1', '192.168.1.1'],
  gateways: [
    '10.0.0.9',
    '10.0.0.9',
    '10.0.1.7',
    '10.0.0.1',
    '10.1.2.3',
    '192.168.1.20',
    '10.0.0.255',
    '8.8.8.8',
  ],
  prefixes: [
    'default',
    '10.0.0.0/8',
    '10.0.0.0/24',
    '10.0.1.0/24',
    '10.0.1.0/25',
    '192.168.1.20',
    '172.16.0.0/12',
    '10.0.0.0/24',
    '10.0.0.1/24',
  ],
  lengths: [24, 24, 24, 25, 30, 31, 32, 16],
};
const IPV6: Ground = {
  version: 6,
  own: ['fd00::1', 'fd00::2', 'fd00:1::1', 'fd00:1::9', 'fd02::1', 'fe80::55'],
  gateways: ['fd00::9', 'fd00::9', 'fd00:1::7', 'fd00::1', 'fe80::9', 'fe80::55', 'fd02::5', '2001:db8::1'],
  prefixes: ['default', 'fd00::/16', 'fd00::/64', 'fd00:1::/64', 'fd00:2::/48', '2001:db8::/32', 'fd00::7'],
  lengths: [64, 64, 64, 128, 48, 127],
};

const pick = (items: readonly (string | number)[], before = ''): Arbitrary<string> =>
  fc.constantFrom(...items).map((item) => `${before}${item}`);
const sometimes = (percent: number, text: Arbitrary<string>): Arbitrary<string> =>
  fc.oneof({ weight: 100 - percent, arbitrary: fc.constant('') }, { weight: percent, arbitrary: text });
const words = (...parts: (string | Arbitrary<string>)[]): Arbitrary<string> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((texts) => texts.filter((text) => text !== '').join(' '));
const oneOf = (...choices: [weight: number, text: Arbitrary<string>][]): Arbitrary<string> =>
  fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));

const device = pick([...DEVICES.slice(0, 4), ...DEVICES], 'dev ');
const TABLES = ['main', 'main', 'main', '100', '101', 'local', 'default'];
const table = sometimes(50, pick(TABLES, 'table '));
const metric = sometimes(30, pick([0, 1, 10, 256, 1024], 'metric '));

/** `ip` commands that make the devices of a fresh namespace: one down, and its peer so without a carrier. */
export const SETUP: readonly string[] = [
  'link add name a0 type veth peer name b0',
  'link add name a1 type veth peer name b1.5',
  'link set dev lo up',
  'link set dev a0 up',
  'link set dev b0 up',
  'link set dev a1 up',
];

function addressCommand(ground: Ground): Arbitrary<string> {
  const { version, own, lengths } = ground;
  const prefixed = fc.tuple(pick(own), fc.constantFrom(...lengths)).map((pair) => pair.join('/'));
  const verb = pick(['add', 'add', 'add', 'add', 'replace', 'del', 'del', 'del', 'change']);
  const local = oneOf(
    [9, prefixed],
    [1, pick(own)],
    [1, words(pick(own), pick(own, 'peer '))],
    [1, words(pick(own), 'peer', prefixed)],
  );
  const broadcast = version === 4 ? sometimes(25, pick(['brd +', 'broadcast -', 'brd 10.0.0.200'])) : '';
  const scope = version === 4 ? sometimes(10, pick(['scope link', 'scope host'])) : '';
  const nodad = version === 6 ? sometimes(30, fc.constant('nodad')) : '';
  return words(
    `ip -${version} addr`,
    verb,
    local,
    broadcast,
    device,
    scope,
    nodad,
    sometimes(10, fc.constant('noprefixroute')),
    sometimes(15, pick([0, 50, 100], 'metric ')),
  );
}

function nextHop({ version, gateways }: Ground): Arbitrary<string> {
  const via = pick(gateways, 'via ');
  const through = words(via, sometimes(60, device), sometimes(25, fc.constant('onlink')));
  const other = version === 4 ? words('via inet6 fe80::9', sometimes(80, device)) : through;
  return oneOf([35, device], [60, through], [3, other]);
}

function routeCommand(ground: Ground): Arbitrary<string> {
  const { version, own, prefixes } = ground;
  const verb = pick(['add', 'add', 'add', 'append', 'prepend', 'replace', 'change', 'del', 'del', 'del']);
  const tos = version === 4 ? sometimes(8, pick(['tos 0x10', 'dsfield 8', 'tos AF11', 'tos 1'])) : '';
  const protocol = sometimes(15, pick(['static', 'boot', 'kernel', '77'], 'proto '));
  const source = sometimes(12, pick(own, 'src '));
  const from = version === 6 ? sometimes(8, pick(prefixes.slice(1), 'from ')) : '';
  const scope = version === 4 ? sometimes(6, pick(['link', 'global', 'host', 'nowhere'], 'scope ')) : '';
  const error = pick(['unreachable', 'prohibit', 'blackhole', 'throw']);
  const several = fc
    .array(words(nextHop(ground), sometimes(25, pick([1, 2, 7], 'weight '))), { minLength: 1, maxLength: 3 })
    .map((hops) => hops.map((hop) => `nexthop ${hop}`).join(' '));
  const head = `ip -${version} route`;
  return oneOf(
    [
      60,
      words(head, verb, tos, pick(prefixes), nextHop(ground), table, metric, protocol, source, from, scope),
    ],
    [10, words(head, verb, pick(prefixes), table, metric, protocol)],
    [10, words(head, verb, error, tos, pick(prefixes), sometimes(10, device), table, metric, protocol)],
    [
      4,
      words(
        head,
        verb,
        pick(version === 4 ? ['local', 'broadcast', 'unicast'] : ['local', 'unicast']),
        pick(prefixes),
        device,
        table,
        metric,
        scope,
      ),
    ],
    [16, words(head, verb, pick(prefixes), table, metric, source, several)],
  );
}

function ruleCommand({ version, own, prefixes }: Ground): Arbitrary<string> {
  const verb = pick(['add', 'add', 'add', 'del']);
  const selector = pick([...own, ...prefixes]);
  const action = oneOf(
    [60, words('lookup', pick(['main', 'local', '100', '101', 'default', '254']))],
    [5, pick(['prohibit', 'blackhole', 'unreachable', 'nop'])],
    [8, pick(['goto 50', 'goto 20000', 'goto 32766'])],
    [10, fc.constant('')],
  );
  return words(
    `ip -${version} rule`,
    verb,
    sometimes(8, fc.constant('not')),
    sometimes(40, words('from', selector)),
    sometimes(25, words('to', selector)),
    sometimes(15, pick(['a0', 'b1.5', 'lo', 'gone'], 'iif ')),
    sometimes(6, pick(['a0', 'gone'], 'oif ')),
    sometimes(15, pick(['1', '0x2/0xf', '0/0xff', '0', '5/0'], 'fwmark ')),
    sometimes(8, pick(['0x10', '8', '0x20', 'CS5', '3'], 'tos ')),
    sometimes(6, pick(['tcp', 'udp', '17', '47', 'icmp'], 'ipproto ')),
    sometimes(5, pick(['80', '50-100', '100-50', '1-65535', '0'], 'dport ')),
    sometimes(4, pick(['0-0', '5-10'], 'uidrange ')),
    sometimes(50, pick([0, 10, 50, 100, 1000, 32766, 32767], 'pref ')),
    action,
    sometimes(8, pick(['suppress_prefixlength 0', 'sup_pl 16', 'suppress_ifgroup 0'])),
  );
}

const SETTINGS4 = [
  'rp_filter',
  'forwarding',
  'ignore_routes_with_linkdown',
  'accept_local',
  'log_martians',
  'promote_secondaries',
  'promote_secondaries',
  'mc_forwarding',
];
const SETTINGS6 = [
  'forwarding',
  'forwarding',
  'ignore_routes_with_linkdown',
  'accept_ra',
  'force_forwarding',
  'disable_policy',
];

const NAMES = ['all', 'all', 'default', 'a0', 'b0', 'a1', 'b1/5', 'lo', 'gone'];
const sysctlCommand: Arbitrary<string> = oneOf(
  [
    3,
    fc
      .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...SETTINGS4), fc.constantFrom(0, 1, 1, 2))
      .map(([name, setting, value]) => `sysctl -w net.ipv4.conf.${name}.${setting}=${value}`),
  ],
  [
    2,
    fc
      .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...SETTINGS6), fc.constantFrom(0, 1, 1))
      .map(([name, setting, value]) => `sysctl -w net.ipv6.conf.${name}.${setting}=${value}`),
  ],
  [1, pick([0, 1, 2, 'yes'], 'sysctl -w net.ipv4.ip_forward=')],
);

/** One command, as a shell takes it. */
export const command: Arbitrary<string> = oneOf(
  [22, addressCommand(IPV4)],
  [12, addressCommand(IPV6)],
  [30, routeCommand(IPV4)],
  [22, routeCommand(IPV6)],
  [10, ruleCommand(IPV4)],
  [5, ruleCommand(IPV6)],
  [10, sysctlCommand],
);

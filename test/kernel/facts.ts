import { recordScenario } from './recording.js';
import type { Question, Scenario } from './scenario.js';

/**
 * Facts about kernels that surprise, each as the smallest configuration that shows it, recorded into
 * fixtures/kernel/: `node dist/test/kernel/facts.js` as root.
 */

interface Fact {
  name: string;
  what: string;
  family?: 4 | 6;
  settings?: [string, number][];
  commands: string[];
  questions: Partial<Question>[];
}

const conf = (name: string, setting: string, value: number): [string, number] => [
  `net.ipv4.conf.${name}.${setting}`,
  value,
];
const NODE = ['addr add 10.0.0.1/24 dev a0', 'addr add 10.1.0.1/24 dev a1'];
const STRICT = conf('all', 'rp_filter', 1);
/** From 10.9.9.9, which is behind a1, to 10.0.0.7, which is on a0. */
const throughNode = { from: '10.9.9.9', to: '10.0.0.7', iif: 'a2' };
const BACK_BY_A1 = 'route add 10.9.0.0/16 via 10.1.0.9 dev a1';
const BACK_BY_A2 = 'route add 10.9.0.0/16 dev a2';

const FACTS: readonly Fact[] = [
  {
    name: 'merged-trie',
    what: 'With the default rules, local and main are one trie: a longer prefix in main hides a local route.',
    commands: [...NODE, 'route add local 10.5.0.0/16 dev lo table local', 'route add 10.5.5.0/24 dev a1'],
    questions: [{ to: '10.5.5.5' }, { to: '10.5.6.5' }],
  },
  {
    name: 'unmerged-by-rule',
    what: 'Any further rule ends that: local is searched by itself, and first.',
    commands: [
      ...NODE,
      'route add local 10.5.0.0/16 dev lo table local',
      'route add 10.5.5.0/24 dev a1',
      'rule add pref 100 lookup 100',
    ],
    questions: [{ to: '10.5.5.5' }, { to: '10.5.6.5' }],
  },
  {
    name: 'loose-without-address',
    what: 'On an interface without an IPv4 address, loose is as strict as strict.',
    settings: [conf('all', 'rp_filter', 2)],
    commands: [...NODE, BACK_BY_A1],
    questions: [throughNode, { ...throughNode, iif: 'a0', to: '10.1.0.7' }],
  },
  {
    name: 'max-of-all-and-interface',
    what: 'The larger of all and the interface counts: 2 on the interface loosens all=1, 0 does not.',
    settings: [STRICT, conf('a2', 'rp_filter', 2)],
    commands: [...NODE, 'addr add 10.2.0.1/24 dev a2', BACK_BY_A1],
    questions: [throughNode, { ...throughNode, iif: 'a0', to: '10.1.0.7' }],
  },
  {
    name: 'way-back-iif-rule',
    what: 'A rule by iif sees, in the check of the way back, the device that the packet leaves by.',
    settings: [STRICT],
    commands: [
      ...NODE,
      BACK_BY_A1,
      'route add default dev a2 table 100',
      'rule add pref 10 iif a0 lookup 100',
    ],
    questions: [throughNode, { ...throughNode, to: '10.0.0.1' }, { ...throughNode, to: '10.1.0.7' }],
  },
  {
    name: 'not-inverts-all',
    what: '`not` inverts all selectors of its rule together.',
    commands: [
      ...NODE,
      'route add default dev a2 table 100',
      'rule add pref 10 not from 10.9.0.0/16 iif a0 lookup 100',
    ],
    questions: [
      { from: '10.9.9.9', to: '8.8.8.8', iif: 'a0' },
      { from: '10.9.9.9', to: '8.8.8.8', iif: 'a1' },
      { from: '10.8.9.9', to: '8.8.8.8', iif: 'a0' },
    ],
  },
  {
    name: 'throw',
    what: 'A throw route ends the search of its table, and the next rule goes on.',
    commands: [
      ...NODE,
      'route add 10.5.0.0/16 dev a2 table 100',
      'route add throw 10.5.5.0/24 table 100',
      'route add 10.5.0.0/16 dev a1',
      'rule add pref 10 lookup 100',
    ],
    questions: [{ to: '10.5.5.5' }, { to: '10.5.6.6' }],
  },
  {
    name: 'suppress',
    what: 'suppress_prefixlength passes over routes that are no longer, and over no error route.',
    commands: [
      ...NODE,
      'route add default dev a2 table 100',
      'route add 10.5.5.0/24 dev a2 table 100',
      'route add unreachable 10.6.0.0/16 table 101',
      'route add default via 10.1.0.9',
      'rule add pref 10 lookup 100 suppress_prefixlength 0',
      'rule add pref 20 lookup 101 suppress_prefixlength 16',
    ],
    questions: [{ to: '10.5.5.5' }, { to: '8.8.8.8' }, { to: '10.6.0.1' }],
  },
  {
    name: 'link-down',
    what: 'A link that is down counts only under ignore_routes_with_linkdown, the own one or that of all.',
    settings: [conf('a1', 'ignore_routes_with_linkdown', 1)],
    commands: [
      ...NODE,
      'addr add 10.2.0.1/24 dev a2',
      'link set dev b1 down',
      'link set dev b2 down',
      'route add 10.7.0.0/16 via 10.1.0.9 metric 1',
      'route add 10.7.0.0/16 via 10.0.0.9 metric 2',
      'route add 10.8.0.0/16 via 10.2.0.9 metric 1',
      'route add 10.8.0.0/16 via 10.0.0.9 metric 2',
    ],
    questions: [{ to: '10.7.0.1' }, { to: '10.8.0.1' }],
  },
  {
    name: 'any-ip',
    what: 'A hand-made local route (AnyIP) makes its addresses the own: to receive for, and to send from.',
    commands: [...NODE, 'route add local 10.50.0.0/16 dev lo', 'route add default via 10.0.0.9'],
    questions: [
      { from: '10.9.9.9', to: '10.50.1.2', iif: 'a0' },
      { from: '10.50.1.2', to: '8.8.8.8' },
      { from: '10.51.1.2', to: '8.8.8.8' },
    ],
  },
  {
    name: 'src-valid-mark-off',
    what: 'Without src_valid_mark, the check of the way back does not see the mark.',
    settings: [STRICT],
    commands: [
      ...NODE,
      BACK_BY_A1,
      'route add default dev a2 table 100',
      'rule add pref 10 fwmark 7 to 10.9.0.0/16 lookup 100',
    ],
    questions: [{ ...throughNode, mark: 7 }, throughNode],
  },
  {
    name: 'src-valid-mark-on',
    what: 'With src_valid_mark it does.',
    settings: [STRICT, conf('a2', 'src_valid_mark', 1)],
    commands: [
      ...NODE,
      BACK_BY_A1,
      'route add default dev a2 table 100',
      'rule add pref 10 fwmark 7 to 10.9.0.0/16 lookup 100',
    ],
    questions: [{ ...throughNode, mark: 7 }, throughNode],
  },
  {
    name: 'no-route-before-rp-filter',
    what: 'The lookup of the destination comes before the check of the source: its error is what is told.',
    settings: [STRICT],
    commands: [...NODE, BACK_BY_A1],
    questions: [{ ...throughNode, to: '172.16.0.1' }, throughNode],
  },
  {
    name: 'forwarding-of-interface',
    what: "An interface's own forwarding counts, whatever ip_forward was set to before.",
    settings: [conf('a2', 'forwarding', 0)],
    commands: [...NODE, BACK_BY_A2],
    questions: [throughNode, { ...throughNode, to: '10.0.0.1' }],
  },
  {
    name: 'own-address-as-source',
    what: 'The own address as a source is martian, unless accept_local; a custom rule alone changes nothing of that.',
    settings: [conf('a2', 'accept_local', 1)],
    commands: [...NODE, 'rule add pref 100 lookup 100'],
    questions: [
      { from: '10.1.0.1', to: '10.0.0.7', iif: 'a2' },
      { from: '10.1.0.1', to: '10.1.0.7', iif: 'a0' },
    ],
  },
  {
    name: 'next-hop-objects',
    what: 'Routes by next hop objects: one, a group, and one that is a black hole.',
    commands: [
      ...NODE,
      'nexthop add id 1 via 10.0.0.9 dev a0',
      'nexthop add id 2 via 10.1.0.9 dev a1',
      'nexthop add id 3 group 1/2,3',
      'nexthop add id 4 blackhole',
      'route add 10.5.0.0/16 nhid 1',
      'route add 10.6.0.0/16 nhid 3',
      'route add 10.7.0.0/16 nhid 4',
    ],
    questions: ['10.5.0.1', '10.6.0.1', '10.7.0.1'].map((to) => ({ to })),
  },
  {
    name: 'source-specific',
    what: 'A route with `from` hides the plain route of the same destination from other sources.',
    family: 6,
    commands: [
      'addr add fd00::1/64 dev a0 nodad',
      'addr add fd01::1/64 dev a1 nodad',
      'route add fd05::/16 from fd00::/64 dev a0',
      'route add fd05::/16 dev a1',
      'route add default dev a2',
    ],
    questions: [
      { from: 'fd00::1', to: 'fd05::1' },
      { from: 'fd01::1', to: 'fd05::1' },
    ],
  },
  {
    name: 'router-preference',
    what: 'Of default routers of one metric, the preferred one is taken (RFC 4191), and else the first.',
    family: 6,
    commands: [
      'addr add fd00::1/64 dev a0 nodad',
      'route add default dev a0 metric 10 pref low',
      'route append default via fe80::8 dev a1 metric 10 pref high',
      'route add fd05::/16 dev a1 metric 10',
      'route append fd05::/16 dev a2 metric 10',
    ],
    questions: [{ to: '2001:db8::1' }, { to: 'fd05::1' }, { to: 'fd05::1', from: 'fd00::1', oif: 'a2' }],
  },
  {
    name: 'failed-router',
    what: 'A host passes over a router that does not answer, also for a shorter prefix; where all fail, it tries.',
    family: 6,
    settings: [['net.ipv6.conf.all.forwarding', 0]],
    commands: [
      'addr add fd00::1/64 dev a0 nodad',
      'route add fd05::/16 via fe80::9 dev a0',
      'route add default dev a1 metric 10',
      'route add fd06::/16 via fe80::9 dev a0 table 100',
      'neigh replace fe80::9 dev a0 nud failed',
      'rule add pref 10 to fd06::/16 lookup 100',
    ],
    questions: [{ to: 'fd05::1' }, { to: 'fd06::1' }],
  },
  {
    name: 'source-address-6',
    what: 'RFC 6724: the own address, then the scope, the device, the label, the longest prefix in common.',
    family: 6,
    commands: [
      'addr add fd00::1/64 dev a0 nodad',
      'addr add fd00:0:0:5::1/64 dev a1 nodad',
      'addr add 2001:db8::1/64 dev a1 nodad',
      'addr add 2001:db8:5::1/64 dev a1 nodad',
      'addr add 2001:db8:6::1/64 dev a1 nodad preferred_lft 0',
      'route add default dev a1',
      'route add fd09::/16 dev a2',
    ],
    questions: ['2001:db8:5::9', '2001:db8:6::9', 'fd07::1', 'fd09::1', 'fd00::9', '2001:db8:5::1'].map(
      (to) => ({
        to,
      }),
    ),
  },
  {
    name: 'source-of-group',
    what: 'The source of what is sent to a group on a device is chosen before the lookup.',
    commands: [...NODE, 'route add local 128.0.0.0/1 dev a2 table local'],
    questions: [{ to: '239.1.2.3', oif: 'a2' }, { to: '224.0.0.9', oif: 'a1' }, { to: '239.1.2.3' }],
  },
];

const LINKS = [
  ...[0, 1, 2].map((i) => `link add name a${i} type veth peer name b${i}`),
  'link set dev lo up',
  ...['a0', 'b0', 'a1', 'b1', 'a2', 'b2'].map((name) => `link set dev ${name} up`),
];
const PLAIN: Question = {
  to: '',
  from: null,
  iif: null,
  oif: null,
  mark: 0,
  tos: 0,
  protocol: 'tcp',
  sourcePort: 40000,
  destinationPort: 80,
};

for (const { name, what, family = 4, settings = [], commands, questions } of FACTS) {
  const scenario: Scenario = {
    family,
    links: LINKS,
    settings: [
      ['net.ipv4.ip_forward', 1],
      ['net.ipv6.conf.all.forwarding', 1],
      ...['all', 'a0', 'a1', 'a2'].map((device) => conf(device, 'rp_filter', 0)),
      ...settings,
    ],
    commands,
    questions: questions.map((question) => ({ ...PLAIN, ...question })),
  };
  recordScenario(name, what, scenario);
}

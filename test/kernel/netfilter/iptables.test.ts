import { execFileSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { KernelModel } from '../../../src/kernel/model.js';
import { compileIptables } from '../../../src/kernel/netfilter/iptables/iptables.js';
import { PacketPath } from '../../../src/kernel/netfilter/packet-path.js';
import type { PacketQuestion, Passage } from '../../../src/kernel/netfilter/passage.js';
import { fixture } from '../../support.js';
import { nodeWith, nodeWithRules, saved } from './node.js';

const base = {
  source: '203.0.113.9',
  destination: '10.244.1.10',
  protocol: 'tcp',
  sourcePort: 40000,
  destinationPort: 8080,
};
type Question = PacketQuestion & { source: string };

/** What becomes of a packet by eth0 with one rule that drops in FORWARD. */
function dropped(
  match: string,
  question: Partial<Question> = {},
  before: Record<string, string[]> = {},
): Passage {
  const node = nodeWithRules({ ...before, filter: [`-A FORWARD ${match} -j DROP`] });
  return node.receive({ ...base, ...question }, 'eth0')[0]!;
}

const matches: [rule: string, yes: Partial<Question>, no: Partial<Question>][] = [
  ['-s 203.0.113.0/24', {}, { source: '203.0.114.9' }],
  ['! -s 203.0.113.9/32', { source: '203.0.113.8' }, {}],
  ['-d 10.0.1.0/255.0.255.0', {}, { destination: '10.244.2.1', source: '10.244.1.5' }],
  // As iptables before 1.4.3 wrote it.
  ['-s ! 203.0.113.9', { source: '203.0.113.8' }, {}],
  ['-i eth+ -o cni0', {}, { destination: '10.100.0.9' }],
  ['! -i eth1', {}, { destination: '192.168.1.10' }],
  ['-p tcp -m tcp --dport 8000:9000', {}, { destinationPort: 80 }],
  ['-p tcp --dport 8080', {}, { destinationPort: 80 }],
  ['-p tcp -m tcp ! --sport 1:1023', {}, { sourcePort: 22 }],
  ['-p udp', { protocol: 'udp' }, {}],
  ['-p 132 -m sctp --dport 8080', { protocol: 'sctp' }, {}],
  ['! -p tcp', { protocol: 'udp' }, {}],
  ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', { tcp: 'syn' }, { tcp: 'ack' }],
  ['-p tcp --syn', { tcp: 'syn' }, { tcp: 'syn-ack' }],
  ['-p tcp -m multiport --dports 80,8000:8100', {}, { destinationPort: 443 }],
  ['-p tcp -m multiport ! --ports 1:100,40000', { sourcePort: 5000 }, {}],
  [
    '-p icmp -m icmp --icmp-type 3/4',
    { protocol: 'icmp', icmp: { type: 3, code: 4 } },
    { protocol: 'icmp', icmp: { type: 3, code: 1 } },
  ],
  ['-p icmp -m icmp --icmp-type any', { protocol: 'icmp', icmp: { type: 8, code: 0 } }, {}],
  ['-m mark --mark 0x10/0x30', { mark: 0x51 }, { mark: 0x20 }],
  ['-m mark ! --mark 0x1', { mark: 0 }, { mark: 1 }],
  ['-m conntrack --ctstate NEW,RELATED', {}, { tcp: 'syn-ack' }],
  ['-m conntrack ! --ctstate INVALID', {}, { tcp: 'syn-ack' }],
  ['-m state --state INVALID', { tcp: 'syn-ack' }, {}],
  [
    '-m conntrack --ctdir ORIGINAL --ctproto 6 --ctorigdst 10.244.0.0/16 --ctorigdstport 8080',
    {},
    { destinationPort: 80 },
  ],
  ['-m conntrack ! --ctreplsrc 10.244.1.10', { destination: '10.244.1.11' }, {}],
  ['-m addrtype --src-type UNICAST ! --dst-type LOCAL', {}, { destination: '192.168.1.10' }],
  ['-m iprange --src-range 203.0.113.1-203.0.113.9', {}, { source: '203.0.113.10' }],
  [
    '-m mac --mac-source 02:00:00:AA:00:01',
    { macSource: '02:00:00:aa:00:01' },
    { macSource: '02:00:00:aa:00:02' },
  ],
  ['-m ttl --ttl-lt 10', { ttl: 9 }, { ttl: 64 }],
  ['-m tos --tos 0x10/0x3f', { tos: 0x10 }, { tos: 0x20 }],
  ['-m dscp --dscp-class AF11', { tos: 0x28 }, {}],
  ['-m dscp ! --dscp 0x2e', {}, { tos: 0xb8 }],
  ['-m pkttype --pkt-type unicast', {}, { destination: '224.0.0.1' }],
  ['-m owner ! --uid-owner 0', {}, { destination: '192.168.1.10' }],
  ['-m devgroup --src-group default', {}, { destination: '192.168.1.10' }],
  ['-m policy --dir in --pol none', {}, { destination: '192.168.1.10' }],
  ['-m comment --comment "say \\"-j ACCEPT\\" here" -s 203.0.113.9/32', {}, { source: '203.0.113.8' }],
  ['-m comment --comment -odd -s 203.0.113.9/32', {}, { source: '203.0.113.8' }],
  ['-m recent --set --name X --rsource', {}, { destination: '192.168.1.10' }],
  ['-m physdev ! --physdev-is-bridged', {}, { destination: '192.168.1.10' }],
];

for (const [rule, yes, no] of matches) {
  test(`matches and not: ${rule}`, (t) => {
    const found = dropped(rule, yes);
    t.is(found.drop?.by, 'netfilter', 'does not match');
    t.deepEqual(
      found.unknown.filter((line) => !/multicast|joined/.test(line)),
      [],
    );
    t.not(dropped(rule, no).drop?.by, 'netfilter', 'matches');
  });
}

test('what a snapshot does not tell is said, where everything else of the rule holds', (t) => {
  const cases: [rule: string, says: RegExp, result: 'forward' | 'dropped'][] = [
    [
      '-m set --match-set BAD src',
      /"-m set --match-set BAD src": ipset\.txt is missing: what is in the set BAD .*: taken as no match/,
      'forward',
    ],
    ['-m set ! --match-set GOOD src', /taken as no match/, 'forward'],
    ['-m recent --rcheck --seconds 60 --name X --rsource', /seen lately .*: taken as no match/, 'forward'],
    ['-m limit --limit 5/min', /"-m limit --limit 5\/min": .*: taken as a match/, 'dropped'],
    ['-m hashlimit --hashlimit-above 5/sec --hashlimit-name h', /taken as no match/, 'forward'],
    [
      '-m connlimit --connlimit-above 5 --connlimit-mask 32 --connlimit-saddr',
      /taken as no match/,
      'forward',
    ],
    [
      '-m string --string "x y" --algo bm',
      /"-m string --string x y --algo bm": it is not modelled: taken as no match/,
      'forward',
    ],
    ['-m u32 --u32 "0x0=0x0"', /it is not modelled/, 'forward'],
    ['-m mac --mac-source 02:00:00:00:00:01', /the sender's MAC is not known/, 'forward'],
    ['-m length --length 0:100', /length is not known/, 'forward'],
    ['-p tcp -m tcp --tcp-option 7', /options are not all known/, 'forward'],
    ['-p tcp --nonsense 5', /"--nonsense 5": the option is not known here/, 'forward'],
  ];
  for (const [rule, says, result] of cases) {
    const passage = dropped(rule);
    t.is(passage.unknown.length, 1, rule);
    t.regex(passage.unknown[0]!, /^iptables-save\.txt line 5: /);
    t.regex(passage.unknown[0]!, says);
    t.is(passage.result, result, rule);
    t.deepEqual(dropped(`-s 10.9.9.9/32 ${rule}`).unknown, [], `${rule} does not decide`);
  }
  // Nothing hangs on a rule that only logs.
  t.deepEqual(
    nodeWithRules({ filter: ['-A FORWARD -m set --match-set BAD src -j LOG'] }).receive(base, 'eth0')[0]!
      .unknown,
    [],
  );
});

test('nothing hangs on a chain that only logs, as ufw and others have them behind a rate limit', (t) => {
  const [passage] = nodeWithRules({
    filter: [
      '-N log-denied',
      '-A FORWARD -m limit --limit 3/min --limit-burst 10 -j log-denied',
      '-A FORWARD -j DROP',
      '-A log-denied -m limit --limit 1/min -j RETURN',
      '-A log-denied -j LOG --log-prefix "[BLOCK] "',
    ],
  }).receive(base, 'eth0');
  t.is(passage!.result, 'dropped');
  t.deepEqual(passage!.unknown, []);
  const [other] = nodeWithRules({
    filter: ['-N denied', '-A FORWARD -m limit --limit 3/min -j denied', '-A denied -j DROP'],
  }).receive(base, 'eth0');
  t.is(other!.unknown.length, 1);
});

test('an unknown target is said, and does nothing', (t) => {
  const [passage] = nodeWithRules({ filter: ['-A FORWARD -j NOSUCH --x 1', '-A FORWARD -j DROP'] }).receive(
    base,
    'eth0',
  );
  t.is(passage!.result, 'dropped');
  t.deepEqual(passage!.unknown, [
    'iptables-save.txt line 5: "-j NOSUCH" is not modelled: taken to do nothing',
  ]);
});

test('session affinity is no doubt where a later rule may pick the same backend', (t) => {
  const node = nodeWithRules({
    nat: [
      '-A PREROUTING -d 198.51.100.10/32 -j SVC',
      '-A SVC -m comment --comment a -m recent --rcheck --seconds 10800 --reap --name S1 --rsource -j SEP1',
      '-A SVC -m comment --comment a -m recent --rcheck --seconds 10800 --reap --name S2 --rsource -j SEP2',
      '-A SVC -m comment --comment a -m statistic --mode random --probability 0.50000000000 -j SEP1',
      '-A SVC -m comment --comment a -j SEP2',
      '-A SEP1 -p tcp -m comment --comment a -m recent --set --name S1 --rsource -m tcp -j DNAT --to-destination 10.244.1.10:80',
      '-A SEP2 -p tcp -m comment --comment a -m recent --set --name S2 --rsource -m tcp -j DNAT --to-destination 10.244.1.11:80',
    ],
  });
  const passages = node.receive({ ...base, destination: '198.51.100.10' }, 'eth0');
  t.deepEqual(passages.map((p) => [p.packet.destination.text, p.chance, p.unknown.length]).sort(), [
    ['10.244.1.10', 0.5, 0],
    ['10.244.1.11', 0.5, 0],
  ]);
});

test('targets change the packet', (t) => {
  const after = (target: string, question: Partial<Question> = {}) =>
    nodeWithRules({ mangle: [`-A PREROUTING -j ${target}`] }).receive({ ...base, ...question }, 'eth0')[0]!
      .packet;
  t.is(after('MARK --set-xmark 0x4000/0x4000', { mark: 0x1 }).mark, 0x4001);
  t.is(after('MARK --set-xmark 0x4000/0x0', { mark: 0x4001 }).mark, 1);
  t.is(after('MARK --set-mark 0x10/0xf0', { mark: 0xabcd }).mark, 0xab1d);
  t.is(after('MARK --and-mark 0xfffffffe', { mark: 0xffffffff }).mark, 0xfffffffe);
  t.is(after('MARK --or-mark 0x80000000', { mark: 8 }).mark, 0x80000008);
  t.is(after('MARK --xor-mark 0x9', { mark: 8 }).mark, 1);
  t.is(after('TOS --set-tos 0x10/0xff', { tos: 0x20 }).tos, 0x10);
  t.is(after('DSCP --set-dscp 0x2e', { tos: 1 }).tos, 0xb9);
  t.is(after('TTL --ttl-set 10').ttl, 9);
  t.is(after('TTL --ttl-inc 300').ttl, 254);
  t.is(after('LOG --log-prefix "--odd "').mark, 0);
});

test('translations: addresses, ports, networks and ranges', (t) => {
  const to = (target: string, question: Partial<Question> = {}) =>
    nodeWithRules({ nat: [`-A PREROUTING -p tcp -j ${target}`] })
      .receive({ ...base, destination: '198.51.100.10', ...question }, 'eth0')
      .map(({ packet: { destination, destinationPort } }) => `${destination.text}:${destinationPort}`);
  t.deepEqual(to('DNAT --to-destination 10.244.1.10'), ['10.244.1.10:8080']);
  t.deepEqual(to('DNAT --to-destination :9090', { destination: '10.244.1.10' }), ['10.244.1.10:9090']);
  t.deepEqual(to('DNAT --to-destination 10.244.1.10-10.244.1.12:80').sort(), [
    '10.244.1.10:80',
    '10.244.1.11:80',
    '10.244.1.12:80',
  ]);
  // A port within the range stays, another becomes the first.
  t.deepEqual(to('DNAT --to-destination 10.244.1.10:8000-8100'), ['10.244.1.10:8080']);
  t.deepEqual(to('DNAT --to-destination 10.244.1.10:9000-9100'), ['10.244.1.10:9000']);
  t.deepEqual(to('DNAT --to-destination 10.244.1.10:9000-9999/8000'), ['10.244.1.10:9080']);
  t.deepEqual(to('REDIRECT --to-ports 8888'), ['192.168.1.10:8888']);
  t.deepEqual(to('NETMAP --to 10.244.1.0/24'), ['10.244.1.10:8080']);
  const from = (target: string) => {
    const [passage] = nodeWithRules({ nat: [`-A POSTROUTING -j ${target}`] }).receive(base, 'eth0');
    return `${passage!.packet.source.text}:${passage!.packet.sourcePort}`;
  };
  t.is(from('SNAT --to-source 10.244.1.77:1024-65535'), '10.244.1.77:40000');
  t.is(from('SNAT --to-source 203.0.113.1-203.0.113.20'), '203.0.113.9:40000');
  t.is(from('MASQUERADE --random-fully'), '10.244.1.1:40000');
  t.is(from('NETMAP --to 10.7.0.0/16'), '10.7.113.9:40000');
  const node6 = nodeWith({
    'ip6tables-save.txt': saved({
      nat: [
        '-A PREROUTING -p tcp -m tcp -j DNAT --to-destination [fd00:244::9]:80',
        '-A POSTROUTING -j MASQUERADE',
      ],
    }),
  });
  const [passage] = node6.receive({ ...base, source: '2001:db8::1', destination: '2001:db8:1::1' }, 'eth0');
  t.is(passage!.packet.destination.text, 'fd00:244::9');
  t.is(passage!.packet.destinationPort, 80);
  t.is(passage!.packet.source.text, 'fd00:244::1');
  t.deepEqual(passage!.unknown, []);
});

test('counters, comments and every table are read; priorities are the kernel’s', (t) => {
  const text = [
    '# Generated by iptables-save v1.8.9 (nf_tables)',
    ...['raw', 'mangle', 'nat', 'filter'].flatMap((table) => [
      `*${table}`,
      ':PREROUTING ACCEPT [12:3456]',
      ':OUTPUT DROP [0:0]',
      '[1:60] -A OUTPUT -d 10.0.0.1/32 -j ACCEPT',
      'COMMIT',
    ]),
    '*security',
    ':INPUT ACCEPT [0:0]',
    'COMMIT',
  ].join('\n');
  const { baseChains, unknown } = compileIptables(text, 4, 'iptables-save.txt');
  t.deepEqual(unknown, []);
  t.deepEqual(
    baseChains.map(({ hook, priority, type, policy }) => `${hook} ${priority} ${type} ${policy}`),
    [
      'prerouting -300 filter accept',
      'output -300 filter drop',
      'prerouting -150 filter accept',
      'output -150 route drop',
      'prerouting -100 nat accept',
      'output -100 nat drop',
      'output 0 filter drop',
      'input 50 filter accept',
    ],
  );
  t.is(baseChains[1]!.chain.rules[0]!.source.text, '-A OUTPUT -d 10.0.0.1/32 -j ACCEPT');
  t.is(baseChains[1]!.chain.name, 'iptables raw OUTPUT');
});

test('a file that is cut, or says that it is not all, is said', (t) => {
  const unknown = (text: string) => compileIptables(text, 4, 'iptables-save.txt').unknown;
  t.deepEqual(unknown('*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -j ACC'), [
    'iptables-save.txt is cut: table nat has no COMMIT',
  ]);
  t.deepEqual(unknown('-A X -j Y\n-A X -j Z\n'), [
    'iptables-save.txt line 1 cannot be read: -A X -j Y; and 1 more lines',
  ]);
  t.deepEqual(unknown('*nat\n-A PREROUTING -j ACCEPT\nCOMMIT\n'), [
    'iptables-save.txt: the policy of nat PREROUTING is not in it',
  ]);
  t.deepEqual(unknown('*broute\n:BROUTING ACCEPT\nCOMMIT\n'), [
    'iptables-save.txt line 1: table broute is not known',
  ]);
  t.regex(
    unknown('# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n')[0]!,
    /legacy tables/,
  );
  t.deepEqual(unknown(''), []);
});

test('no text makes it fail, and every rule is run', (t) => {
  const words = [
    ...matches.map(([rule]) => rule),
    '-j DNAT --to-destination [',
    '-j SNAT --to-source 10.0.0.9-10.0.0.1:x',
  ]
    .concat(
      '-j NETMAP --to fd00::/8',
      '-j MARK --set-xmark',
      '-j CONNMARK --save-mark --nfmask x',
      '-j REDIRECT --to-ports 9-1',
    )
    .flatMap((rule) => rule.split(' '));
  const line = fc.array(fc.oneof(fc.constantFrom(...words, '"', '!', '-m', '-j', '-g', '-p'), fc.string()), {
    maxLength: 9,
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const rules = lines.map((parts) => `-A PREROUTING ${parts.join(' ').replaceAll('\n', ' ')}`);
      for (const table of ['nat', 'mangle']) {
        const passages = nodeWithRules({ [table]: rules }).receive(base, 'eth0');
        const total = passages.reduce((sum, { chance }) => sum + chance, 0);
        t.true(Math.abs(total - 1) < 1e-9);
      }
    }),
    { numRuns: 300 },
  );
});

test("the lab's kube-proxy: client to VIP to pod and back, by a recorded node's own files", (t) => {
  const archive = fixture('healthy-masquerade', 'node1.tar.gz');
  const names = ['ip-addr', 'ip-link', 'ip-route', 'ip-rule', 'nft'].map((name) => `${name}.json`);
  const files = new Map(
    [...names, 'sysctl.txt', 'iptables-save.txt'].map((name) => [
      name,
      execFileSync('tar', ['-xzOf', archive, `node1/${name}`], { encoding: 'utf8' }),
    ]),
  );
  const path = new PacketPath(new KernelModel(readSnapshot(files, 'node1', null, archive)));
  const [request, ...others] = path.receive(
    {
      source: '192.168.1.50',
      destination: '192.168.1.100',
      protocol: 'tcp',
      sourcePort: 50000,
      destinationPort: 80,
    },
    'eth0',
  );
  t.deepEqual(others, []);
  t.deepEqual(request!.unknown, []);
  t.is(
    `${request!.packet.source.text} > ${request!.packet.destination.text}:${request!.packet.destinationPort}`,
    '10.244.0.0 > 10.244.1.10:8080',
  );
  t.is(request!.hops[0]!.dev, 'flannel.1');
  const { reply } = request!.connection!;
  const [answer] = path.receive(
    {
      source: reply.source.text,
      destination: reply.destination.text,
      protocol: 'tcp',
      tcp: 'syn-ack',
      sourcePort: reply.sourcePort,
      destinationPort: reply.destinationPort,
    },
    'flannel.1',
    [request!.connection!],
  );
  t.is(
    `${answer!.packet.source.text}:${answer!.packet.sourcePort} > ${answer!.packet.destination.text}`,
    '192.168.1.100:80 > 192.168.1.50',
  );
  t.is(answer!.hops[0]!.dev, 'eth0');
});

import test from 'ava';
import type { Passage } from '../../../src/kernel/netfilter/passage.js';
import { nodeWith, nodeWithRules, saved } from './node.js';

const client = { source: '203.0.113.9', protocol: 'tcp', sourcePort: 40000 };
const toVip = { ...client, destination: '198.51.100.10', destinationPort: 80 };
const toPod = { ...client, destination: '10.244.1.10', destinationPort: 8080 };

const ends = ({ packet: p }: Passage) =>
  `${p.source.text}:${p.sourcePort} > ${p.destination.text}:${p.destinationPort}`;
const texts = ({ steps }: Passage) => steps.map(({ at, text }) => `${at}: ${text}`);
const one = (passages: Passage[]): Passage => {
  if (passages.length !== 1) throw new Error(`${passages.length} passages`);
  return passages[0]!;
};

const dnat =
  '-A PREROUTING -d 198.51.100.10/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 10.244.1.10:8080';
const translating = nodeWithRules({ nat: [dnat, '-A POSTROUTING -o cni0 -j MASQUERADE'] });

test('a request is translated both ways, and its answer translated back', (t) => {
  const request = one(translating.receive(toVip, 'eth0'));
  t.is(request.result, 'forward');
  t.is(ends(request), '10.244.1.1:40000 > 10.244.1.10:8080');
  t.deepEqual(request.hops, [{ dev: 'cni0', via: null }]);
  t.deepEqual(texts(request), [
    'prerouting: 198.51.100.10:80 becomes 10.244.1.10:8080',
    'routing: forward: 10.244.1.0/24 in table main (rule 32766) leads to cni0',
    'postrouting: 203.0.113.9:40000 becomes 10.244.1.1:40000',
  ]);
  t.is(request.steps[0]!.source!.line, 6);
  t.is(request.packet.ttl, 63);
  t.deepEqual(request.unknown, []);
  const connection = request.connection!;
  t.like(connection, { state: 'new', destinationNat: true, sourceNat: true });
  const answer = {
    source: '10.244.1.10',
    sourcePort: 8080,
    destination: '10.244.1.1',
    destinationPort: 40000,
    protocol: 'tcp',
    tcp: 'syn-ack' as const,
  };
  const reply = one(translating.receive(answer, 'cni0', [connection]));
  t.is(ends(reply), '198.51.100.10:80 > 203.0.113.9:40000');
  t.deepEqual(reply.hops, [{ dev: 'eth0', via: '192.168.1.1' }]);
  t.is(reply.connection!.state, 'established');
  t.is(connection.state, 'new', 'the connection that was handed in is not changed');
  const acknowledgement = one(translating.receive({ ...toVip, tcp: 'ack' }, 'eth0', [reply.connection!]));
  t.is(ends(acknowledgement), '10.244.1.1:40000 > 10.244.1.10:8080');
});

test('a SYN-ACK of no known connection is invalid: nothing translates it', (t) => {
  const stray = {
    source: '10.244.1.10',
    sourcePort: 8080,
    destination: '203.0.113.9',
    destinationPort: 40000,
  };
  const node = nodeWithRules({
    nat: ['-A POSTROUTING -o eth0 -j MASQUERADE'],
    filter: ['-A FORWARD -m conntrack --ctstate INVALID -j DROP'],
  });
  const dropped = one(node.receive({ ...stray, protocol: 'tcp', tcp: 'syn-ack' }, 'cni0'));
  t.like(dropped.drop, { by: 'netfilter', hook: 'forward', chain: 'iptables filter FORWARD', answer: null });
  t.is(dropped.connection, null);
  const passing = nodeWithRules({ nat: ['-A POSTROUTING -o eth0 -j MASQUERADE'] });
  t.is(
    ends(one(passing.receive({ ...stray, protocol: 'tcp', tcp: 'syn-ack' }, 'cni0'))),
    '10.244.1.10:8080 > 203.0.113.9:40000',
  );
  // A bare ACK is picked up as a new connection, unless that is switched off.
  const midway = one(passing.receive({ ...stray, protocol: 'tcp', tcp: 'ack' }, 'cni0'));
  t.is(ends(midway), '192.168.1.10:8080 > 203.0.113.9:40000');
  t.true(midway.connection!.pickedUp);
});

test('where the answer went round the node, the rest of the connection is invalid to it', (t) => {
  const node = nodeWithRules({ nat: [dnat], filter: ['-A FORWARD -m state --state INVALID -j DROP'] });
  const { connection } = one(node.receive(toVip, 'eth0'));
  const rest = one(node.receive({ ...toVip, tcp: 'ack' }, 'eth0', [connection!]));
  t.like(rest.drop, { by: 'netfilter', hook: 'forward' });
  // And with no such rule it goes on untranslated.
  t.is(
    ends(one(translating.receive({ ...toVip, tcp: 'ack' }, 'eth0', [connection!]))),
    '203.0.113.9:40000 > 198.51.100.10:80',
  );
  // Its SYN sent once more is the same connection.
  t.is(ends(one(node.receive(toVip, 'eth0', [connection!]))), '203.0.113.9:40000 > 10.244.1.10:8080');
});

test('connections are tracked only where a rule needs it', (t) => {
  const plain = nodeWithRules({ filter: ['-A FORWARD -d 10.9.9.9/32 -j DROP'] });
  t.is(one(plain.receive(toPod, 'eth0')).connection, null);
  // In any chain, used or not.
  const unused = nodeWithRules({ filter: ['-A UNUSED -m conntrack --ctstate NEW -j DROP'] });
  t.not(one(unused.receive(toPod, 'eth0')).connection, null);
  const ruleset = {
    nftables: [{ rule: { family: 'inet', expr: [{ match: { left: { ct: { key: 'state' } } } }] } }],
  };
  const nft = nodeWith({ 'iptables-save.txt': '', 'nft.json': JSON.stringify(ruleset) });
  t.not(one(nft.receive(toPod, 'eth0')).connection, null);
});

test('what is not tracked is not translated', (t) => {
  const node = nodeWithRules({
    raw: ['-A PREROUTING -s 203.0.113.0/24 -j CT --notrack'],
    nat: [dnat],
    filter: ['-A FORWARD -m conntrack --ctstate UNTRACKED -j REJECT --reject-with icmp-port-unreachable'],
  });
  const passage = one(node.receive(toVip, 'eth0'));
  t.is(ends(passage), '203.0.113.9:40000 > 198.51.100.10:80');
  t.like(passage.drop, { by: 'netfilter', answer: 'icmp-port-unreachable' });
  t.is(texts(passage)[0], 'prerouting: is not tracked');
});

test('a mark saved to the connection is restored on the answer, and routes it', (t) => {
  const node = nodeWithRules({
    mangle: [
      '-A PREROUTING -i eth1 -m conntrack --ctstate NEW -j CONNMARK --set-xmark 0x1/0xffffffff',
      '-A PREROUTING -i cni0 -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    ],
    nat: [dnat],
  });
  const { connection } = one(node.receive(toVip, 'eth1'));
  t.is(connection!.mark, 1);
  const answer = {
    source: '10.244.1.10',
    sourcePort: 8080,
    destination: '203.0.113.9',
    destinationPort: 40000,
  };
  const back = one(node.receive({ ...answer, protocol: 'tcp', tcp: 'syn-ack' }, 'cni0', [connection!]));
  t.deepEqual(back.hops, [{ dev: 'eth1', via: '10.100.0.1' }]);
  t.is(back.packet.mark, 1);
  t.is(ends(back), '198.51.100.10:80 > 203.0.113.9:40000');
  const other = one(node.receive(toVip, 'eth0'));
  const reply = one(
    node.receive({ ...answer, protocol: 'tcp', tcp: 'syn-ack' }, 'cni0', [other.connection!]),
  );
  t.deepEqual(reply.hops, [{ dev: 'eth0', via: '192.168.1.1' }]);
});

test('chance parts the ways, and their chances add up', (t) => {
  const services = nodeWithRules({
    nat: [
      '-A PREROUTING -d 198.51.100.10/32 -p tcp -m tcp --dport 80 -j KUBE-SVC',
      '-A KUBE-SVC -m statistic --mode random --probability 0.33333333349 -j DNAT --to-destination 10.244.1.10:8080',
      '-A KUBE-SVC -m statistic --mode random --probability 0.50000000000 -j DNAT --to-destination 10.244.1.11:8080',
      '-A KUBE-SVC -j DNAT --to-destination 10.244.1.12:8080',
    ],
  });
  const passages = services.receive(toVip, 'eth0');
  t.deepEqual(passages.map((p) => p.packet.destination.text).sort(), [
    '10.244.1.10',
    '10.244.1.11',
    '10.244.1.12',
  ]);
  for (const { chance } of passages) t.true(Math.abs(chance - 1 / 3) < 1e-6);
  t.deepEqual(
    passages.map((p) => texts(p)[0]).sort(),
    [10, 11, 12].map(
      (host, i) => `prerouting: 198.51.100.10:80 becomes 10.244.1.${host}:8080 (random ${i + 1} of 3)`,
    ),
  );
});

test('chance that decides nothing parts nothing', (t) => {
  const node = nodeWithRules({
    filter: ['-A FORWARD -m statistic --mode random --probability 0.5 -j ACCEPT', '-A FORWARD -j ACCEPT'],
  });
  t.is(one(node.receive(toPod, 'eth0')).chance, 1);
});

test('ways without end are cut, and it is said', (t) => {
  const rules = Array.from(
    { length: 20 },
    (_, i) =>
      `-A PREROUTING -m statistic --mode random --probability 0.5 -j MARK --set-xmark 0x${(1 << i).toString(16)}0000/0x0`,
  );
  const passages = nodeWithRules({ mangle: rules }).receive(toPod, 'eth0');
  t.true(passages.length <= 4097);
  t.true(Math.abs(passages.reduce((sum, { chance }) => sum + chance, 0) - 1) < 1e-9);
  t.true(passages.some(({ unknown }) => unknown.some((line) => /4096 times/.test(line))));
});

test('chains that jump in a circle, which no kernel takes, end in the policy with a doubt', (t) => {
  const circle = nodeWithRules({ filter: ['-A FORWARD -j A', '-A A -g B', '-A B -g A'] });
  const passage = one(circle.receive(toPod, 'eth0'));
  t.is(passage.result, 'forward');
  t.regex(passage.unknown[0]!, /iptables-save\.txt line \d+: the chains jump in a circle/);
  t.is(
    one(nodeWithRules({ filter: ['-A FORWARD -j A', '-A A -j A'] }).receive(toPod, 'eth0')).unknown.length,
    1,
  );
});

test('return goes back to the caller, of a goto to the one before, and in the end to the policy', (t) => {
  const node = nodeWithRules({
    filter: [
      ':FORWARD DROP [0:0]',
      '-A FORWARD -p udp -g A',
      '-A FORWARD -j B',
      '-A FORWARD -p udp -j ACCEPT',
      '-A A -j RETURN',
      '-A B -s 203.0.113.9/32 -j RETURN',
      '-A B -j ACCEPT',
    ],
  });
  const udp = one(node.receive({ ...toPod, protocol: 'udp' }, 'eth0'));
  t.like(udp.drop, { by: 'netfilter', rule: null, chain: 'iptables filter FORWARD' });
  t.is(texts(udp).at(-1), 'forward: dropped by the policy of iptables filter FORWARD');
  t.is(one(node.receive(toPod, 'eth0')).result, 'dropped');
  t.is(one(node.receive({ ...toPod, source: '203.0.113.8' }, 'eth0')).result, 'forward');
});

test('a drop for the way back is told from others, also where a later rule drops', (t) => {
  const drop = (rules: readonly string[], source = '10.244.1.99') => {
    const passage = one(nodeWithRules({ raw: rules }).receive({ ...toPod, source }, 'eth0'));
    return passage.drop?.by === 'netfilter' ? passage.drop.check : null;
  };
  t.true(drop(['-A PREROUTING -m rpfilter --invert -j DROP']));
  t.true(drop(['-A PREROUTING -m rpfilter --validmark --invert -j BAD', '-A BAD -j DROP']));
  t.true(
    drop([
      '-A PREROUTING -j CHECK',
      '-A CHECK -m rpfilter --validmark -j RETURN',
      '-A CHECK -j LOG',
      '-A CHECK -j DROP',
    ]),
  );
  t.false(
    drop(
      ['-A PREROUTING -m rpfilter --invert -j LOG', '-A PREROUTING -s 203.0.113.9/32 -j DROP'],
      '203.0.113.9',
    ),
  );
  t.is(drop(['-A PREROUTING -m rpfilter --invert -j DROP'], '203.0.113.9'), null);
});

test('several next hops by devices of their own are ways of their own', (t) => {
  const node = nodeWithRules({
    mangle: ['-A PREROUTING -j MARK --set-xmark 0x2/0xffffffff'],
    nat: ['-A POSTROUTING -o eth1 -j MASQUERADE', '-A POSTROUTING -o eth0 -j SNAT --to-source 192.168.1.99'],
  });
  const passages = node.receive({ ...toPod, source: '10.244.1.10', destination: '203.0.113.5' }, 'cni0');
  t.deepEqual(passages.map((p) => [p.hops[0]!.dev, p.packet.source.text, p.chance]).sort(), [
    ['eth0', '192.168.1.99', 0.5],
    ['eth1', '10.100.0.10', 0.5],
  ]);
  // A masqueraded connection that is routed elsewhere later is dropped by the kernel itself.
  const masqueraded = passages.find((p) => p.hops[0]!.dev === 'eth1')!.connection!;
  const later = nodeWithRules({ nat: ['-A POSTROUTING -j MASQUERADE'] }).receive(
    { ...toPod, source: '10.244.1.10', destination: '203.0.113.5' },
    'cni0',
    [masqueraded],
  );
  t.regex(texts(one(later)).at(-1)!, /dropped: eth0 is not eth1, which it was masqueraded for/);
});

test('an own packet is routed anew where its mark or destination changed', (t) => {
  const node = nodeWithRules({
    mangle: ['-A OUTPUT -d 203.0.113.0/24 -j MARK --set-xmark 0x1/0xffffffff'],
    nat: [
      '-A OUTPUT -d 198.51.100.10/32 -j DNAT --to-destination 10.244.1.10',
      '-A POSTROUTING -o cni0 -j MASQUERADE',
    ],
  });
  const marked = one(
    node.send({
      source: null,
      destination: '203.0.113.7',
      protocol: 'udp',
      sourcePort: 5,
      destinationPort: 6,
    }),
  );
  t.deepEqual(marked.hops, [{ dev: 'eth1', via: '10.100.0.1' }]);
  // The source was chosen for the first route.
  t.is(ends(marked), '192.168.1.10:5 > 203.0.113.7:6');
  const translated = one(
    node.send({
      source: null,
      destination: '198.51.100.10',
      protocol: 'udp',
      sourcePort: 5,
      destinationPort: 6,
    }),
  );
  t.is(ends(translated), '10.244.1.1:5 > 10.244.1.10:6');
  t.deepEqual(translated.hops, [{ dev: 'cni0', via: null }]);
});

test('an own packet to an own address goes through the hooks of both ways', (t) => {
  const node = nodeWithRules({
    nat: ['-A OUTPUT -d 198.51.100.10/32 -p tcp -j REDIRECT --to-ports 9000'],
    filter: ['-A INPUT -i lo -p tcp -m tcp --dport 9000 -j DROP'],
  });
  const send = {
    source: null,
    destination: '198.51.100.10',
    protocol: 'tcp',
    sourcePort: 5,
    destinationPort: 80,
  };
  const passage = one(node.send(send));
  t.is(ends(passage), '192.168.1.10:5 > 127.0.0.1:9000');
  t.like(passage.drop, { by: 'netfilter', hook: 'input' });
  t.not(passage.connection, null, 'its connection was confirmed on the way out');
  t.is(one(node.send({ ...send, destination: '192.168.1.10', destinationPort: 9000 })).result, 'dropped');
  t.is(one(node.send({ ...send, destination: '10.244.1.1', protocol: 'udp' })).result, 'local');
});

test('a drop by routing is one, and leaves no connection', (t) => {
  const unroutable = one(
    translating.receive({ ...toPod, destination: '240.0.0.1', source: '127.0.0.1' }, 'eth0'),
  );
  t.like(unroutable.drop, { by: 'routing', verdict: { verdict: 'martian-source' } });
  t.is(unroutable.connection, null);
  t.deepEqual(unroutable.hops, []);
});

test('what is handed to another program is not followed', (t) => {
  const node = nodeWithRules({ filter: ['-A FORWARD -j NFQUEUE --queue-num 3'] });
  t.like(one(node.receive(toPod, 'eth0')), { result: 'queued', drop: null });
});

test('ICMP: a query is new, its answer of its connection, an answer alone invalid', (t) => {
  const node = nodeWithRules({
    nat: ['-A PREROUTING -d 198.51.100.10/32 -j DNAT --to-destination 10.244.1.10'],
    filter: ['-A FORWARD -m conntrack --ctstate INVALID -j DROP'],
  });
  const echo = {
    source: '203.0.113.9',
    destination: '198.51.100.10',
    protocol: 'icmp',
    icmp: { type: 8, code: 0 },
  };
  const request = one(node.receive(echo, 'eth0'));
  t.is(request.packet.destination.text, '10.244.1.10');
  const answer = { ...echo, source: '10.244.1.10', destination: '203.0.113.9', icmp: { type: 0, code: 0 } };
  t.is(one(node.receive(answer, 'cni0', [request.connection!])).packet.source.text, '198.51.100.10');
  t.is(one(node.receive(answer, 'cni0')).result, 'dropped');
  const error = one(node.receive({ ...answer, icmp: { type: 3, code: 1 } }, 'cni0'));
  t.is(error.result, 'forward');
  t.regex(error.unknown[0]!, /the state of an ICMP error/);
});

test('IPv6 neighbour discovery is not tracked', (t) => {
  const node = nodeWith({
    'ip6tables-save.txt': saved({ filter: ['-A INPUT -m conntrack --ctstate INVALID -j DROP'] }),
  });
  const question = {
    source: 'fd00:1::1',
    destination: 'fd00:1::10',
    protocol: 'ipv6-icmp',
    icmp: { type: 135, code: 0 },
  };
  const passage = one(node.receive(question, 'eth0'));
  t.is(passage.result, 'local');
  t.true(passage.packet.untracked);
});

test('missing rule files are said with every passage', (t) => {
  const [passage] = nodeWith({}).receive(toPod, 'eth0');
  t.deepEqual(passage!.unknown, [
    'iptables-save.txt and nft.json are missing: no translation or filter is known',
  ]);
  t.is(passage!.result, 'forward');
  const half = nodeWith({ 'iptables-save.txt': "# Table `kube-proxy' is incompatible, use 'nft' tool.\n" });
  t.regex(
    half.receive(toPod, 'eth0')[0]!.unknown[0]!,
    /^nft\.json is missing: iptables-save\.txt says that there are tables/,
  );
  const empty = nodeWith({ 'iptables-save.txt': '' }).receive(toPod, 'eth0')[0]!;
  t.deepEqual(empty.unknown, [
    'iptables-save.txt and nft.json are empty or missing: no translation or filter is known',
  ]);
  const none = { 'iptables-save.txt': '', 'nft.json': '{"nftables": []}' };
  t.deepEqual(nodeWith(none).receive(toPod, 'eth0')[0]!.unknown, []);
});

test("iptables-nft's tables in nft.json give way to iptables-save, others stay", (t) => {
  const table = (name: string, chain: string, expr: unknown[]) => [
    { table: { family: 'ip', name, handle: 1 } },
    {
      chain: {
        family: 'ip',
        table: name,
        name: chain,
        handle: 1,
        type: 'filter',
        hook: 'forward',
        prio: 0,
        policy: 'accept',
      },
    },
    { rule: { family: 'ip', table: name, chain, handle: 2, expr } },
  ];
  const nft = JSON.stringify({
    nftables: [
      ...table('filter', 'FORWARD', [{ xt: { type: 'target', name: 'REJECT' } }]),
      ...table('mine', 'forward', [
        { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'dport' } }, right: 8080 } },
        { drop: null },
      ]),
    ],
  });
  const both = nodeWith({
    'iptables-save.txt': saved({ filter: ['-A FORWARD -s 10.9.9.9/32 -j DROP'] }),
    'nft.json': nft,
  });
  const passage = one(both.receive(toPod, 'eth0'));
  t.deepEqual(passage.unknown, []);
  t.like(passage.drop, { by: 'netfilter', chain: 'nft ip mine forward' });
  t.is(one(both.receive({ ...toPod, destinationPort: 9 }, 'eth0')).result, 'forward');
  const alone = one(nodeWith({ 'nft.json': nft }).receive({ ...toPod, destinationPort: 9 }, 'eth0'));
  t.is(alone.unknown.length, 1, 'an opaque rule is said');
});

test('addresses that are none, or of two families, are refused', (t) => {
  t.throws(() => translating.receive({ ...toPod, destination: 'pod' }, 'eth0'), { instanceOf: RangeError });
  t.throws(() => translating.receive({ ...toPod, destination: 'fd00::1' }, 'eth0'), {
    instanceOf: RangeError,
  });
});

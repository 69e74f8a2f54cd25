import test from 'ava';
import { nodeWith } from './node.js';

const toVip = { source: '203.0.113.9', protocol: 'tcp', sourcePort: 40000, destination: '198.51.100.10' };
const toPod = { ...toVip, destination: '10.244.1.10', destinationPort: 8080 };

/** As `nft -a list ruleset` prints it. */
const listing = (hook: string, rule: string, family = 'netdev') =>
  [
    `table ${family} t { # handle 1`,
    '\tchain c { # handle 1',
    `\t\ttype filter hook ${hook} priority filter; policy accept;`,
    `\t\t${rule} # handle 2`,
    '\t}',
    '}',
    '',
  ].join('\n');

const withRule = (hook: string, rule: string, family?: string) =>
  nodeWith({ 'nft.txt': listing(hook, rule, family) });

const drops = (path: ReturnType<typeof nodeWith>, question = toPod) =>
  path.receive(question, 'eth0').map(({ drop }) => {
    return drop?.by === 'netfilter' ? `${drop.hook} ${drop.chain} ${drop.rule?.text}` : drop;
  });

test('a chain at the device that the packet comes in by drops it before anything is translated or routed', (t) => {
  const path = withRule('ingress device "eth0"', 'tcp dport 8080 drop');
  const [passage] = path.receive(toPod, 'eth0');
  t.like(passage, { result: 'dropped', verdict: null, connection: null, unknown: [] });
  t.deepEqual(drops(path), ['ingress nft netdev t c tcp dport 8080 drop (handle 2)']);
  t.deepEqual(drops(withRule('ingress device "eth0"', 'tcp dport 8080 drop', 'inet')), [
    'ingress nft inet t c tcp dport 8080 drop (handle 2)',
  ]);
});

test('another port, another device, or a VLAN tag: it passes, and nothing is in doubt', (t) => {
  for (const [hook, rule] of [
    ['ingress device "eth0"', 'tcp dport 81 drop'],
    ['ingress device "eth1"', 'tcp dport 8080 drop'],
    ['ingress devices = { eth1, cni0 }', 'tcp dport 8080 drop'],
    ['ingress device "eth0"', 'vlan id 5 drop'],
    ['egress device "eth0"', 'tcp dport 8080 drop'],
  ] as const) {
    t.like(withRule(hook, rule).receive(toPod, 'eth0')[0], { result: 'forward', unknown: [] }, hook);
  }
});

test('one of several devices, and names that end in an asterisk', (t) => {
  for (const hook of ['ingress devices = { eth1, eth0 }', 'ingress device "eth*"']) {
    t.is(drops(withRule(hook, 'tcp dport 8080 drop')).length, 1, hook);
    t.not(drops(withRule(hook, 'tcp dport 8080 drop'))[0], null, hook);
  }
});

test('egress drops what leaves by its device, forwarded or own, after translation', (t) => {
  const forwarded = withRule('egress device "cni0"', 'ip daddr 10.244.1.10 tcp dport 8080 drop');
  t.deepEqual(drops(forwarded), [
    'egress nft netdev t c ip daddr 10.244.1.10 tcp dport 8080 drop (handle 2)',
  ]);
  t.is(forwarded.receive(toPod, 'eth0')[0]!.verdict?.dev, 'cni0');
  const [own] = withRule('egress device "eth0"', 'tcp sport 80 drop').send({
    source: '192.168.1.10',
    sourcePort: 80,
    destination: '203.0.113.9',
    destinationPort: 40000,
    protocol: 'tcp',
    tcp: 'syn-ack',
  });
  t.like(own, { result: 'dropped', hops: [] });
});

test('a listing that names no device: the packet passes, and what the chain would do is a doubt', (t) => {
  const chain = { family: 'netdev', table: 't', name: 'c' };
  const nft = (port: number) => {
    const left = { payload: { protocol: 'tcp', field: 'dport' } };
    const expr = [{ match: { op: '==', left, right: port } }, { drop: null }];
    return JSON.stringify({
      nftables: [
        { chain: { ...chain, type: 'filter', hook: 'ingress', prio: 0, policy: 'accept' } },
        { rule: { family: 'netdev', table: 't', chain: 'c', handle: 2, expr } },
      ],
    });
  };
  const [passage] = nodeWith({ 'nft.json': nft(8080) }).receive(toPod, 'eth0');
  t.is(passage!.result, 'forward');
  t.deepEqual(passage!.unknown, [
    'nft.json: the chain netdev t c hangs at a device that nft.json does not name (`nft -a list ruleset > nft.txt` does): its rule "tcp dport 8080 drop (handle 2)" is taken not to meet the packet',
  ]);
  t.deepEqual(passage!.unknownDrops, passage!.unknown);
  t.deepEqual(nodeWith({ 'nft.json': nft(81) }).receive(toPod, 'eth0')[0]!.unknown, []);
});

test('a chain at a port of the bridge that the packet comes in by may be on its way, or not', (t) => {
  const links = ['cni0', 'veth0', 'veth1'].map((ifname, i) => ({
    ifname,
    ifindex: i + 1,
    flags: ['UP', 'LOWER_UP'],
    link_type: 'ether',
    address: `02:00:00:00:01:0${i}`,
    ...(ifname === 'cni0' ? { linkinfo: { info_kind: 'bridge' } } : { master: 'cni0' }),
  }));
  const answer = { ...toVip, source: '10.244.1.10', sourcePort: 8080, destination: '203.0.113.9' };
  const unknown = (device: string) =>
    nodeWith({
      'ip-link.json': JSON.stringify(links),
      'nft.txt': listing(`ingress device "${device}"`, 'tcp sport 8080 drop'),
    }).receive({ ...answer, destinationPort: 40000, tcp: 'syn-ack' }, 'cni0')[0]!.unknown;
  t.regex(unknown('veth1')[0]!, /hangs at veth1, below cni0: its rule "tcp sport 8080 drop/);
  t.deepEqual(unknown('eth1'), []);
});

import test, { type ExecutionContext } from 'ava';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { KernelModel } from '../../../src/kernel/model.js';
import { PacketPath } from '../../../src/kernel/netfilter/packet-path.js';
import type { Passage } from '../../../src/kernel/netfilter/passage.js';
import { testInNamespaces } from '../../gates.js';
import { liveListing, recordedListing, ruleText } from './nft-listing.js';

// A node with the outside on eth0 and its pods behind cni0, and the Services of fixtures/netfilter/kube-proxy.nft.
const device = (ifname: string, ifindex: number, local: string) => ({
  ifname,
  ifindex,
  flags: ['UP', 'LOWER_UP'],
  link_type: 'ether',
  address: `02:00:00:00:00:0${ifindex}`,
  addr_info: [{ family: 'inet', local, prefixlen: 24, scope: 'global' }],
});
const DEVICES = [device('eth0', 2, '192.168.0.2'), device('cni0', 3, '10.180.0.254')];
const ROUTES = [
  { dst: 'default', gateway: '192.168.0.1', dev: 'eth0' },
  { dst: '192.168.0.0/24', dev: 'eth0', prefsrc: '192.168.0.2' },
  { dst: '10.180.0.0/24', dev: 'cni0', prefsrc: '10.180.0.254' },
  { type: 'local', dst: '192.168.0.2', dev: 'eth0', table: 'local' },
  { type: 'local', dst: '10.180.0.254', dev: 'cni0', table: 'local' },
];

const RULES = [
  { priority: 0, src: 'all', table: 'local' },
  { priority: 32766, src: 'all', table: 'main' },
  { priority: 32767, src: 'all', table: 'default' },
];
const SETTINGS = ['forwarding = 1', 'rp_filter = 0', 'accept_local = 0', 'send_redirects = 0'];
const SYSCTL = ['all', 'default', 'lo', 'eth0', 'cni0']
  .flatMap((name) => SETTINGS.map((setting) => `net.ipv4.conf.${name}.${setting}`))
  .join('\n');

function pathOf(nft: unknown): PacketPath {
  const files = new Map([
    ['ip-addr.json', JSON.stringify(DEVICES)],
    ['ip-link.json', JSON.stringify(DEVICES)],
    ['ip-route.json', JSON.stringify(ROUTES)],
    ['ip-rule.json', JSON.stringify(RULES)],
    ['sysctl.txt', SYSCTL],
    ['nft.json', JSON.stringify(nft)],
  ]);
  return new PacketPath(new KernelModel(readSnapshot(files, 'node1', null, 'node1')));
}

/** `forward SOURCE to DESTINATION:PORT`, or how it ends. */
function told(passage: Passage): string {
  const { result, drop, packet } = passage;
  if (drop?.by === 'netfilter') return `${drop.answer ?? 'drop'} in ${drop.chain}`;
  return `${result} ${packet.source.text} to ${packet.destination.text}:${packet.destinationPort} mark ${packet.mark}`;
}

const CLIENT = '203.0.113.2';
const POD = '10.180.0.9';
const NODE = '192.168.0.2';

const cases: [what: string, source: string, destination: string, port: number, becomes: string[]][] = [
  ['a pod to a ClusterIP', POD, '172.30.0.41', 80, [`forward ${POD} to 10.180.0.1:80 mark 0`]],
  [
    'a backend to its own ClusterIP is masqueraded',
    '10.180.0.1',
    '172.30.0.41',
    80,
    ['forward 10.180.0.254 to 10.180.0.1:80 mark 0'],
  ],
  [
    'a pod to an external address is not masqueraded',
    POD,
    '192.168.99.33',
    80,
    [`forward ${POD} to 10.180.0.4:80 mark 0`, `forward ${POD} to 10.180.0.5:80 mark 0`],
  ],
  [
    'a client to an external address is masqueraded',
    CLIENT,
    '192.168.99.33',
    80,
    ['forward 10.180.0.254 to 10.180.0.4:80 mark 0', 'forward 10.180.0.254 to 10.180.0.5:80 mark 0'],
  ],
  ['within the source ranges', CLIENT, '192.0.2.5', 80, ['forward 10.180.0.254 to 10.180.0.3:80 mark 0']],
  [
    'out of the source ranges',
    '203.0.113.130',
    '192.0.2.5',
    80,
    ['drop in nft ip kube-proxy firewall-HVFWP5L3-ns5/svc5/tcp/p80'],
  ],
  [
    'a node port, whatever the source',
    '203.0.113.130',
    NODE,
    3002,
    ['forward 10.180.0.254 to 10.180.0.3:80 mark 0'],
  ],
  [
    'a node port without a backend',
    CLIENT,
    NODE,
    3001,
    ['drop in nft ip kube-proxy nodeport-endpoints-check'],
  ],
  [
    'a Service without a backend',
    POD,
    '172.30.0.46',
    80,
    ['icmp-port-unreachable in nft ip kube-proxy reject-chain'],
  ],
  [
    'another port of a ClusterIP',
    POD,
    '172.30.0.41',
    443,
    ['icmp-port-unreachable in nft ip kube-proxy cluster-ips-check'],
  ],
  ['a ClusterIP of nobody', POD, '172.30.0.50', 80, ['drop in nft ip kube-proxy cluster-ips-check']],
  ['no Service at all', POD, CLIENT, 80, [`forward ${POD} to ${CLIENT}:80 mark 0`]],
];

function check(t: ExecutionContext, nft: unknown): void {
  const path = pathOf(nft);
  for (const [what, source, destination, destinationPort, becomes] of cases) {
    const iif = source === POD || source.startsWith('10.180.') ? 'cni0' : 'eth0';
    const question = {
      source,
      destination,
      protocol: 'tcp',
      sourcePort: 40000,
      destinationPort,
      tcp: 'syn' as const,
    };
    const passages = path.receive(question, iif);
    t.deepEqual(passages.map(told).sort(), becomes, what);
    t.true(
      passages.every(({ chance }) => Math.abs(chance - 1 / becomes.length) < 1e-9),
      what,
    );
  }
}

test("kube-proxy's rules are followed to the backend", (t) => check(t, recordedListing('kube-proxy')));

testInNamespaces('nft')("kube-proxy's rules, as the nft of this machine lists them", async (t) => {
  const { json } = await liveListing(ruleText('kube-proxy'));
  check(t, json);
});

test('the passage tells which rules made what of the packet', (t) => {
  const path = pathOf(recordedListing('kube-proxy'));
  const [passage] = path.receive(
    {
      source: CLIENT,
      destination: '192.168.99.33',
      protocol: 'tcp',
      sourcePort: 40000,
      destinationPort: 80,
      tcp: 'syn',
    },
    'eth0',
  );
  const steps = passage!.steps
    .filter(({ source }) => source !== null)
    .map(({ at, text, source }) => `${at}: ${text}: ${source!.text}`);
  t.deepEqual(
    steps.map((line) => line.replace(/\(handle \d+\)/, '').trim()),
    [
      'prerouting: mark becomes 0x4000: meta mark set meta mark | 0x4000',
      'prerouting: 192.168.99.33:80 becomes 10.180.0.4:80 (random 1 of 2): meta l4proto tcp dnat to 10.180.0.4:80',
      'postrouting: mark becomes 0x0: meta mark set meta mark ^ 0x4000',
      'postrouting: 203.0.113.2:40000 becomes 10.180.0.254:40000: masquerade fully-random',
    ],
  );
  t.deepEqual(passage!.unknown, []);
});

test('session affinity is told to change with traffic', (t) => {
  const path = pathOf(recordedListing('kube-proxy'));
  const passages = path.receive(
    {
      source: POD,
      destination: '172.30.0.45',
      protocol: 'tcp',
      sourcePort: 40000,
      destinationPort: 80,
      tcp: 'syn',
    },
    'cni0',
  );
  t.deepEqual(passages.map(told), [`forward ${POD} to 10.180.0.3:80 mark 0`]);
  t.is(passages[0]!.unknown.length, 1);
  t.regex(passages[0]!.unknown[0]!, /affinity-GTK6MW7G\S* change with traffic: taken as listed$/);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { type Announcement, readAnnouncements } from '../../src/ingest/kube/announcements.js';
import { readMetalLB } from '../../src/ingest/kube/metallb.js';
import { emptySnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { arpReply } from '../../src/kernel/neighbour/arp-reply.js';
import { prepare } from '../../src/kernel/state.js';
import type { Link, Snapshot } from '../../src/model/snapshot.js';
import { speakerAnswer, speakerInterfaces } from '../../src/network/metallb-speaker.js';
import { arpRequest, readArpReply } from '../kernel/neighbour/frames.js';
import { testOnSegment } from '../kernel/neighbour/gate.js';
import { Segment } from '../kernel/neighbour/segment.js';

const VIP = '192.168.1.240';
const link = (name: string, more: Partial<Link> = {}): Link => ({
  ifindex: 1,
  name,
  mac: '02:00:00:00:00:01',
  flags: ['BROADCAST', 'UP', 'LOWER_UP'],
  operState: 'UP',
  mtu: 1500,
  group: 'default',
  type: 'ether',
  kind: null,
  master: null,
  lower: null,
  vxlan: null,
  vlanId: null,
  ...more,
});
const snapshot: Snapshot = {
  ...emptySnapshot('node1', null, ''),
  links: [
    link('lo', { flags: ['LOOPBACK', 'UP'] }),
    link('br0', { kind: 'bridge' }),
    link('eth0', { master: 'br0' }),
    link('eth1'),
    link('eth2', { flags: ['BROADCAST'] }),
    link('wg0', { flags: ['POINTOPOINT', 'NOARP', 'UP'] }),
    link('vethabc'),
    link('flannel.1'),
  ],
  addresses: [
    {
      interface: 'eth1',
      address: 'fe80::1',
      prefixLength: 64,
      peer: null,
      broadcast: null,
      scope: 'link',
      flags: [],
    },
  ],
};
const object = (kind: string, name: string, spec: object, labels: object = {}) => ({
  kind,
  metadata: { name, labels },
  spec,
});
const excluded = {
  kind: 'ConfigMap',
  metadata: { name: 'metallb-excludel2' },
  data: { 'excludel2.yaml': 'announcedInterfacesToExclude: ["^veth.*", "^flannel.*", "^lo$"]' },
};
const pool = object('IPAddressPool', 'lan', { addresses: ['192.168.1.240-192.168.1.250'] });
const metallbOf = (...items: object[]) =>
  readMetalLB(new Map([['all.json', { items: [excluded, pool, ...items] }]]));
const everywhere = metallbOf(object('L2Advertisement', 'all', {}));

const announcement = (more: Partial<Announcement> = {}): Announcement => ({
  service: 'default/web',
  addresses: [VIP, 'fd00::240'],
  node: 'node1',
  interfaces: null,
  interfacesKnown: false,
  since: null,
  source: 'a log',
  ...more,
});
const ask = (metallb = everywhere, told = announcement(), more: object = {}) =>
  speakerAnswer(metallb, [told], {
    snapshot,
    node: 'node1',
    interface: 'eth1',
    target: VIP,
    sender: '192.168.1.1',
    ...more,
  });

test('where a speaker listens', (t) => {
  t.deepEqual(speakerInterfaces(snapshot, everywhere, 4), { names: ['br0', 'eth1'], unknown: [] });
  t.deepEqual(speakerInterfaces(snapshot, everywhere, 6).names, ['eth1']);
  const assumed = speakerInterfaces(snapshot, readMetalLB(new Map()), 4);
  t.deepEqual(assumed.names, ['br0', 'eth1']);
  t.regex(assumed.unknown[0]!, /metallb-excludel2 is not in kube/);
});

test('the announcing node answers, and no other', (t) => {
  t.like(ask(), { answers: true, mac: '02:00:00:00:00:01', unknown: [] });
  t.is(ask(everywhere, announcement({ node: 'node2' })), null);
  t.is(ask(everywhere, announcement({ node: null })), null);
  t.is(ask(everywhere, announcement(), { target: '192.168.1.241' }), null);
});

test('not where it does not listen: on a port, by an excluded name', (t) => {
  for (const name of ['eth0', 'eth2', 'vethabc'])
    t.false(ask(everywhere, announcement(), { interface: name })!.answers);
  t.true(ask(everywhere, announcement(), { interface: 'br0' })!.answers);
});

test('the interfaces of a status, else of all advertisements for the node together', (t) => {
  t.false(ask(everywhere, announcement({ interfacesKnown: true, interfaces: ['br0'] }))!.answers);
  t.true(ask(everywhere, announcement({ interfacesKnown: true, interfaces: ['eth1'] }))!.answers);
  const on = (name: string, spec: object) => object('L2Advertisement', name, spec);
  const node = object('Node', 'node1', {}, { rack: '1' });
  const br0 = on('a', { interfaces: ['br0'] });
  t.false(ask(metallbOf(br0))!.answers);
  const rack = (value: string) => ({
    interfaces: ['eth1'],
    nodeSelectors: [{ matchLabels: { rack: value } }],
  });
  t.true(ask(metallbOf(br0, on('b', rack('1')), node))!.answers);
  t.false(ask(metallbOf(br0, on('b', rack('2')), node))!.answers);
  t.regex(ask(metallbOf(br0, on('b', rack('2'))))!.unknown[0]!, /labels of node1 are not in kube/);
  t.false(ask(metallbOf(br0, on('b', { ipAddressPools: ['other'] })))!.answers);
  t.true(ask(metallbOf(br0, on('b', {})))!.answers);
});

test('duplicate address detection gets no answer for want of a link-layer address', (t) => {
  const target = 'fd00::240';
  t.false(ask(everywhere, announcement(), { target, sender: '::' })!.answers);
  t.true(ask(everywhere, announcement(), { target, sender: 'fe80::9' })!.answers);
  t.true(ask(everywhere, announcement(), { sender: '0.0.0.0' })!.answers);
});

testOnSegment()(
  'a speaker answers where the kernel must not: arp_ignore is none of its concern',
  async (t) => {
    const segment = new Segment();
    const { node, peer } = segment;
    let speaker: ReturnType<typeof spawn> | null = null;
    try {
      segment.ip(node, [
        'link set lo up',
        `link add e0 type veth peer name e0 netns ${peer}`,
        'link set e0 up',
        'addr add 192.168.1.10/24 dev e0',
      ]);
      segment.ip(peer, ['link set e0 up']);
      await segment.start(new Map([['e0', { from: '192.168.1.9', to: '192.168.1.10', by: 'e0' }]]));
      await segment.set([['net.ipv4.conf.all.arp_ignore', 8]]);
      const real = segment.snapshot();
      const answers = async (target: string) => {
        const seen = await segment.ask([
          { device: 'e0', frame: arpRequest(segment.macOf('e0'), '192.168.1.9', target) },
        ]);
        return (
          seen
            .flatMap(({ frame }) => readArpReply(frame) ?? [])
            // A late answer may be to the question before.
            .filter((told) => told.to === '192.168.1.9' && told.target === target)
        );
      };
      t.deepEqual(await answers(VIP), []);
      const script = fileURLToPath(new URL('../lab/actors/speaker.js', import.meta.url));
      const mac = segment.nodeMacOf('e0');
      speaker = spawn('ip', ['netns', 'exec', node, process.execPath, script, 'e0', VIP, mac], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(speaker.stdout!, 'data');
      const metallb = readMetalLB(
        new Map<string, unknown>([
          [
            'status.json',
            {
              kind: 'ServiceL2Status',
              status: { node: 'node1', serviceName: 'web', serviceNamespace: 'default' },
            },
          ],
          [
            'service.json',
            {
              kind: 'Service',
              metadata: { name: 'web', namespace: 'default' },
              spec: { type: 'LoadBalancer' },
              status: { loadBalancer: { ingress: [{ ip: VIP }] } },
            },
          ],
        ]),
      );
      const question = { interface: 'e0', target: VIP, sender: '192.168.1.9' };
      const model = speakerAnswer(metallb, readAnnouncements(metallb, []), {
        snapshot: real,
        node: 'node1',
        ...question,
      });
      t.false(arpReply(prepare(real), question).answers);
      t.true(model!.answers);
      let told = await answers(VIP);
      // The speaker is a program of its own: its answer may come after the echo's.
      for (let i = 0; i < 20 && told.length === 0; i++) told = await answers(VIP);
      t.is(told[0]?.mac, model!.mac!);
      t.deepEqual(await answers('192.168.1.10'), []);
    } finally {
      speaker?.kill('SIGKILL');
      segment.remove();
    }
  },
);

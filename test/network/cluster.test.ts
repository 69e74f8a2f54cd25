import test from 'ava';
import { emptySnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { readSpeakerLogs } from '../../src/ingest/snapshot/speaker-log.js';
import type { InterfaceAddress, Link, Snapshot } from '../../src/model/snapshot.js';
import { formatTime } from '../../src/model/time.js';
import { Network } from '../../src/network/network.js';
import * as kube from '../ingest/kube/cluster.js';

const VIP = '192.168.1.240';
const WEB = kube.service('web', [VIP]);
const POOL = kube.metallb('IPAddressPool', 'lan', { addresses: ['192.168.1.240-192.168.1.250'] });
const layer2 = (name: string, spec: object = {}) => kube.metallb('L2Advertisement', name, spec);
const bgp = (name: string, spec: object = {}) => kube.metallb('BGPAdvertisement', name, spec);

/** A node on the LAN by eth0, with what else is told. */
function node(
  name: string,
  changes: Partial<Snapshot> = {},
  ...addresses: Partial<InterfaceAddress>[]
): Snapshot {
  const link = (ifindex: number, device: string, kind: string | null): Link => ({
    ...{ ifindex, name: device, mac: `02:00:00:00:00:0${ifindex}`, flags: ['BROADCAST', 'UP', 'LOWER_UP'] },
    ...{ operState: 'UP', mtu: 1500, group: 'default', type: 'ether', kind, master: null, lower: null },
    ...{ vxlan: null, vlanId: null },
  });
  const own = { interface: 'eth0', address: `192.168.1.1${name.at(-1)}`, prefixLength: 24 };
  return {
    ...emptySnapshot(name, null, name),
    links: [link(1, 'eth0', null), link(2, 'dummy0', 'dummy')],
    addresses: [own, ...addresses].map((address) => ({
      ...{ interface: 'eth0', address: VIP, prefixLength: 32, peer: null, broadcast: null },
      ...{ scope: 'global', flags: [] },
      ...address,
    })),
    ...changes,
  };
}

const objects = (...items: object[]) => ({ kube: new Map([['all.json', kube.listOf(...items)]]) });
const logs = (...files: [string, string[]][]) => ({
  speakerLogs: files.flatMap(([name, lines]) =>
    readSpeakerLogs(lines.join('\n'), `kube/${name}.log`, () => {}),
  ),
});
const clusterOf = (...snapshots: Snapshot[]) => Network.of(snapshots).cluster;
const announced = (version: string, ts: string, protocol?: string) =>
  kube.ANNOUNCED[version]!('default/web', VIP, ts, protocol);

test('pool and advertisements that fit, by name and by selectors of the Service', (t) => {
  const labelled = kube.service('web', [VIP], { metadata: { labels: { tier: 'front' } } });
  const selecting = (tier: string) => ({ serviceSelectors: [{ matchLabels: { tier } }] });
  const fitting = layer2('front', selecting('front'));
  const others = [layer2('other-pool', { ipAddressPools: ['dmz'] }), layer2('back', selecting('back'))];
  const announcements = clusterOf(node('n1', objects(labelled, POOL, fitting, ...others))).announcements(VIP);
  t.like(announcements, { means: ['metallb-l2'], pool: 'lan', advertisements: ['front'], announcers: [] });
});

test('by BGP alone nobody is asked for it on a link; by both, and where nothing tells, it may be', (t) => {
  const asked = (...items: object[]) => {
    const cluster = clusterOf(node('n1', objects(WEB, POOL, ...items)));
    return [cluster.announcedBy(VIP).join(), cluster.isAskedFor(VIP)];
  };
  t.deepEqual(asked(layer2('a')), ['metallb-l2', true]);
  t.deepEqual(asked(bgp('a')), ['metallb-bgp', false]);
  t.deepEqual(asked(bgp('a'), layer2('b')), ['metallb-l2,metallb-bgp', true]);
  t.deepEqual(asked(bgp('a', { ipAddressPools: ['dmz'] })), ['', null]);
  t.deepEqual(asked(), ['', null]);
  const status = { node: 'n1', serviceName: 'web', serviceNamespace: 'default', peers: ['router-a'] };
  t.deepEqual(asked(kube.metallb('ServiceBGPStatus', 'bgp-x', {}, status)), ['metallb-bgp', false]);
});

test("MetalLB before 0.13: the protocol is the pool's, in a ConfigMap or an AddressPool", (t) => {
  const map = (protocol: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'config', namespace: 'metallb-system' },
    data: {
      config: `peers:\n- my-asn: 64500\n  peer-asn: 64501\n  peer-address: 10.0.0.1\naddress-pools:\n- name: old\n  protocol: ${protocol}\n  addresses:\n  - 192.168.1.240/28\n`,
    },
  });
  const old = { kind: 'AddressPool', metadata: { name: 'old', namespace: 'metallb-system' } };
  const crd = { ...old, spec: { protocol: 'bgp', addresses: ['192.168.1.240/28'] } };
  const of = (item: object) => clusterOf(node('n1', objects(WEB, item))).announcements(VIP);
  t.like(of(map('layer2')), { means: ['metallb-l2'], pool: 'old', advertisements: ['old'] });
  t.like(of(map('bgp')), { means: ['metallb-bgp'], pool: 'old' });
  t.like(of(crd), { means: ['metallb-bgp'], pool: 'old' });
  t.like(of(map('carrier-pigeon')), { means: [], pool: null });
});

for (const version of Object.keys(kube.ANNOUNCED)) {
  test(`the log of a speaker ${version}: announcements are counted by node, hand-overs have a time`, (t) => {
    const [begin, again, later] = ['2026-02-01T10:00:00Z', '2026-02-01T10:30:00Z', '2026-02-01T11:00:00Z'];
    const first = [...kube.speakerStart('n1'), announced(version, begin), announced(version, again)];
    const second = [...kube.speakerStart('n2'), announced(version, later)];
    const cluster = clusterOf(
      node('n1', {
        ...objects(WEB),
        ...logs(['a', [...first, kube.withdrawn('default/web', later)]], ['b', second]),
      }),
    );
    const { announcers, handOvers, means } = cluster.announcements(VIP);
    t.deepEqual(means, ['metallb-l2']);
    t.deepEqual(
      announcers.map(({ node: name, count, current }) => [name, count, current]),
      [
        ['n1', 2, false],
        ['n2', 1, true],
      ],
    );
    const seconds = (time: bigint | null) => formatTime(time!).slice(0, 19);
    t.deepEqual(
      announcers.map(({ firstTime, lastTime }) => [seconds(firstTime), seconds(lastTime)]),
      [
        [begin.slice(0, 19), again.slice(0, 19)],
        [later.slice(0, 19), later.slice(0, 19)],
      ],
    );
    t.deepEqual(
      handOvers.map(({ time, from, to }) => [seconds(time), from, to]),
      [[later.slice(0, 19), 'n1', 'n2']],
    );
  });
}

test('two logs that both end announcing tell nobody who does now; a status does', (t) => {
  const both = logs(
    ['a', [...kube.speakerStart('n1'), announced('0.15', '2026-02-01T10:00:00Z')]],
    ['b', [...kube.speakerStart('n2'), announced('0.15', '2026-02-01T11:00:00Z')]],
  );
  const current = (...items: object[]) =>
    clusterOf(node('n1', { ...objects(WEB, ...items), ...both }))
      .announcements(VIP)
      .announcers.map((one) => [one.node, one.interface, one.current]);
  t.deepEqual(current(), [
    ['n1', null, null],
    ['n2', null, null],
  ]);
  t.deepEqual(current(kube.l2Status('web', 'n2', ['eth0'])), [
    ['n1', null, false],
    ['n2', 'eth0', true],
  ]);
});

test("a speaker's log that does not go back to its start is its pod's", (t) => {
  const lines = [announced('0.15', '2026-02-01T10:00:00Z')];
  const [one] = clusterOf(node('n1', { ...objects(WEB), ...logs(['speaker-x7k', lines]) })).announcements(
    VIP,
  ).announcers;
  t.is(one!.node, 'pod speaker-x7k');
});

test('announced by BGP, all nodes announce it at once', (t) => {
  const of = (name: string): [string, string[]] => [
    name,
    [...kube.speakerStart(name), announced('0.15', '2026-02-01T10:00:00Z', 'bgp')],
  ];
  const { means, announcers, handOvers } = clusterOf(
    node('n1', { ...objects(WEB), ...logs(of('n1'), of('n2')) }),
  ).announcements(VIP);
  t.deepEqual([means, handOvers], [['metallb-bgp'], []]);
  t.deepEqual(
    announcers.map((one) => one.current),
    [true, true],
  );
});

const KUBE_VIP = (settings: Record<string, string>) => ({
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  metadata: { name: 'kube-vip-ds', namespace: 'kube-system' },
  spec: {
    template: {
      spec: {
        containers: [
          {
            args: ['manager'],
            env: Object.entries(settings).map(([name, value]) => ({ name, value })),
            image: 'ghcr.io/kube-vip/kube-vip:v0.8.7',
            name: 'kube-vip',
          },
        ],
        hostNetwork: true,
      },
    },
  },
});
const lease = (namespace: string, name: string, holderIdentity: string) => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace },
  spec: {
    acquireTime: '2026-02-01T10:00:00.000000Z',
    holderIdentity,
    leaseDurationSeconds: 5,
    leaseTransitions: 2,
    renewTime: '2026-02-01T12:00:00.123456Z',
  },
});
const ENABLED = { vip_arp: 'true', svc_enable: 'true', vip_interface: 'eth0' };

test('kube-vip: by the lease of the Service, of all Services, or by what the Service is annotated with', (t) => {
  const of = (...items: object[]) => {
    const { means, announcers } = clusterOf(node('n1', objects(...items))).announcements(VIP);
    return [means.join(), ...announcers.map((one) => `${one.node} ${one.interface}`)];
  };
  const daemons = KUBE_VIP(ENABLED);
  const shared = lease('kube-system', 'plndr-svcs-lock', 'n3');
  t.deepEqual(of(WEB, daemons, lease('default', 'kubevip-web', 'n2'), shared), ['kube-vip', 'n2 eth0']);
  t.deepEqual(of(WEB, daemons, shared), ['kube-vip', 'n3 eth0']);
  const annotations = { 'kube-vip.io/loadbalancerIPs': VIP, 'kube-vip.io/vipHost': 'n4' };
  t.deepEqual(of(kube.service('web', [VIP], { metadata: { annotations } })), ['kube-vip', 'n4 null']);
  t.deepEqual(of(WEB, KUBE_VIP({ ...ENABLED, vip_arp: 'false', bgp_enable: 'true' })), ['kube-vip-bgp']);
  // There for the control plane alone: MetalLB has the Services.
  t.deepEqual(of(WEB, KUBE_VIP({ vip_arp: 'true', svc_enable: 'false' }), shared), ['']);
  t.deepEqual(of(WEB, POOL, layer2('all'), daemons, shared), ['metallb-l2']);
});

test("kube-vip's address for the control plane is no Service's", (t) => {
  const cluster = clusterOf(
    node(
      'n1',
      objects(KUBE_VIP({ address: VIP, cp_enable: 'true' }), lease('kube-system', 'plndr-cp-lock', 'n2')),
    ),
  );
  t.like(cluster.announcements(VIP), { means: ['kube-vip'], announcers: [{ node: 'n2', current: true }] });
  t.deepEqual(cluster.announcedBy('192.168.1.241'), []);
});

test('an address on an interface: whose it is, as far as it is told', (t) => {
  const of = (...snapshots: Snapshot[]) => {
    const { means, announcers } = clusterOf(...snapshots).announcements(VIP);
    return [means.join(), ...announcers.map((one) => `${one.node} ${one.interface}`)];
  };
  for (const protocol of ['keepalived', '18', '0x12']) {
    t.deepEqual(of(node('n1'), node('n2', {}, { protocol })), ['keepalived', 'n2 eth0']);
  }
  t.deepEqual(of(node('n1', {}, {})), ['interface-address', 'n1 eth0']);
  t.deepEqual(of(node('n1', objects(WEB, KUBE_VIP(ENABLED)), {})), ['kube-vip', 'n1 eth0']);
  t.deepEqual(of(node('n1', objects(WEB, kube.node('n1', VIP)), {})), ['node-address', 'n1 eth0']);
  // A real server behind a load balancer in direct routing mode has it so, and announces nothing.
  t.deepEqual(of(node('n1', {}, { interface: 'dummy0' })), ['']);
});

test("kube-proxy's mode: the ConfigMap's, else by the traces that all nodes agree on", (t) => {
  const iptables = { iptables: '*nat\n:KUBE-SERVICES - [0:0]\n:KUBE-SVC-ABC - [0:0]\nCOMMIT\n' };
  const ipvs = {
    links: node('x').links!.map((link) => (link.name === 'dummy0' ? { ...link, name: 'kube-ipvs0' } : link)),
  };
  const nftables = { nft: { nftables: [{ metainfo: {} }, { table: { family: 'ip', name: 'kube-proxy' } }] } };
  const mode = (...snapshots: Snapshot[]) => clusterOf(...snapshots).kubeProxy;
  t.deepEqual(mode(node('n1', iptables), node('n2')), { mode: 'iptables', strictARP: null });
  t.deepEqual(mode(node('n1', ipvs)), { mode: 'ipvs', strictARP: null });
  t.deepEqual(mode(node('n1', nftables)), { mode: 'nftables', strictARP: null });
  t.deepEqual(mode(node('n1', iptables), node('n2', ipvs)), { mode: null, strictARP: null });
  t.deepEqual(mode(node('n1')), { mode: null, strictARP: null });
  // In IPVS mode it makes KUBE-SERVICES as well.
  t.is(mode(node('n1', { iptables: '*nat\n:KUBE-SERVICES - [0:0]\nCOMMIT\n' })).mode, null);
  const configured = { ...iptables, ...objects(kube.kubeProxyConfigMap('ipvs', true)) };
  t.deepEqual(mode(node('n1', configured)), { mode: 'ipvs', strictARP: true });
});

test('names: Services by port where they share an address, pods, nodes, and nothing where two pods claim it', (t) => {
  const pod = (name: string, podIP: string) => ({
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'n1' },
    status: { phase: 'Running', podIP },
  });
  const dns = kube.service('dns', [VIP], {
    spec: { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'], ports: [{ port: 53, protocol: 'UDP' }] },
  });
  const backends = kube.slice('web', [
    kube.endpoint('10.244.0.10', 'web-a', 'n1'),
    kube.endpoint('192.168.1.11', 'host-a', 'n1'),
  ]);
  const pods = [pod('client', '10.244.0.77'), pod('x', '10.244.0.88'), pod('y', '10.244.0.88')];
  const cluster = clusterOf(
    node('n1', objects(WEB, dns, backends, kube.node('n1', '192.168.1.11'), ...pods)),
  );
  t.is(cluster.nameOf(VIP), 'Services default/web and default/dns');
  t.is(cluster.nameOf(VIP, 53), 'Service default/dns');
  t.is(cluster.nameOf('10.96.0.9'), 'Service default/dns');
  t.is(cluster.nameOf('10.244.0.10', 8080), 'pod default/web-a');
  t.is(cluster.nameOf('10.244.0.77'), 'pod default/client');
  t.is(cluster.nameOf('10.244.0.88'), null);
  // A pod in its node's network namespace has the node's address.
  t.is(cluster.nameOf('192.168.1.11'), 'node n1');
  t.is(cluster.nameOf('10.9.9.9'), null);
});

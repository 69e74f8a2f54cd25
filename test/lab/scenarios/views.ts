/** The same faults seen by less, seen late, two at a time, or gone while the client was still trying. */
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { EDGE_OPTIONS, edge } from '../grounds/edge.js';
import { CALICO, FLANNEL } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE, FORM, TCP } from './base.js';

const RETURNING = { ...clusterOptions(FLANNEL), masquerade: false, returnPolicy: true };
const STRICT_OVERLAY = { node2: { all: 1, 'flannel.1': 1 } } as const;
const ON_OVERLAY = { cause: 'rp-filter', node: 'node2', interface: 'flannel.1' } as const;
const CALICO_CLUSTER = cluster({ ...clusterOptions(CALICO), kube: true });
const TO_BACKEND = '-d 10.42.203.77/32 -p tcp -m tcp --dport 8443';

const LESS: Scenario[] = [
  {
    ...BASE,
    name: 'one-node-missing',
    description:
      'As rp-filter-strict, with the bundle of node1 alone: what became of the request is not to be seen.',
    ground: cluster(RETURNING),
    rpFilter: STRICT_OVERLAY,
    recorded: ['node1'],
    expect: { cause: 'undetermined', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'one-node-missing-healthy',
    description: 'Its twin with rp_filter 0.',
    ground: cluster(RETURNING),
    recorded: ['node1'],
    expect: null,
  },
  {
    ...BASE,
    name: 'announcer-missing',
    description: 'As rp-filter-strict, with the bundle of node2 alone, where the request is dropped.',
    ground: cluster(RETURNING),
    rpFilter: STRICT_OVERLAY,
    logMartians: true,
    recorded: ['node2'],
    seenAs: { address: '10.244.1.10', port: 8080 },
    expect: ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'filter-tcp-port',
    description:
      "Captured with `tcp port 443`: VXLAN's outer packets are hidden, and so is the backend's port.",
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': [`iptables -A FORWARD ${TO_BACKEND} -j DROP`] },
    form: { ...FORM, filter: 'tcp port 443' },
    expect: { cause: 'filtered', node: 'worker-b', interface: 'vxlan.calico' },
  },
  {
    ...BASE,
    name: 'filter-tcp-port-healthy',
    description: 'Its twin without the rule.',
    ground: CALICO_CLUSTER,
    form: { ...FORM, filter: 'tcp port 443' },
    expect: null,
  },
  {
    ...BASE,
    name: 'filter-host-vip',
    description: 'Captured with `host VIP`: nothing is seen of the packets once they are translated.',
    ground: cluster(RETURNING),
    rpFilter: STRICT_OVERLAY,
    logMartians: true,
    form: { ...FORM, drops: true, filter: `host ${FLANNEL.vip}` },
    expect: ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'filter-host-vip-healthy',
    description: 'Its twin with rp_filter 0.',
    ground: cluster(RETURNING),
    form: { ...FORM, filter: `host ${FLANNEL.vip}` },
    expect: null,
  },
  {
    ...BASE,
    name: 'capture-begins-late',
    description:
      'As filtered-forward, captured from the middle of the attempts on: only SYNs sent again are seen.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': [`iptables -A FORWARD ${TO_BACKEND} -j DROP`] },
    traffic: { ...TCP, timeoutMs: 4600 },
    form: { ...FORM, lateMs: 1600 },
    expect: { cause: 'filtered', node: 'worker-b', interface: 'vxlan.calico' },
  },
  {
    ...BASE,
    name: 'capture-begins-late-healthy',
    description: 'Its twin without the rule: some connections were over before.',
    ground: CALICO_CLUSTER,
    traffic: { ...TCP, connections: 12, staggerMs: 300 },
    form: { ...FORM, lateMs: 1600 },
    expect: null,
  },
];

const TWO: Scenario[] = [
  {
    ...BASE,
    name: 'two-faults-backends',
    description: 'One backend on each node: node2 drops by rp_filter, and pod1 does not listen.',
    ground: cluster({ ...RETURNING, backends: ['pod1', 'pod2'] }),
    rpFilter: STRICT_OVERLAY,
    logMartians: true,
    changes: { pod1: ['iptables -A INPUT -p tcp -m tcp --dport 8080 -j REJECT --reject-with tcp-reset'] },
    traffic: { ...TCP, connections: 12 },
    expect: ON_OVERLAY,
    also: [{ cause: 'refused', node: 'node1', interface: null }],
  },
  {
    ...BASE,
    name: 'two-faults-nodes',
    description: 'One backend on each node: a rule on worker-a drops, and worker-b does not forward.',
    ground: cluster({ ...clusterOptions(CALICO), backends: ['portal-0', 'portal-1'], kube: true }),
    changes: {
      'worker-a': ['iptables -A FORWARD -d 10.42.17.9/32 -p tcp -m tcp --dport 8443 -j DROP'],
      'worker-b': ['sysctl -qw net.ipv4.ip_forward=0'],
    },
    // What worker-a drops it forgets, and a SYN that is sent again may go to the other backend: with two tries each,
    // and this many connections, some have both dropped there.
    traffic: { ...TCP, connections: 24, staggerMs: 60, timeoutMs: 1900 },
    form: { ...FORM, captures: 'per-interface', compression: 'gz' },
    expect: { cause: 'filtered', node: 'worker-a', interface: 'ens192' },
    also: [{ cause: 'forwarding-off', node: 'worker-b', interface: 'vxlan.calico' }],
  },
  {
    ...BASE,
    name: 'two-backends-healthy',
    description: 'Their twin: one backend on each node, and nothing wrong with either.',
    ground: cluster({ ...clusterOptions(CALICO), backends: ['portal-0', 'portal-1'], kube: true }),
    traffic: { ...TCP, connections: 12 },
    expect: null,
  },
];

/** Connections that are made once the fault is gone, a second and a half after the first SYN. */
const SLOW: Scenario[] = [
  {
    ...BASE,
    name: 'slow-rp-filter',
    description: 'Strict rp_filter is taken off while clients still try: the connections are made late.',
    ground: cluster(RETURNING),
    rpFilter: STRICT_OVERLAY,
    logMartians: true,
    traffic: { ...TCP, timeoutMs: 3600 },
    form: { ...FORM, drops: true },
    meanwhile: async (ground) => {
      await ground.sleep(1400);
      await ground.sysctl('node2', {
        'net.ipv4.conf.all.rp_filter': 0,
        'net.ipv4.conf.flannel/1.rp_filter': 0,
      });
    },
    slow: 'rp-filter',
    expect: null,
  },
  {
    ...BASE,
    name: 'slow-filtered',
    description: 'The rule that drops is taken away while clients still try.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': [`iptables -A FORWARD ${TO_BACKEND} -j DROP`] },
    traffic: { ...TCP, timeoutMs: 3600 },
    meanwhile: async (ground) => {
      await ground.sleep(1400);
      await ground.shell('worker-b', [`iptables -D FORWARD ${TO_BACKEND} -j DROP`]);
    },
    slow: 'undetermined',
    expect: null,
  },
  {
    ...BASE,
    name: 'slow-gateway',
    description:
      'The default gateway loses every second SYN-ACK that it sees: half of the connections are late.',
    ground: edge(EDGE_OPTIONS),
    changes: {
      gw1: [
        'nft add table inet fw',
        "nft add chain inet fw forward '{ type filter hook forward priority filter; policy accept; }'",
        "nft add rule inet fw forward tcp flags '& (syn|ack) == syn|ack' numgen inc mod 2 == 0 counter drop",
      ],
    },
    traffic: { ...TCP, timeoutMs: 3600 },
    slow: 'undetermined',
    expect: null,
  },
];

export const VIEWS: Scenario[] = [...LESS, ...TWO, ...SLOW];

import { cluster, clusterOptions } from '../grounds/cluster.js';
import { EDGE_OPTIONS, edge } from '../grounds/edge.js';
import { CALICO, FLANNEL } from '../grounds/layouts.js';
import { OWN_POD } from '../grounds/own-pod.js';
import { SECOND_NIC } from '../grounds/second-nic.js';
import type { RecordingForm, Scenario } from '../scenario.js';
import { FORM as FORM_WITHOUT_DROPS, BASE as QUIET, TCP, UDP } from './base.js';

const FORM: RecordingForm = { ...FORM_WITHOUT_DROPS, drops: true };

/** SYNs go out again after 1, 2 and 3 seconds: each lost connection is four tries. */
const BASE = {
  ...QUIET,
  form: FORM,
  logMartians: true,
  traffic: { ...TCP, connections: 4, staggerMs: 130, timeoutMs: 3600 },
};

/** No masquerade, and the backend's replies go back through the overlay by policy. */
const RETURNING = { ...clusterOptions(FLANNEL), masquerade: false, returnPolicy: true };
const NOT_RETURNING = { ...RETURNING, returnPolicy: false };
const GROUND = cluster(RETURNING);

const DROPPED_ON_OVERLAY = { cause: 'rp-filter', node: 'node2', interface: 'flannel.1' } as const;
const STRICT = { all: 1, default: 1, eth0: 1, 'flannel.1': 1, cni0: 1 } as const;

const ON_REQUEST: Scenario[] = [
  {
    ...BASE,
    ground: GROUND,
    name: 'rp-filter-strict',
    description:
      'The backend is on node2, and its replies go back through the overlay by policy; strict rp_filter on ' +
      'flannel.1 does not see the policy and drops every request.',
    rpFilter: { node2: { all: 1, 'flannel.1': 1 } },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    ground: GROUND,
    name: 'rp-filter-strict-unlogged',
    description: 'As rp-filter-strict, but the kernel logs nothing: only its counter tells of the drops.',
    rpFilter: { node2: { all: 1, 'flannel.1': 1 } },
    logMartians: false,
    form: { ...FORM, drops: false },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    ground: GROUND,
    name: 'rp-filter-mark-set-anew',
    description:
      'A rule of node2 sets the connection mark anew with every packet, and no routing rule asks for it. A fix that ' +
      'marks by the first packet alone would let the SYN in, and have the ACK dropped.',
    changes: { node2: [`ip rule del from ${FLANNEL.nodes[1]!.podNetwork} fwmark 0x100 lookup 100`] },
    rpFilter: { node2: { all: 1, 'flannel.1': 1 } },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'rp-filter-all-only',
    description:
      'conf.all.rp_filter is 1 and that of flannel.1 is 0: the greater counts. kube-proxy is in nftables mode.',
    ground: cluster({ ...RETURNING, proxy: 'nftables' }),
    rpFilter: { node2: { all: 1 } },
    form: { ...FORM, kernelLog: 'dmesg', container: 'tar' },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    ground: GROUND,
    name: 'rp-filter-interface-only',
    description:
      'conf.all.rp_filter is 0 and that of flannel.1 is 1: the greater counts. An Ethernet capture an interface.',
    rpFilter: { node2: { 'flannel.1': 1 } },
    form: { ...FORM, captures: 'per-interface' },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'rp-filter-loose-no-route',
    description:
      'node2 has no default route and no other way to the client, so that loose rp_filter drops as well.',
    ground: cluster({ ...NOT_RETURNING, secondDefaultRoute: false }),
    rpFilter: { node2: { all: 2 } },
    form: { ...FORM, compression: 'zst' },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'rp-filter-no-return',
    description:
      'No masquerade and no return policy, strict everywhere: the request is dropped, and with loose ' +
      'filtering its reply would leave untranslated by eth0.',
    ground: cluster(NOT_RETURNING),
    rpFilter: { node1: STRICT, node2: STRICT },
    form: { ...FORM, kernelLog: 'dmesg' },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'rp-filter-intermittent',
    description:
      'One backend on each node, strict everywhere: connections to the one on node1 are made, those to the ' +
      'one on node2 are lost.',
    ground: cluster({ ...RETURNING, backends: ['pod1', 'pod2'] }),
    rpFilter: { node1: STRICT, node2: STRICT },
    traffic: { ...BASE.traffic, connections: 12 },
    expect: DROPPED_ON_OVERLAY,
    intermittent: true,
  },
  {
    ...BASE,
    name: 'rp-filter-udp',
    description:
      'A UDP service on Calico without masquerade: strict rp_filter drops each question on worker-b.',
    ground: cluster({ ...clusterOptions(CALICO), protocol: 'udp', masquerade: false, kube: true }),
    rpFilter: { 'worker-b': { 'vxlan.calico': 1 } },
    logMartians: false,
    traffic: UDP,
    form: { ...FORM, compression: 'gz' },
    expect: { cause: 'rp-filter', node: 'worker-b', interface: 'vxlan.calico' },
  },
];

const ONE_NODE: Scenario[] = [
  {
    ...BASE,
    ground: OWN_POD,
    name: 'rp-filter-own-pod',
    description:
      "A pod of the node asks for the VIP, and the rule for the VIP's network has the way back to it by the VLAN: strict " +
      "rp_filter on the pods' bridge drops it. In loose mode the reply would leave by the VLAN's gateway, which knows no pods.",
    rpFilter: { 'edge-7': { all: 1, 'kube-bridge': 1 } },
    expect: { cause: 'rp-filter', node: 'edge-7', interface: 'kube-bridge' },
  },
  {
    ...BASE,
    ground: SECOND_NIC,
    name: 'second-nic-strict',
    description:
      'Requests come in by eth1 and the default route leaves by eth0: strict rp_filter on eth1 drops them.',
    rpFilter: { node1: { eth1: 1 } },
    expect: { cause: 'rp-filter', node: 'node1', interface: 'eth1' },
  },
  {
    ...BASE,
    ground: SECOND_NIC,
    name: 'second-nic-asymmetric',
    description:
      'Its twin with loose filtering: replies leave by eth0 and reach the client. Asymmetry alone is no fault.',
    rpFilter: { node1: { eth1: 2 } },
    form: { ...FORM, container: 'tgz' },
    expect: null,
  },
  {
    ...BASE,
    traffic: TCP,
    ground: edge({ ...EDGE_OPTIONS, secondAddress: false }),
    name: 'rp-filter-bare-interface',
    description:
      'ens19 has no address, and a speaker answers for the VIP on it: loose rp_filter drops there too.',
    rpFilter: { 'lb-3': { all: 2, ens19: 2 } },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'rp-filter', node: 'lb-3', interface: 'ens19' },
  },
  {
    ...BASE,
    traffic: TCP,
    ground: edge(EDGE_OPTIONS),
    name: 'rp-filter-bare-interface-addressed',
    description: 'Its twin with an address on ens19.',
    rpFilter: { 'lb-3': { all: 2, ens19: 2 } },
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
];

/** The reply to a masqueraded connection comes back to node1 beside the overlay. */
const REPLY_BESIDE = {
  node2: ['ip route replace 10.244.0.0/24 via 192.168.1.11 dev eth0'],
};

/**
 * A question for the gateway's MAC is sent from the VIP by default, and strict rp_filter at the gateway drops that as
 * well: the reply would never leave.
 */
const ASKS_AS_ITSELF = { 'lb-3': ['sysctl -qw net.ipv4.conf.all.arp_announce=2'] };

const ON_REPLY: Scenario[] = [
  {
    ...BASE,
    traffic: TCP,
    ground: cluster(clusterOptions(FLANNEL)),
    name: 'rp-filter-reply-at-announcer',
    description:
      "node2 routes node1's pod network beside the overlay: the replies come in by eth0 on node1, where strict " +
      'rp_filter drops them.',
    changes: REPLY_BESIDE,
    rpFilter: { node1: { eth0: 1 } },
    expect: { cause: 'rp-filter', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    traffic: TCP,
    ground: cluster(clusterOptions(FLANNEL)),
    name: 'rp-filter-reply-at-announcer-loose',
    description: 'Its twin with loose rp_filter on eth0 of node1.',
    changes: REPLY_BESIDE,
    rpFilter: { node1: { eth0: 2 } },
    expect: null,
  },
  {
    ...BASE,
    traffic: TCP,
    ground: edge(EDGE_OPTIONS),
    name: 'rp-filter-reply-at-gateway',
    description:
      "The reply leaves by the default gateway, which knows the VIP's way by its uplink only: its strict " +
      'rp_filter drops the reply. The gateway is recorded as well.',
    changes: ASKS_AS_ITSELF,
    rpFilter: { gw1: { lan: 1 } },
    recorded: ['lb-3', 'gw1'],
    expect: { cause: 'rp-filter', node: 'gw1', interface: 'lan' },
  },
  {
    ...BASE,
    traffic: TCP,
    ground: edge(EDGE_OPTIONS),
    name: 'rp-filter-reply-at-gateway-loose',
    description: 'Its twin with loose rp_filter on the gateway.',
    changes: ASKS_AS_ITSELF,
    rpFilter: { gw1: { lan: 2 } },
    recorded: ['lb-3', 'gw1'],
    expect: null,
  },
];

const HEALTHY: Scenario[] = [
  {
    ...BASE,
    ground: GROUND,
    name: 'healthy-no-masquerade',
    description: 'rp-filter-strict with rp_filter 0, and nothing else changed. Captured as pcapng.',
    form: { ...FORM, captures: 'pcapng' },
    expect: null,
  },
  {
    ...BASE,
    name: 'healthy-masquerade',
    description: 'kube-proxy masquerades, so that strict rp_filter everywhere is no trouble.',
    ground: cluster(clusterOptions(FLANNEL)),
    rpFilter: { node1: STRICT, node2: STRICT },
    expect: null,
  },
  {
    ...BASE,
    name: 'rp-filter-loose-effective',
    description:
      'conf.all.rp_filter is 2 and that of flannel.1 is 1: loose counts, and nothing is dropped. kube-proxy ' +
      'is in nftables mode.',
    ground: cluster({ ...RETURNING, proxy: 'nftables' }),
    rpFilter: { node2: { all: 2, 'flannel.1': 1 } },
    form: { ...FORM, container: 'directory' },
    expect: null,
  },
];

export const RP_FILTER: Scenario[] = [...ON_REQUEST, ...ONE_NODE, ...ON_REPLY, ...HEALTHY];

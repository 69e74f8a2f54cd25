import type { ClusterGround, RecordingForm, Scenario } from '../scenario.js';

const GROUND: ClusterGround = {
  kind: 'cluster',
  backends: ['pod2'],
  listening: true,
  proxy: 'iptables',
  masquerade: false,
  returnPolicy: true,
  node2DefaultRoute: true,
};

const FORM: RecordingForm = {
  captures: 'any',
  compression: 'none',
  kernelLog: 'dmesg-iso',
  drops: true,
  container: 'tar.gz',
};

const BASE = {
  ground: GROUND,
  logMartians: true,
  form: FORM,
  connections: 4,
  intermittent: false,
};

const DROPPED_ON_OVERLAY = { cause: 'rp-filter', node: 'node2', interface: 'flannel.1' } as const;

const STRICT = { all: 1, default: 1, eth0: 1, 'flannel.1': 1, cni0: 1 } as const;

/** Faults of the cluster ground. What a scenario does not say is as in `rp-filter-strict`. */
const FAULTY: Scenario[] = [
  {
    ...BASE,
    name: 'rp-filter-strict',
    description:
      'The backend is on node2, and its replies go back through the overlay by policy; strict rp_filter on ' +
      'flannel.1 does not see the policy and drops every request.',
    rpFilter: { node2: { all: 1, 'flannel.1': 1 } },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'rp-filter-strict-unlogged',
    description: 'As rp-filter-strict, but the kernel logs nothing: only its counter tells of the drops.',
    rpFilter: { node2: { all: 1, 'flannel.1': 1 } },
    logMartians: false,
    form: { ...FORM, drops: false },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
    name: 'rp-filter-all-only',
    description:
      'conf.all.rp_filter is 1 and that of flannel.1 is 0: the greater counts. kube-proxy is in nftables mode.',
    ground: { ...GROUND, proxy: 'nftables' },
    rpFilter: { node2: { all: 1 } },
    form: { ...FORM, kernelLog: 'dmesg', container: 'tar' },
    expect: DROPPED_ON_OVERLAY,
  },
  {
    ...BASE,
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
    ground: { ...GROUND, returnPolicy: false, node2DefaultRoute: false },
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
    ground: { ...GROUND, returnPolicy: false },
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
    ground: { ...GROUND, backends: ['pod1', 'pod2'] },
    rpFilter: { node1: STRICT, node2: STRICT },
    connections: 12,
    expect: DROPPED_ON_OVERLAY,
    intermittent: true,
  },
  {
    ...BASE,
    name: 'untranslated-loose',
    description:
      'As rp-filter-no-return with loose filtering: the reply reaches the client by the router, with the ' +
      "backend's address, and the client resets it.",
    ground: { ...GROUND, returnPolicy: false },
    rpFilter: { node2: { all: 2 } },
    expect: { cause: 'untranslated-reply', node: 'node2', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'refused-backend',
    description: 'Masqueraded and routed as it should be, but nothing listens on the port of the backend.',
    ground: { ...GROUND, masquerade: true, returnPolicy: false, listening: false },
    rpFilter: {},
    form: { ...FORM, compression: 'gz' },
    expect: { cause: 'refused', node: 'node2', interface: null },
  },
];

const HEALTHY: Scenario[] = [
  {
    ...BASE,
    name: 'healthy-no-masquerade',
    description: 'rp-filter-strict with rp_filter 0, and nothing else changed. Captured as pcapng.',
    rpFilter: {},
    form: { ...FORM, captures: 'pcapng' },
    expect: null,
  },
  {
    ...BASE,
    name: 'healthy-masquerade',
    description: 'kube-proxy masquerades, so that strict rp_filter everywhere is no trouble.',
    ground: { ...GROUND, masquerade: true, returnPolicy: false },
    rpFilter: { node1: STRICT, node2: STRICT },
    expect: null,
  },
  {
    ...BASE,
    name: 'rp-filter-loose-effective',
    description:
      'conf.all.rp_filter is 2 and that of flannel.1 is 1: loose counts, and nothing is dropped. kube-proxy ' +
      'is in nftables mode.',
    ground: { ...GROUND, proxy: 'nftables' },
    rpFilter: { node2: { all: 2, 'flannel.1': 1 } },
    form: { ...FORM, container: 'directory' },
    expect: null,
  },
];

export const CLUSTER: Scenario[] = [...FAULTY, ...HEALTHY];

/** forwarding-off and no-route. */
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { EDGE_OPTIONS, edge } from '../grounds/edge.js';
import { CALICO, FLANNEL, IPV6, ROUTED } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE, ECHO, FORM } from './base.js';

const CALICO_CLUSTER = cluster({ ...clusterOptions(CALICO), kube: true });
const FLANNEL_CLUSTER = cluster(clusterOptions(FLANNEL));
const ROUTED_CLUSTER = cluster(clusterOptions(ROUTED));
const IPV6_CLUSTER = cluster(clusterOptions(IPV6));

const FORWARDING: Scenario[] = [
  {
    ...BASE,
    name: 'forwarding-off',
    description: 'net.ipv4.ip_forward is 0 on worker-b, which has the backend.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': ['sysctl -qw net.ipv4.ip_forward=0'] },
    expect: { cause: 'forwarding-off', node: 'worker-b', interface: 'vxlan.calico' },
  },
  {
    ...BASE,
    name: 'forwarding-off-interface',
    description: 'node2 forwards, but not what comes in by flannel.1.',
    ground: FLANNEL_CLUSTER,
    changes: { node2: ['sysctl -qw net.ipv4.conf.flannel/1.forwarding=0'] },
    form: { ...FORM, captures: 'per-interface', drops: true },
    expect: { cause: 'forwarding-off', node: 'node2', interface: 'flannel.1' },
  },
  {
    ...BASE,
    name: 'forwarding-off-announcer',
    description: 'worker-a, which announces the VIP, does not forward what comes in by ens192.',
    ground: ROUTED_CLUSTER,
    changes: { 'worker-a': ['sysctl -qw net.ipv4.conf.ens192.forwarding=0'] },
    form: { ...FORM, captures: 'pcapng', compression: 'zst' },
    expect: { cause: 'forwarding-off', node: 'worker-a', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'forwarding-off-reply',
    description: "node2 does not forward what comes in by the pods' bridge: the replies are lost there.",
    ground: FLANNEL_CLUSTER,
    changes: { node2: ['sysctl -qw net.ipv4.conf.cni0.forwarding=0'] },
    expect: { cause: 'forwarding-off', node: 'node2', interface: 'cni0' },
  },
  {
    ...BASE,
    name: 'forwarding-off-ipv6',
    description: 'net.ipv6.conf.all.forwarding is 0 on kw2, which has the backend.',
    ground: IPV6_CLUSTER,
    changes: { kw2: ['sysctl -qw net.ipv6.conf.all.forwarding=0'] },
    expect: { cause: 'forwarding-off', node: 'kw2', interface: 'enp3s0' },
  },
  {
    ...BASE,
    name: 'forwarding-off-elsewhere',
    description: 'forwarding is off for lo and for interfaces to come, through which nothing comes: healthy.',
    ground: CALICO_CLUSTER,
    changes: {
      'worker-b': ['sysctl -qw net.ipv4.conf.default.forwarding=0 net.ipv4.conf.lo.forwarding=0'],
    },
    expect: null,
  },
  {
    ...BASE,
    name: 'forwarding-off-local-server',
    description: 'A machine that serves the VIP itself and forwards nothing: healthy.',
    ground: edge(EDGE_OPTIONS),
    changes: { 'lb-3': ['sysctl -qw net.ipv4.ip_forward=0'] },
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
  {
    ...BASE,
    name: 'forwarding-off-ipv6-interface',
    description:
      'IPv6 forwards by net.ipv6.conf.all.forwarding alone; that of enp3s0 is 0 on kw2 and decides nothing here.',
    ground: IPV6_CLUSTER,
    changes: { kw2: ['sysctl -qw net.ipv6.conf.enp3s0.forwarding=0'] },
    expect: null,
  },
];

const NO_MASQUERADE = { ...clusterOptions(FLANNEL), masquerade: false };

const ROUTES: Scenario[] = [
  {
    ...BASE,
    name: 'no-route-reply',
    description: "node2 has no default route: the pod's reply to the client has nowhere to go.",
    ground: cluster({ ...NO_MASQUERADE, secondDefaultRoute: false }),
    form: { ...FORM, drops: true },
    expect: { cause: 'no-route', node: 'node2', interface: 'cni0' },
  },
  {
    ...BASE,
    name: 'no-route-local-server',
    description: 'A machine that serves the VIP itself and has lost its default route never sends a reply.',
    ground: edge(EDGE_OPTIONS),
    changes: { 'lb-3': ['ip route del default'] },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'no-route', node: 'lb-3', interface: null },
  },
  {
    ...BASE,
    name: 'no-route-echo',
    description: 'The same asked by echoes: no counter tells of an echo reply that has no route.',
    ground: edge(EDGE_OPTIONS),
    changes: { 'lb-3': ['ip route del default'] },
    uncounted: true,
    traffic: ECHO,
    expect: { cause: 'no-route', node: 'lb-3', interface: null },
  },
  {
    ...BASE,
    name: 'no-route-blackhole',
    description: "A blackhole covers worker-b's pod network on worker-a.",
    ground: CALICO_CLUSTER,
    changes: { 'worker-a': ['ip route replace blackhole 10.42.203.64/26 proto 80'] },
    uncounted: true,
    expect: { cause: 'no-route', node: 'worker-a', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'no-route-unreachable-ipv6',
    description:
      "kw1 has an unreachable route in place of kw2's pod network, and answers with an ICMPv6 error.",
    ground: IPV6_CLUSTER,
    changes: { kw1: ['ip -6 route replace unreachable fd42:0:a2::/64'] },
    fails: 'unreachable',
    expect: { cause: 'no-route', node: 'kw1', interface: 'enp3s0' },
  },
  {
    ...BASE,
    name: 'no-route-reply-ipv6',
    description: 'kw2 has lost its default route; connections are not masqueraded.',
    ground: cluster({ ...clusterOptions(IPV6), masquerade: false }),
    changes: { kw2: ['ip -6 route del default'] },
    form: { ...FORM, compression: 'gz' },
    expect: { cause: 'no-route', node: 'kw2', interface: 'br-pods' },
  },
  {
    ...BASE,
    name: 'no-route-default-covers',
    description:
      "worker-a has lost its route to worker-b's pods, and the router, which knows it, stands in: healthy.",
    ground: ROUTED_CLUSTER,
    changes: { 'worker-a': ['ip route del 10.42.203.64/26'] },
    expect: null,
  },
  {
    ...BASE,
    name: 'no-route-blackhole-own-block',
    description:
      "worker-b has Calico's blackhole for its own block, and the pods' routes are longer: healthy.",
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': ['ip route add blackhole 10.42.203.64/26 proto 80'] },
    form: { ...FORM, captures: 'pcapng' },
    expect: null,
  },
  {
    ...BASE,
    name: 'no-route-throw',
    description: "A throw route hides a rule's table from the pods, and the next rule has the way: healthy.",
    ground: cluster(NO_MASQUERADE),
    changes: {
      node2: [
        'ip route add throw default table 77',
        'ip rule add from 10.244.1.0/24 lookup 77 priority 50',
        'ip rule add from 10.244.1.0/24 lookup 78 priority 51',
        'ip route add default via 10.244.0.0 dev flannel.1 onlink table 78',
      ],
    },
    expect: null,
  },
];

export const ROUTING: Scenario[] = [...FORWARDING, ...ROUTES];

/** Requests that one node hands to the next, and that get no farther than their way there. */
import { macOf, NODE1, NODE2 } from '../addresses.js';
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { EDGE, EDGE_OPTIONS, edge } from '../grounds/edge.js';
import { CALICO, FLANNEL, IPV6, ROUTED } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE, ECHO, FORM, UDP } from './base.js';

const FLANNEL_CLUSTER = cluster(clusterOptions(FLANNEL));
const IPV6_CLUSTER = cluster(clusterOptions(IPV6));

/** Of one node's address in the other's neighbours. */
const entry = (address: string, mac: string) =>
  `ip neigh replace ${address} lladdr ${mac} dev ${FLANNEL.nic} nud permanent`;
/** A MAC that nobody has. */
const NOBODYS = '02:00:c0:a8:01:63';

export const BETWEEN_NODES: Scenario[] = [
  {
    ...BASE,
    name: 'routing-loop',
    description:
      'node2 has lost the route to its own pods, and its default route sends their packets back to the router, whose route to them leads to node2: until their hop limit is used up.',
    ground: FLANNEL_CLUSTER,
    changes: { node2: [`ip route del ${NODE2.podNetwork} dev ${FLANNEL.bridge}`] },
    fails: 'unreachable',
    expect: { cause: 'undetermined', node: 'node2', interface: 'eth0' },
    uncounted: true,
  },
  {
    ...BASE,
    name: 'routing-loop-recorded',
    description: 'The same with the router recorded: the settings of both tell of it as well.',
    ground: FLANNEL_CLUSTER,
    changes: { node2: [`ip route del ${NODE2.podNetwork} dev ${FLANNEL.bridge}`] },
    recorded: ['router', NODE1.name, NODE2.name],
    fails: 'unreachable',
    expect: { cause: 'undetermined', node: 'router', interface: 'lan1' },
    uncounted: true,
  },
  {
    ...BASE,
    name: 'routing-loop-ipv6',
    description: 'The same over IPv6, without a tunnel.',
    ground: IPV6_CLUSTER,
    changes: { kw2: [`ip -6 route del ${IPV6.nodes[1].podNetwork} dev ${IPV6.bridge}`] },
    form: { ...FORM, captures: 'per-interface' },
    fails: 'unreachable',
    expect: { cause: 'undetermined', node: 'kw2', interface: 'enp3s0' },
    uncounted: true,
  },
  {
    ...BASE,
    name: 'tunnel-wrong-entry',
    description:
      "node1's permanent entry for node2 has a MAC that nobody has: its tunnel packets reach nobody.",
    ground: FLANNEL_CLUSTER,
    changes: { node1: [entry(NODE2.address, NOBODYS)] },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'not-delivered', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'tunnel-right-entry',
    description: 'Its twin: the permanent entry has the right MAC.',
    ground: FLANNEL_CLUSTER,
    changes: { node1: [entry(NODE2.address, macOf(NODE2.address))] },
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
  {
    ...BASE,
    name: 'tunnel-wrong-entry-back',
    description:
      "node2's permanent entry for node1 has a MAC that nobody has: replies leave in tunnel packets that reach nobody.",
    ground: FLANNEL_CLUSTER,
    changes: { node2: [entry(NODE1.address, NOBODYS)] },
    expect: { cause: 'undetermined', node: 'node2', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'tunnel-entry-of-other-link',
    description:
      "node2's permanent entry for node1 has the MAC of node1's bridge of pods: what carries the replies comes to node1, and is not taken in.",
    ground: FLANNEL_CLUSTER,
    changes: { node2: [entry(NODE1.address, macOf('10.244.0.1'))] },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'undetermined', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'tunnel-next-hop-silent',
    description:
      'node2 answers no ARP (arp_ignore=8), and node1 asks for it in vain: its tunnel packets never leave.',
    ground: FLANNEL_CLUSTER,
    changes: { node2: ['sysctl -qw net.ipv4.conf.all.arp_ignore=8'] },
    expect: { cause: 'undetermined', node: 'node1', interface: 'flannel.1' },
    // node1 tells itself so, once it has asked in vain.
    alsoFitting: ['unreachable'],
  },
  {
    ...BASE,
    name: 'no-route-tunnel',
    description:
      'worker-a has no route to worker-b, where its tunnel leads: the tunnel packets are counted at its device alone.',
    ground: cluster({ ...clusterOptions(CALICO), protocol: 'udp' }),
    changes: { 'worker-a': [`ip route add throw ${CALICO.nodes[1].address}`] },
    traffic: UDP,
    expect: { cause: 'no-route', node: 'worker-a', interface: null },
    uncounted: true,
  },
  {
    ...BASE,
    name: 'tunnel-arp-off',
    description:
      "ARP is turned off on node1's eth0: its tunnel packets leave in frames for eth0's own MAC, and nobody takes them in.",
    ground: FLANNEL_CLUSTER,
    changes: { node1: [`ip link set ${FLANNEL.nic} arp off`] },
    expect: { cause: 'undetermined', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'reply-wrong-entry',
    description:
      "worker-b's default route leads to worker-a, which translated the request; its permanent entry for that has a MAC that nobody has.",
    ground: cluster({ ...clusterOptions(ROUTED), masquerade: false }),
    changes: {
      'worker-b': [
        `ip route replace default via ${ROUTED.nodes[0].address} dev ${ROUTED.nic}`,
        `ip neigh replace ${ROUTED.nodes[0].address} lladdr ${NOBODYS} dev ${ROUTED.nic} nud permanent`,
      ],
    },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'wrong-gateway', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'backend-silent-gateway',
    description:
      'worker-b has lost its default route, without which its proxy ARP does not answer the pod for 169.254.1.1: the pod has the requests, and cannot send an answer.',
    ground: cluster(clusterOptions(CALICO)),
    changes: { 'worker-b': [`ip route del default dev ${CALICO.nic}`] },
    expect: { cause: 'backend-silent', node: 'worker-b', interface: 'cali90c4e72d1f6' },
  },
  {
    ...BASE,
    name: 'echo-next-hop-refused',
    description:
      "The strict check of ens19 refuses the gateway's ARP requests, whose sender lb-3 would reach by ens18: no ping gets as far as its link.",
    recorded: ['lb-3', 'client'],
    ground: edge(EDGE_OPTIONS),
    rpFilter: { 'lb-3': { ens19: 1 } },
    changes: { 'lb-3': [`ip route replace 172.31.255.0/24 via ${EDGE.gateways[0]} dev ens18`] },
    traffic: ECHO,
    expect: { cause: 'undetermined', node: 'client', interface: 'eth0' },
    uncounted: true,
    // The gateway says so in the end, once it has asked in vain for long enough.
    alsoFitting: ['unreachable'],
  },
];

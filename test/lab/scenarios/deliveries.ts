/** not-delivered: requests that never come to the VIP's node, or come late. */
import { NODE1, NODE2 } from '../addresses.js';
import type { Ground } from '../ground.js';
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { FLANNEL, IPV6 } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE, FORM } from './base.js';

const FLANNEL_CLUSTER = cluster(clusterOptions(FLANNEL));
const FORGET = 'ip neigh flush dev lan1';

/** kw1 is gone, and kw2 owns the VIP and says so. */
async function handOver6(ground: Ground, afterMs: number): Promise<void> {
  await ground.sleep(afterMs);
  await ground.shell('switch', ['ip link set p-kw1 nomaster']);
  await ground.shell('kw2', [
    'sysctl -qw net.ipv6.conf.enp3s0.ndisc_notify=1',
    // Not "nodad": the kernel advertises an address that has passed duplicate address detection, which is off here.
    `ip addr add ${IPV6.vip}/128 dev enp3s0 preferred_lft 0`,
  ]);
}

/** The router's entry for the VIP, as it was before. */
const NODE1_ENTRY = `ip neigh replace ${FLANNEL.vip} lladdr 02:00:c0:a8:01:0b dev lan1 nud permanent`;
/** A MAC that nobody has, which the switch floods to all its ports. */
const NOBODYS_ENTRY = `ip neigh replace ${FLANNEL.vip} lladdr 02:00:c0:a8:01:63 dev lan1 nud permanent`;
const AT_ROUTER = { cause: 'not-delivered', node: 'router', interface: 'lan1' } as const;
const WITH_ROUTER = ['router', NODE1.name, NODE2.name];

/** To node1 or to another; a hash of addresses and ports picks one for each connection. */
function nextHops(other: string): string[] {
  return [
    'sysctl -qw net.ipv4.fib_multipath_hash_policy=1',
    `ip route add ${FLANNEL.vip}/32 nexthop via ${NODE1.address} nexthop via ${other}`,
  ];
}

/** In the nodes' network, and nobody's. */
const IPV6_NOBODY = IPV6.nodes[0].address.replace(/[^:]*$/, '99');

const BY_EITHER = { ...BASE.traffic, connections: 10, staggerMs: 250, timeoutMs: 900 };

export const DELIVERIES: Scenario[] = [
  {
    ...BASE,
    name: 'not-delivered-port-down',
    description:
      "node1's port of the switch is off: the router, which is recorded, sends and nothing arrives.",
    ground: FLANNEL_CLUSTER,
    changes: {
      router: [NODE1_ENTRY],
      switch: [
        // The switch remembers the port, and floods nothing.
        'bridge fdb replace 02:00:c0:a8:01:0b dev p-node1 master static',
        'bridge link set dev p-node1 state 0',
      ],
    },
    recorded: WITH_ROUTER,
    expect: AT_ROUTER,
  },
  {
    ...BASE,
    name: 'not-delivered-wrong-entry',
    description:
      "The router's permanent entry for the VIP has a MAC that nobody has: the switch floods its frames, and both nodes overhear them.",
    ground: FLANNEL_CLUSTER,
    changes: { router: [NOBODYS_ENTRY] },
    recorded: WITH_ROUTER,
    expect: AT_ROUTER,
  },
  {
    ...BASE,
    name: 'not-delivered-wrong-entry-ethernet',
    description: "The same, captured interface by interface, where the frames' own MACs tell.",
    ground: FLANNEL_CLUSTER,
    changes: { router: [NOBODYS_ENTRY] },
    form: { ...FORM, captures: 'per-interface' },
    recorded: WITH_ROUTER,
    expect: AT_ROUTER,
  },
  {
    ...BASE,
    name: 'not-delivered-stale-entry',
    description:
      'node2 has taken the VIP over, and the router still sends to node1, which has left the network.',
    ground: FLANNEL_CLUSTER,
    changes: { router: [NODE1_ENTRY] },
    meanwhile: async (ground, site) => {
      await ground.sleep(700);
      await site.silence('node1');
      await ground.shell('switch', ['ip link set p-node1 nomaster']);
      await site.speak('node2');
    },
    traffic: { ...BASE.traffic, connections: 6, staggerMs: 300 },
    form: { ...FORM, captures: 'per-interface' },
    recorded: WITH_ROUTER,
    expect: AT_ROUTER,
    intermittent: true,
  },
  {
    ...BASE,
    name: 'not-delivered-stale-entry-ipv6',
    description:
      'kw2 has taken the VIP over, and the router, by a permanent entry, still sends to kw1, which has left the network.',
    ground: cluster(clusterOptions(IPV6)),
    changes: { router: [`ip neigh replace ${IPV6.vip} lladdr 06:00:00:20:00:21 dev lan1 nud permanent`] },
    // Between two connections, far enough from each: one that is under way would be another fault.
    traffic: { ...BASE.traffic, connections: 6, staggerMs: 700 },
    meanwhile: async (ground) => {
      await handOver6(ground, 1000);
      // kw1 goes on with its own pod, so that its capture is seen to run.
      await ground.shell('kw1', ['ping -q -c 8 -i 0.7 fd42:0:a1::1a']);
    },
    recorded: ['router', 'kw1', 'kw2'],
    expect: AT_ROUTER,
    intermittent: true,
    // One that was made just before kw1 leaves breaks off.
    alsoFitting: ['established'],
  },
  {
    ...BASE,
    name: 'ndp-fail-over',
    description:
      'Its twin: kw1 leaves the network, and kw2 takes the VIP over with an unsolicited neighbor advertisement that the router heeds.',
    ground: cluster(clusterOptions(IPV6)),
    traffic: { ...BASE.traffic, connections: 6, staggerMs: 300, timeoutMs: 3600 },
    meanwhile: (ground) => handOver6(ground, 700),
    recorded: ['router', 'kw1', 'kw2'],
    changesHands: true,
    expect: null,
  },
  {
    ...BASE,
    name: 'slow-stale-entry',
    description:
      'node2 has the VIP, and the router sends to node1, which is gone, until its entry is corrected: slow.',
    ground: FLANNEL_CLUSTER,
    changes: { router: [NODE1_ENTRY] },
    traffic: { ...BASE.traffic, timeoutMs: 4600 },
    meanwhile: async (ground, site) => {
      await site.silence('node1');
      await ground.shell('switch', ['ip link set p-node1 nomaster']);
      await site.speak('node2');
      await ground.sleep(1500);
      await ground.shell('router', [`ip neigh del ${FLANNEL.vip} dev lan1`]);
    },
    form: { ...FORM, captures: 'per-interface' },
    recorded: WITH_ROUTER,
    slow: 'not-delivered',
    expect: null,
  },
  {
    ...BASE,
    name: 'not-delivered-unserved',
    description:
      "node1 answers for the VIP, and has no rule of kube-proxy's: it asks its own link for the address, and nobody answers.",
    ground: FLANNEL_CLUSTER,
    changes: { node1: ['iptables -t nat -F', 'iptables -P FORWARD ACCEPT'] },
    // It says so by ICMP in the end, when the client has given up.
    alsoFitting: ['unreachable'],
    expect: { cause: 'not-delivered', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'not-delivered-unanswered',
    description: 'Nobody answers for the VIP: the router asks in vain, and tells the client.',
    ground: FLANNEL_CLUSTER,
    meanwhile: async (ground, site) => {
      await ground.sleep(900);
      await site.silence('node1');
      await ground.shell('router', [FORGET]);
    },
    traffic: { ...BASE.traffic, connections: 6, staggerMs: 300, timeoutMs: 4500 },
    recorded: WITH_ROUTER,
    fails: 'unreachable',
    expect: { cause: 'not-delivered', node: 'router', interface: 'lan0' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'delivered-by-entry',
    description: 'Their twin: the same permanent entry at the router, and node1 is there.',
    ground: FLANNEL_CLUSTER,
    changes: { router: [NODE1_ENTRY] },
    recorded: WITH_ROUTER,
    expect: null,
  },
  {
    ...BASE,
    name: 'delivered-by-old-owner',
    description:
      'node2 has taken the VIP over; the router still sends to node1, which serves it all the same: healthy.',
    ground: FLANNEL_CLUSTER,
    changes: { router: [NODE1_ENTRY] },
    meanwhile: async (_, site) => {
      await site.silence('node1');
      await site.speak('node2');
    },
    traffic: { ...BASE.traffic, connections: 6, staggerMs: 250 },
    recorded: WITH_ROUTER,
    expect: null,
  },
  {
    ...BASE,
    name: 'not-delivered-dead-next-hop',
    description:
      'The router has two next hops to the VIP, and nobody has the address of one: requests that it picks are told to be ' +
      'unreachable. node1, the other, answers, and serves the rest.',
    ground: FLANNEL_CLUSTER,
    changes: { router: nextHops('192.168.1.99') },
    traffic: BY_EITHER,
    recorded: WITH_ROUTER,
    expect: { cause: 'not-delivered', node: 'router', interface: 'lan0' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'not-delivered-dead-next-hop-ipv6',
    description: 'The same of IPv6: the router solicits a neighbour that is not there.',
    ground: cluster(clusterOptions(IPV6)),
    changes: {
      router: [
        'sysctl -qw net.ipv6.fib_multipath_hash_policy=1',
        `ip -6 route add ${IPV6.vip}/128 nexthop via ${IPV6.nodes[0].address} dev lan1 nexthop via ${IPV6_NOBODY} dev lan1`,
      ],
    },
    // All have given up by the time that the router has.
    traffic: { ...BY_EITHER, staggerMs: 50 },
    recorded: ['router', ...IPV6.nodes.map(({ name }) => name)],
    expect: { cause: 'not-delivered', node: 'router', interface: 'lan0' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'delivered-by-both-next-hops',
    description: 'Its twin: the other next hop is node2, which serves as well.',
    ground: FLANNEL_CLUSTER,
    changes: { router: nextHops(NODE2.address) },
    traffic: BY_EITHER,
    recorded: WITH_ROUTER,
    expect: null,
  },
];

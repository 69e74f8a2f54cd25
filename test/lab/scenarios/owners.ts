/** arp-conflict: who answers for the VIP. */
import { type ClusterNode, NODE2 } from '../addresses.js';
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { CALICO, FLANNEL, IPV6 } from '../grounds/layouts.js';
import type { Expectation, Scenario } from '../scenario.js';
import { BASE, FORM } from './base.js';

const STRANGER = { name: 'printer', address: '192.168.1.77', mac: '00:1b:a9:3c:70:5e' };
const [WORKER_A, WORKER_B] = CALICO.nodes;
const CALICO_CLUSTER = cluster({ ...clusterOptions(CALICO), kube: true });
const FLANNEL_CLUSTER = cluster(clusterOptions(FLANNEL));
const WITH_STRANGER = cluster({ ...clusterOptions(FLANNEL), stranger: STRANGER });

/** Connections over some three seconds, in which the router's entry changes hands. */
const MANY = { ...BASE.traffic, connections: 10, staggerMs: 250 };

/** A connection may have been made just before the address changes hands, and fail then. */
const MAY_BREAK_OFF = { intermittent: true, alsoFitting: ['established'], changesHands: true } as const;

/** The router takes whatever answer came last, at once, so that the fault shows in a short recording. */
const EAGER_ROUTER = ['sysctl -qw net.ipv4.neigh.lan1.locktime=0'];
/** So often that most of the others' announcements are undone before long. */
const INSISTENT = { everyMs: 200, times: 25 };
const FORGET = 'ip neigh flush dev lan1';

const FIRST_OWNER = { node: 'node1', interface: 'eth0', mac: '02:00:c0:a8:01:0b' };

const WITH_A_STRANGER: Expectation = {
  cause: 'arp-conflict',
  node: null,
  interface: null,
  claimants: [FIRST_OWNER, { node: null, interface: null, mac: STRANGER.mac }],
};

const WITH_NODE2: Expectation = {
  cause: 'arp-conflict',
  node: null,
  interface: null,
  claimants: [FIRST_OWNER, { node: 'node2', interface: 'eth0', mac: macOfNode(NODE2) }],
};

/** kube-proxy in IPVS mode binds the VIP to an interface of its own; nothing serves it there. */
function ipvsInterface(vip: string): string[] {
  return ['iptables -t nat -F', 'ip link add kube-ipvs0 type bridge', `ip addr add ${vip}/32 dev kube-ipvs0`];
}

function macOfNode({ address }: ClusterNode): string {
  return ['02', '00', ...address.split('.').map((o) => Number(o).toString(16).padStart(2, '0'))].join(':');
}

const CONFLICTS: Scenario[] = [
  {
    ...BASE,
    name: 'arp-conflict-stranger',
    description:
      'A machine outside of the cluster answers for the VIP as well, and serves nothing. The router is recorded, ' +
      'for the nodes do not see what the stranger gets.',
    recorded: ['node1', 'node2', 'router'],
    ground: WITH_STRANGER,
    changes: { router: EAGER_ROUTER },
    traffic: MANY,
    meanwhile: async (ground, site) => {
      await ground.sleep(300);
      await site.speak('printer', INSISTENT);
      await ground.sleep(700);
      await ground.shell('router', [FORGET]);
    },
    expect: WITH_A_STRANGER,
    ...MAY_BREAK_OFF,
  },
  {
    ...BASE,
    name: 'arp-conflict-after-handshake',
    description:
      'The machine outside of the cluster claims the VIP behind the handshakes and before the requests, which it gets: ' +
      'connections are made, and of no use.',
    recorded: ['node1', 'node2', 'router'],
    ground: WITH_STRANGER,
    changes: { router: EAGER_ROUTER },
    traffic: { ...BASE.traffic, connections: 4, staggerMs: 20, pauseMs: 1500, timeoutMs: 5500 },
    meanwhile: async (ground, site) => {
      await ground.sleep(500);
      await site.speak('printer', { everyMs: 50, times: 120 });
    },
    expect: WITH_A_STRANGER,
    ...MAY_BREAK_OFF,
    intermittent: false,
  },
  {
    ...BASE,
    name: 'arp-conflict-kernel-after-handshake',
    description:
      'The VIP comes to kube-ipvs0 of node2 behind the handshakes and before the requests: its kernel answers as well as the ' +
      'speaker on node1, and resets what it has no connection for.',
    ground: FLANNEL_CLUSTER,
    traffic: { ...BASE.traffic, connections: 4, staggerMs: 20, pauseMs: 1500, timeoutMs: 5500 },
    meanwhile: async (ground) => {
      await ground.sleep(700);
      await ground.shell('node2', ipvsInterface(FLANNEL.vip));
      // Who answers first is a kernel, and not a speaker.
      await ground.shell('router', [FORGET]);
    },
    fails: 'reset',
    expect: WITH_NODE2,
    ...MAY_BREAK_OFF,
    intermittent: false,
  },
  {
    ...BASE,
    name: 'arp-conflict-kernel',
    description:
      'The VIP is on kube-ipvs0 of node2 and arp_ignore is 0: its kernel answers as well as the speaker on node1, ' +
      'and resets what comes.',
    ground: FLANNEL_CLUSTER,
    changes: { router: EAGER_ROUTER, node2: ipvsInterface(FLANNEL.vip) },
    traffic: MANY,
    meanwhile: async (ground) => {
      await ground.sleep(700);
      // An update from the kernel that answers for the VIP: what arping does after a change.
      await ground.shell('node2', [`arping -q -c 2 -U -I eth0 ${FLANNEL.vip}`]);
      await ground.shell('router', [FORGET]);
    },
    form: { ...FORM, captures: 'per-interface' },
    fails: 'refused',
    expect: WITH_NODE2,
    ...MAY_BREAK_OFF,
  },
  {
    ...BASE,
    name: 'arp-conflict-strict-arp',
    description: 'Its twin with arp_ignore 1 and arp_announce 2 on node2, as strictARP sets them: one owner.',
    ground: FLANNEL_CLUSTER,
    changes: {
      router: EAGER_ROUTER,
      node2: [
        ...ipvsInterface(FLANNEL.vip),
        'sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2',
      ],
    },
    traffic: MANY,
    meanwhile: async (ground) => {
      await ground.sleep(800);
      await ground.shell('router', [FORGET]);
    },
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
  {
    ...BASE,
    name: 'arp-conflict-two-speakers',
    description:
      'Two speakers announce at once, as in a split brain; worker-b has no local endpoint and drops what comes.',
    ground: CALICO_CLUSTER,
    changes: {
      router: EAGER_ROUTER,
      'worker-b': [
        'iptables -t raw -A PREROUTING -i ens192 -d 172.20.5.200/32 -p tcp -m tcp --dport 443 -m comment --comment "shop/portal:https has no local endpoints" -j DROP',
      ],
    },
    traffic: MANY,
    meanwhile: async (ground, site) => {
      await ground.sleep(600);
      await site.speak(WORKER_B.name, INSISTENT);
      await ground.sleep(700);
      await ground.shell('router', [FORGET]);
    },
    expect: {
      cause: 'arp-conflict',
      node: null,
      interface: null,
      claimants: [
        { node: WORKER_A.name, interface: CALICO.nic, mac: macOfNode(WORKER_A) },
        { node: WORKER_B.name, interface: CALICO.nic, mac: macOfNode(WORKER_B) },
      ],
    },
    ...MAY_BREAK_OFF,
  },
  {
    ...BASE,
    name: 'arp-conflict-both-serve',
    description: 'Its twin: both announce and both serve, so that nothing is lost.',
    ground: CALICO_CLUSTER,
    changes: { router: EAGER_ROUTER },
    traffic: MANY,
    meanwhile: async (ground, site) => {
      await ground.sleep(600);
      await site.speak(WORKER_B.name);
      await ground.sleep(700);
      await ground.shell('router', [FORGET]);
    },
    changesHands: true,
    expect: null,
  },
  {
    ...BASE,
    name: 'arp-conflict-ndp',
    description: 'Both nodes own the VIP over IPv6 and answer for it; kw2 serves nothing and resets.',
    ground: cluster(clusterOptions(IPV6)),
    changes: { kw2: ['ip6tables -t nat -F', 'sysctl -qw net.ipv6.conf.enp3s0.ndisc_notify=1'] },
    traffic: MANY,
    meanwhile: async (ground) => {
      await ground.sleep(700);
      await ground.shell('kw2', ['ip addr add 2001:db8:20::100/128 dev enp3s0 nodad preferred_lft 0']);
      await ground.sleep(300);
      await ground.shell('router', ['ip -6 neigh flush dev lan1']);
    },
    fails: 'refused',
    expect: {
      cause: 'arp-conflict',
      node: null,
      interface: null,
      claimants: [
        { node: 'kw1', interface: 'enp3s0', mac: '06:00:00:20:00:21' },
        { node: 'kw2', interface: 'enp3s0', mac: '06:00:00:20:00:22' },
      ],
    },
    ...MAY_BREAK_OFF,
  },
  {
    ...BASE,
    name: 'arp-fail-over',
    description: 'The speaker on node1 ends, and node2 takes over with gratuitous ARP: one owner at a time.',
    ground: FLANNEL_CLUSTER,
    changes: { router: EAGER_ROUTER },
    traffic: MANY,
    meanwhile: async (ground, site) => {
      await ground.sleep(900);
      await site.silence('node1');
      await site.speak('node2');
      await ground.sleep(300);
      await ground.shell('router', [FORGET]);
    },
    changesHands: true,
    expect: null,
  },
  {
    ...BASE,
    name: 'arp-fail-over-calico',
    description: 'A hand-over on Calico with one Ethernet capture an interface.',
    ground: CALICO_CLUSTER,
    changes: { router: EAGER_ROUTER },
    traffic: MANY,
    meanwhile: async (ground, site) => {
      await ground.sleep(900);
      await site.silence(WORKER_A.name);
      await site.speak(WORKER_B.name);
    },
    form: { ...FORM, captures: 'per-interface' },
    changesHands: true,
    expect: null,
  },
  {
    ...BASE,
    name: 'arp-answered-twice',
    description: 'The VIP is bound on node1, so that its kernel and its speaker both answer, with one MAC.',
    ground: FLANNEL_CLUSTER,
    changes: { node1: ['ip addr add 192.168.1.100/32 dev eth0'] },
    form: { ...FORM, captures: 'pcapng' },
    expect: null,
  },
  {
    ...BASE,
    name: 'arp-proxy',
    description:
      'A machine with proxy_arp answers for the VIP as well, and forwards what it gets to its owner.',
    ground: WITH_STRANGER,
    changes: {
      router: EAGER_ROUTER,
      printer: [
        // proxy_arp answers for what is routed by another interface: the VIP is, by a second leg on the same LAN.
        'sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.eth0.rp_filter=0',
        'sysctl -qw net.ipv4.conf.eth0.proxy_arp=1 net.ipv4.neigh.eth0.proxy_delay=0 net.ipv4.conf.all.send_redirects=0',
        'ip link add leg type bridge && ip link set leg up',
        'ip addr add 192.168.1.78/32 dev leg',
        `ip route add ${FLANNEL.vip}/32 dev leg`,
        // What leaves by the leg is sent on to node1.
        'nft add table netdev hand && nft "add chain netdev hand in { type filter hook ingress device eth0 priority 0; }"',
        `nft add rule netdev hand in ip daddr ${FLANNEL.vip} ether daddr set 02:00:c0:a8:01:0b fwd to eth0`,
      ],
    },
    traffic: MANY,
    meanwhile: async (ground) => {
      await ground.sleep(900);
      await ground.shell('router', [FORGET]);
    },
    expect: null,
  },
];

export const OWNERS: Scenario[] = CONFLICTS;

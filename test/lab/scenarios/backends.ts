/** refused, backend-silent, untranslated-reply and undetermined. */
import { macOf, NODE1, NODE2 } from '../addresses.js';
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { EDGE_OPTIONS, edge } from '../grounds/edge.js';
import { CALICO, FLANNEL, IPV6, KUBE_ROUTER, ROUTED } from '../grounds/layouts.js';
import { OWN_POD } from '../grounds/own-pod.js';
import type { Scenario } from '../scenario.js';
import { BASE, FORM, TCP, UDP } from './base.js';

const CALICO_CLUSTER = cluster({ ...clusterOptions(CALICO), kube: true });
const FLANNEL_CLUSTER = cluster(clusterOptions(FLANNEL));
const IPV6_CLUSTER = cluster(clusterOptions(IPV6));

const REFUSED: Scenario[] = [
  {
    ...BASE,
    name: 'refused-backend',
    description: 'Masqueraded and routed as it should be, but nothing listens on the port of the backend.',
    ground: cluster({ ...clusterOptions(FLANNEL), listening: false }),
    form: { ...FORM, drops: true, compression: 'gz' },
    traffic: { ...BASE.traffic, connections: 4 },
    fails: 'refused',
    expect: { cause: 'refused', node: 'node2', interface: null },
  },
  {
    ...BASE,
    name: 'refused-udp',
    description: 'A UDP service whose backend does not listen: ICMP port unreachable comes back.',
    ground: cluster({ ...clusterOptions(CALICO), protocol: 'udp', listening: false, kube: true }),
    traffic: UDP,
    fails: 'refused',
    expect: { cause: 'refused', node: 'worker-b', interface: null },
  },
  {
    ...BASE,
    name: 'refused-ipv6',
    description: 'Nothing listens in the backend, over IPv6.',
    ground: cluster({ ...clusterOptions(IPV6), listening: false, proxy: 'nftables' }),
    form: { ...FORM, captures: 'pcapng' },
    fails: 'refused',
    expect: { cause: 'refused', node: 'kw2', interface: null },
  },
  {
    ...BASE,
    name: 'healthy-udp',
    description: 'Their twin: a UDP service that answers.',
    ground: cluster({ ...clusterOptions(CALICO), protocol: 'udp', kube: true }),
    traffic: UDP,
    expect: null,
  },
  {
    ...BASE,
    name: 'healthy-ipv6',
    description: 'Their twin: an IPv6 service that answers, in nftables mode.',
    ground: cluster({ ...clusterOptions(IPV6), proxy: 'nftables' }),
    form: { ...FORM, captures: 'pcapng' },
    expect: null,
  },
];

const SILENT: Scenario[] = [
  {
    ...BASE,
    name: 'backend-silent',
    description:
      "The pod's own firewall, of which nothing is recorded, drops the requests that it was handed.",
    ground: FLANNEL_CLUSTER,
    changes: { pod2: ['iptables -A INPUT -p tcp -m tcp --dport 8080 -j DROP'] },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'backend-silent', node: 'node2', interface: 'cni0' },
  },
  {
    ...BASE,
    name: 'backend-silent-wrong-address',
    description: 'The endpoint is out of date: the pod has another address, and drops what is not for it.',
    ground: CALICO_CLUSTER,
    changes: {
      'portal-1': [
        // The answer to who-has stays, as that of a neighbour entry which is not yet forgotten.
        'ip addr add 10.42.203.99/32 dev eth0 && ip addr del 10.42.203.77/32 dev eth0',
        'sysctl -qw net.ipv4.ip_forward=0',
      ],
      'worker-b': [
        'ip neigh replace 10.42.203.77 lladdr 02:00:0a:2a:cb:4d dev cali90c4e72d1f6 nud permanent',
      ],
    },
    expect: { cause: 'backend-silent', node: 'worker-b', interface: 'cali90c4e72d1f6' },
  },
  {
    ...BASE,
    name: 'backend-silent-ipv6',
    description: "The pod's own firewall drops the requests, over IPv6.",
    ground: IPV6_CLUSTER,
    changes: { 'api-x2': ['ip6tables -A INPUT -p tcp -m tcp --dport 3000 -j DROP'] },
    form: { ...FORM, captures: 'pcapng', compression: 'zst' },
    expect: { cause: 'backend-silent', node: 'kw2', interface: 'br-pods' },
  },
  {
    ...BASE,
    name: 'backend-silent-udp',
    description: 'A UDP service whose pod never answers.',
    ground: cluster({ ...clusterOptions(CALICO), protocol: 'udp', kube: true }),
    changes: { 'portal-1': ['iptables -A INPUT -p udp -m udp --dport 8443 -j DROP'] },
    traffic: UDP,
    expect: { cause: 'backend-silent', node: 'worker-b', interface: 'cali90c4e72d1f6' },
  },
  {
    ...BASE,
    name: 'backend-answers',
    description: "Their twin: the pod's firewall is for another port.",
    ground: FLANNEL_CLUSTER,
    changes: { pod2: ['iptables -A INPUT -p tcp -m tcp --dport 8081 -j DROP'] },
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
];

const KUBE_ROUTER_CLUSTER = cluster(clusterOptions(KUBE_ROUTER));
/** The namespace of the one backend. */
const INSIDE = { namespaces: { 'fra-02': ['store-1'] } } as const;

/** Holds up what clients send after their SYN, as a long way does. */
const AFTER_SYN = '-p tcp --tcp-flags SYN,ACK ACK -j DROP';

const INSIDE_POD: Scenario[] = [
  {
    ...BASE,
    ...INSIDE,
    name: 'filtered-in-pod',
    description: "The pod's own firewall drops the requests, and its namespace is recorded with the node.",
    ground: KUBE_ROUTER_CLUSTER,
    changes: { 'store-1': ['iptables -A INPUT -p tcp -m tcp --dport 9090 -j DROP'] },
    expect: { cause: 'filtered', node: 'fra-02', interface: 'eth0' },
  },
  {
    ...BASE,
    ...INSIDE,
    name: 'filtered-in-pod-other-port',
    description: 'Its twin: the rule is for another port.',
    ground: KUBE_ROUTER_CLUSTER,
    changes: { 'store-1': ['iptables -A INPUT -p tcp -m tcp --dport 9091 -j DROP'] },
    expect: null,
  },
];

const FULL_QUEUE: Scenario[] = [
  {
    ...BASE,
    ...INSIDE,
    name: 'backend-silent-full-queue',
    description:
      "The program in the pod listens and never accepts: its queue is full, and the pod's kernel drops each request.",
    ground: cluster({ ...clusterOptions(KUBE_ROUTER), listening: { idle: { halfOpen: 0 } } }),
    expect: { cause: 'backend-silent', node: 'fra-02', interface: 'eth0' },
  },
  {
    ...BASE,
    ...INSIDE,
    name: 'backend-silent-full-queue-late',
    description:
      "The program in the pod never accepts, and its queue is full when the clients' ACKs come, not yet when their SYNs do: " +
      "the clients are connected, and the pod's kernel drops what they send.",
    ground: cluster({ ...clusterOptions(KUBE_ROUTER), listening: { idle: { halfOpen: TCP.connections } } }),
    changes: { client: [`iptables -A OUTPUT ${AFTER_SYN}`] },
    meanwhile: async (ground) => {
      await ground.sleep(700);
      await ground.shell('client', [`iptables -D OUTPUT ${AFTER_SYN}`]);
    },
    // Without lo, by which the program's queue is filled.
    form: { ...FORM, captures: 'per-interface' },
    alsoFitting: ['established'],
    expect: { cause: 'backend-silent', node: 'fra-02', interface: 'eth0' },
  },
  {
    ...BASE,
    ...INSIDE,
    name: 'backend-accepts',
    description: 'Its twin: the program accepts.',
    ground: KUBE_ROUTER_CLUSTER,
    expect: null,
  },
];

/** The client's firewall takes nothing that it did not ask for: no reset, only silence. */
function silentClient(vip: string): string[] {
  return [`iptables -A INPUT -p tcp ! -s ${vip} -j DROP`];
}

const WITHOUT_MASQUERADE = { masquerade: false } as const;

/** As an office's or a carrier's router, in front of what its users ask; it drops what it did not ask for. */
const MASQUERADING = [
  'iptables -t nat -A POSTROUTING -o lan1 -j MASQUERADE',
  'iptables -A INPUT -i lan1 -p tcp -j DROP',
];

const UNTRANSLATED: Scenario[] = [
  {
    ...BASE,
    name: 'untranslated-loose',
    description:
      'As rp-filter-no-return with loose filtering: the reply reaches the client by the router, with the ' +
      "backend's address, and the client resets it.",
    ground: cluster({ ...clusterOptions(FLANNEL), ...WITHOUT_MASQUERADE }),
    rpFilter: { node2: { all: 2 } },
    logMartians: true,
    form: { ...FORM, drops: true },
    traffic: { ...BASE.traffic, connections: 4, timeoutMs: 3600 },
    expect: { cause: 'untranslated-reply', node: 'node2', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'untranslated-dropped',
    description:
      "The reply reaches the client with the backend's address, and its firewall drops it in silence.",
    ground: cluster({ ...clusterOptions(CALICO), ...WITHOUT_MASQUERADE, kube: true }),
    changes: { client: silentClient('172.20.5.200') },
    expect: { cause: 'untranslated-reply', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'untranslated-ethernet',
    description:
      'Pod networks routed over the LAN, an Ethernet capture an interface; the client resets the reply.',
    ground: cluster({ ...clusterOptions(ROUTED), ...WITHOUT_MASQUERADE }),
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'untranslated-reply', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'untranslated-ipv6',
    description: 'The same over IPv6.',
    ground: cluster({ ...clusterOptions(IPV6), ...WITHOUT_MASQUERADE }),
    expect: { cause: 'untranslated-reply', node: 'kw2', interface: 'enp3s0' },
  },
  {
    ...BASE,
    name: 'untranslated-udp',
    description: "A UDP service: the answer comes from the backend's address, and nobody waits for it.",
    ground: cluster({ ...clusterOptions(CALICO), ...WITHOUT_MASQUERADE, protocol: 'udp', kube: true }),
    traffic: UDP,
    expect: { cause: 'untranslated-reply', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'untranslated-backend-network',
    description:
      'By a cooked capture, and the backend is a host of a network behind worker-b: by which way such a host ' +
      'answers is told by the packets alone.',
    ground: cluster({ ...clusterOptions(ROUTED), ...WITHOUT_MASQUERADE }),
    changes: {
      client: silentClient('172.20.5.200'),
      'worker-b': ['ip addr add 10.42.203.65/26 dev cali90c4e72d1f6'],
    },
    expect: { cause: 'untranslated-reply', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'untranslated-behind-nat',
    description:
      "The client's router, recorded as well, puts itself in the client's place: the reply comes back to the router " +
      "with the backend's address, and the router knows no such connection.",
    recorded: ['router', 'worker-a', 'worker-b'],
    ground: cluster({ ...clusterOptions(ROUTED), ...WITHOUT_MASQUERADE }),
    changes: { router: MASQUERADING },
    expect: { cause: 'untranslated-reply', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'healthy-behind-nat',
    description: 'Its twin: worker-a masquerades as well, and the reply comes by it.',
    recorded: ['router', 'worker-a', 'worker-b'],
    ground: cluster(clusterOptions(ROUTED)),
    changes: { router: MASQUERADING },
    expect: null,
  },
  {
    ...BASE,
    name: 'direct-return',
    description:
      "worker-a hands requests on untouched, and worker-b translates and answers with the VIP's address itself: " +
      'direct server return, healthy.',
    ground: cluster({ ...clusterOptions(ROUTED), ...WITHOUT_MASQUERADE }),
    changes: {
      'worker-a': ['iptables -t nat -F', 'ip route add 172.20.5.200/32 via 172.20.5.22 dev ens192'],
    },
    expect: null,
  },
  {
    ...BASE,
    name: 'direct-return-ethernet',
    description: 'The same with an Ethernet capture an interface.',
    ground: cluster({ ...clusterOptions(ROUTED), ...WITHOUT_MASQUERADE }),
    changes: {
      'worker-a': ['iptables -t nat -F', 'ip route add 172.20.5.200/32 via 172.20.5.22 dev ens192'],
    },
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
];

/** A loss that nothing recorded tells of. */
const UNDETERMINED: Scenario[] = [
  {
    ...BASE,
    name: 'undetermined-untracked-reply',
    description:
      'node1 masquerades, and a rule of its raw table exempts what comes by the overlay from tracking: it takes the reply ' +
      'for one to itself, and resets it.',
    ground: FLANNEL_CLUSTER,
    changes: { node1: ['iptables -t raw -A PREROUTING -i flannel.1 -p tcp -j NOTRACK'] },
    expect: { cause: 'undetermined', node: 'node1', interface: 'flannel.1' },
  },
  {
    ...BASE,
    name: 'undetermined-own-backend',
    description:
      "A pod on a device of its own asks for the VIP and is led back to itself, with nothing that masquerades it: the pod's " +
      'kernel takes its own address as the source for a martian.',
    ground: OWN_POD,
    changes: {
      'edge-7': [
        'ip link set veth5b1d9e70 nomaster',
        'ip addr del 10.112.3.1/24 dev kube-bridge',
        'ip addr add 10.112.3.1/24 dev veth5b1d9e70',
        'iptables -t nat -A PREROUTING -d 203.0.113.80 -p tcp --dport 6443 -j DNAT --to-destination 10.112.3.19:6443',
      ],
    },
    expect: { cause: 'undetermined', node: 'edge-7', interface: 'veth5b1d9e70' },
  },
  {
    ...BASE,
    name: 'undetermined-beyond',
    description: 'A link beyond the router, of which nothing is recorded, loses every SYN-ACK.',
    ground: FLANNEL_CLUSTER,
    changes: { client: ['iptables -t raw -A PREROUTING -p tcp --tcp-flags SYN,ACK SYN,ACK -j DROP'] },
    expect: { cause: 'undetermined', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'undetermined-beyond-ethernet',
    description: 'The same behind a machine with one gateway for both ways, which is not recorded.',
    ground: edge(EDGE_OPTIONS),
    changes: {
      'lb-3': [
        'ip route add default via 172.31.255.254 dev ens19 table 100',
        'ip rule add from 172.31.255.80 lookup 100',
      ],
      client: ['iptables -t raw -A PREROUTING -p tcp --tcp-flags SYN,ACK SYN,ACK -j DROP'],
    },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'undetermined', node: 'lb-3', interface: 'ens19' },
  },
  {
    ...BASE,
    name: 'lossy-beyond',
    description: 'Their twin: the link loses a SYN-ACK now and then; every connection is made, some late.',
    ground: FLANNEL_CLUSTER,
    changes: {
      client: [
        'iptables -t raw -A PREROUTING -p tcp --tcp-flags SYN,ACK SYN,ACK -m statistic --mode nth --every 3 --packet 0 -j DROP',
      ],
    },
    slow: 'undetermined',
    expect: null,
  },
  {
    ...BASE,
    name: 'tunnel-ports-differ',
    description: "node2's VXLAN device has another UDP port than node1 sends to.",
    ground: FLANNEL_CLUSTER,
    changes: {
      node2: [
        'ip link del flannel.1',
        `ip link add flannel.1 address ${macOf(NODE2.vtep)} mtu 1450 type vxlan id 1 local ${NODE2.address} dev eth0 dstport 4789 nolearning`,
        `ip link set flannel.1 up; ip addr add ${NODE2.vtep}/32 dev flannel.1`,
        `ip neigh add ${NODE1.vtep} lladdr ${macOf(NODE1.vtep)} dev flannel.1 nud permanent`,
        `ip route add ${NODE1.podNetwork} via ${NODE1.vtep} dev flannel.1 onlink`,
        `bridge fdb add ${macOf(NODE1.vtep)} dev flannel.1 dst ${NODE1.address} self permanent`,
      ],
    },
    // The ICMP error answers the tunnel packet: the client has no word of it.
    alsoFitting: ['unreachable'],
    expect: { cause: 'undetermined', node: 'node2', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'tunnel-without-far-end',
    description: "node2's VXLAN device has no forwarding entry for node1's MAC.",
    ground: FLANNEL_CLUSTER,
    changes: {
      node2: [`bridge fdb del ${macOf(NODE1.vtep)} dev flannel.1 dst ${NODE1.address} self`],
    },
    form: { ...FORM, drops: true },
    expect: { cause: 'undetermined', node: 'node2', interface: 'flannel.1' },
  },
];

export const BACKENDS: Scenario[] = [
  ...REFUSED,
  ...SILENT,
  ...INSIDE_POD,
  ...FULL_QUEUE,
  ...UNTRANSLATED,
  ...UNDETERMINED,
];

/** filtered and netfilter-rpfilter. */
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { EDGE_OPTIONS, EDGE6, edge } from '../grounds/edge.js';
import { CALICO, FLANNEL, IPV6, ROUTED } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE, ECHO, FORM, UDP } from './base.js';

const CALICO_CLUSTER = cluster({ ...clusterOptions(CALICO), kube: true });
const FLANNEL_CLUSTER = cluster(clusterOptions(FLANNEL));
const ROUTED_CLUSTER = cluster(clusterOptions(ROUTED));
const IPV6_CLUSTER = cluster(clusterOptions(IPV6));
const SERVER = edge(EDGE_OPTIONS);
const UDP_SERVER = edge({ ...EDGE_OPTIONS, protocol: 'udp' });

const BACKEND = '-d 10.42.203.77/32 -p tcp -m tcp --dport 8443';

/** A NetworkPolicy as Calico writes it: the pod's chain lets through what a policy accepts, and drops the rest. */
function policy(allowed: string): string[] {
  return [
    'iptables -N cali-tw-cali90c4e72d1f6',
    `iptables -A cali-tw-cali90c4e72d1f6 -s ${allowed} -m comment --comment "Policy shop/allow-ingress" -j RETURN`,
    'iptables -A cali-tw-cali90c4e72d1f6 -m comment --comment "Drop if no profiles matched" -j DROP',
    'iptables -A FORWARD -o cali90c4e72d1f6 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    'iptables -A FORWARD -o cali90c4e72d1f6 -j cali-tw-cali90c4e72d1f6',
  ];
}

/** The same by a selector: who is allowed is in an ipset, which Calico keeps up with the pods. */
function selected(allowed: string): string[] {
  const set = 'cali40s:dSXImMSA1iXOPxYRYLVorAP';
  return [
    `ipset create ${set} hash:net family inet maxelem 1048576`,
    `ipset add ${set} ${allowed}`,
    'iptables -N cali-tw-cali90c4e72d1f6',
    'iptables -N cali-pi-_8vRxHQxtTqzoKfPPWdn',
    'iptables -A cali-tw-cali90c4e72d1f6 -j MARK --set-xmark 0x0/0x10000',
    'iptables -A cali-tw-cali90c4e72d1f6 -m comment --comment "Policy shop/allow-front" -j cali-pi-_8vRxHQxtTqzoKfPPWdn',
    'iptables -A cali-tw-cali90c4e72d1f6 -m mark --mark 0x10000/0x10000 -j RETURN',
    'iptables -A cali-tw-cali90c4e72d1f6 -m comment --comment "Drop if no policies passed packet" -j DROP',
    `iptables -A cali-pi-_8vRxHQxtTqzoKfPPWdn -p tcp -m set --match-set ${set} src -m multiport --dports 8443 -j MARK --set-xmark 0x10000/0x10000`,
    'iptables -A FORWARD -o cali90c4e72d1f6 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    'iptables -A FORWARD -o cali90c4e72d1f6 -j cali-tw-cali90c4e72d1f6',
  ];
}

const FILTERED: Scenario[] = [
  {
    ...BASE,
    name: 'filtered-forward',
    description: 'A rule in FORWARD on worker-b drops what is for the backend.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': [`iptables -A FORWARD ${BACKEND} -j DROP`] },
    form: { ...FORM, drops: true },
    expect: { cause: 'filtered', node: 'worker-b', interface: 'vxlan.calico' },
  },
  {
    ...BASE,
    name: 'filtered-forward-accepted-before',
    description: 'Its twin: a rule before it accepts the same packets.',
    ground: CALICO_CLUSTER,
    changes: {
      'worker-b': [`iptables -A FORWARD ${BACKEND} -j ACCEPT`, `iptables -A FORWARD ${BACKEND} -j DROP`],
    },
    expect: null,
  },
  {
    ...BASE,
    name: 'filtered-reply',
    description: "A rule in FORWARD on node1 drops the backend's replies.",
    ground: FLANNEL_CLUSTER,
    changes: { node1: ['iptables -A FORWARD -s 10.244.1.0/24 -p tcp -m tcp --sport 8080 -j DROP'] },
    expect: { cause: 'filtered', node: 'node1', interface: 'flannel.1' },
  },
  {
    ...BASE,
    name: 'filtered-reply-established',
    description: 'Its twin: packets of connections that are known are accepted before.',
    ground: FLANNEL_CLUSTER,
    changes: {
      node1: [
        'iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
        'iptables -A FORWARD -s 10.244.1.0/24 -p tcp -m tcp --sport 8080 -j DROP',
      ],
    },
    expect: null,
  },
  {
    ...BASE,
    name: 'filtered-vxlan-port',
    description: 'A host firewall on node2 drops VXLAN: the request is lost inside its tunnel.',
    ground: FLANNEL_CLUSTER,
    changes: { node2: ['iptables -A INPUT -i eth0 -p udp -m udp --dport 8472 -j DROP'] },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'filtered', node: 'node2', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'filtered-vxlan-port-open',
    description: 'Its twin: the same firewall with a rule for the other node.',
    ground: FLANNEL_CLUSTER,
    changes: {
      node2: [
        'iptables -A INPUT -s 192.168.1.11/32 -p udp -m udp --dport 8472 -j ACCEPT',
        'iptables -A INPUT -i eth0 -p udp -m udp --dport 8472 -j DROP',
      ],
    },
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
  {
    ...BASE,
    name: 'filtered-nft-reject',
    description: 'An nft rule on worker-b rejects what is for the backend, with an ICMP error to the client.',
    ground: ROUTED_CLUSTER,
    changes: {
      'worker-b': [
        'nft add table inet guard',
        "nft add chain inet guard forward '{ type filter hook forward priority filter; policy accept; }'",
        'nft add rule inet guard forward ip daddr 10.42.203.77 tcp dport 8443 counter reject with icmpx admin-prohibited',
      ],
    },
    fails: 'unreachable',
    expect: { cause: 'filtered', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'filtered-reject-reset',
    description: 'A rule on worker-b rejects with a TCP reset: refused by the firewall, not by the backend.',
    ground: ROUTED_CLUSTER,
    changes: { 'worker-b': [`iptables -A FORWARD ${BACKEND} -j REJECT --reject-with tcp-reset`] },
    fails: 'refused',
    expect: { cause: 'filtered', node: 'worker-b', interface: 'ens192' },
  },
  {
    ...BASE,
    name: 'filtered-network-policy',
    description: 'A NetworkPolicy on the backend allows other pods than the node that connections come from.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': policy('10.42.99.0/26') },
    form: { ...FORM, compression: 'zst' },
    expect: { cause: 'filtered', node: 'worker-b', interface: 'vxlan.calico' },
  },
  {
    ...BASE,
    name: 'filtered-network-policy-allows',
    description: 'Its twin: the policy allows the pod network of the announcing node.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': policy('10.42.17.0/26') },
    expect: null,
  },
  {
    ...BASE,
    name: 'filtered-ipset',
    description:
      'A NetworkPolicy by a selector: the set of those that it allows has others than the announcing node.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': selected('10.42.99.7') },
    form: { ...FORM, compression: 'zst' },
    expect: { cause: 'filtered', node: 'worker-b', interface: 'vxlan.calico' },
  },
  {
    ...BASE,
    name: 'filtered-ipset-member',
    description: 'Its twin: the announcing node is in the set.',
    ground: CALICO_CLUSTER,
    changes: { 'worker-b': selected('10.42.17.0/26') },
    expect: null,
  },
  {
    ...BASE,
    name: 'filtered-ipv6',
    description: 'A rule in FORWARD of ip6tables on kw2 drops what is for the backend.',
    ground: IPV6_CLUSTER,
    changes: { kw2: ['ip6tables -A FORWARD -d fd42:0:a2::2b/128 -p tcp -m tcp --dport 3000 -j DROP'] },
    expect: { cause: 'filtered', node: 'kw2', interface: 'enp3s0' },
  },
  {
    ...BASE,
    name: 'filtered-input',
    description:
      'An nft firewall on the machine itself accepts some ports, and the service is not among them.',
    ground: SERVER,
    changes: {
      'lb-3': [
        'nft add table inet filter',
        "nft add chain inet filter input '{ type filter hook input priority filter; policy accept; }'",
        'nft add rule inet filter input ct state established,related counter accept',
        "nft add rule inet filter input tcp dport '{ 22, 80, 443 }' counter accept",
        'nft add rule inet filter input iifname ens19 ip protocol tcp counter drop',
      ],
    },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'filtered', node: 'lb-3', interface: 'ens19' },
  },
  {
    ...BASE,
    name: 'filtered-at-client',
    description:
      "The client's own firewall drops what comes from the service's port, behind a rule on invalid packets.",
    ground: SERVER,
    changes: {
      'lb-3': [
        'ip route add default via 172.31.255.254 dev ens19 table 100',
        'ip rule add from 172.31.255.80 lookup 100',
      ],
      client: [
        'iptables -A INPUT -m conntrack --ctstate INVALID -j DROP',
        'iptables -A INPUT -p tcp -m tcp --sport 8443 -j DROP',
      ],
    },
    recorded: ['client', 'lb-3'],
    form: { ...FORM, drops: true },
    expect: { cause: 'filtered', node: 'client', interface: 'eth0' },
  },
  {
    ...BASE,
    name: 'filtered-output',
    description: 'A rule in OUTPUT drops the replies that the machine itself sends.',
    ground: SERVER,
    changes: { 'lb-3': ['iptables -A OUTPUT -o ens18 -p tcp -m tcp --sport 8443 -j DROP'] },
    expect: { cause: 'filtered', node: 'lb-3', interface: null },
  },
  {
    ...BASE,
    name: 'filtered-udp',
    description: 'A UDP service whose port the machine drops.',
    ground: UDP_SERVER,
    changes: { 'lb-3': ['iptables -A INPUT -p udp -m udp --dport 8443 -j DROP'] },
    traffic: UDP,
    expect: { cause: 'filtered', node: 'lb-3', interface: 'ens19' },
  },
  {
    ...BASE,
    name: 'filtered-udp-other-port',
    description: 'Its twin: the rule is for another port.',
    alsoFitting: ['unacknowledged'],
    ground: UDP_SERVER,
    changes: { 'lb-3': ['iptables -A INPUT -p udp -m udp --dport 8444 -j DROP'] },
    traffic: UDP,
    expect: null,
  },
  {
    ...BASE,
    name: 'filtered-echo',
    description: 'The machine drops echo requests for the VIP.',
    ground: SERVER,
    changes: { 'lb-3': ['iptables -A INPUT -p icmp -m icmp --icmp-type echo-request -j DROP'] },
    traffic: ECHO,
    expect: { cause: 'filtered', node: 'lb-3', interface: 'ens19' },
  },
  {
    ...BASE,
    name: 'healthy-echo',
    description: 'Its twin without the rule: echo requests come in by ens19, and the replies leave by ens18.',
    ground: SERVER,
    traffic: ECHO,
    alsoFitting: ['unacknowledged'],
    expect: null,
  },
];

const RPFILTER = 'iptables -t raw -A PREROUTING -m rpfilter --invert -j DROP';
/** Answers for the VIP leave by the gateway that its requests come in by. */
const SOURCE_ROUTED = [
  'ip route add default via 172.31.255.254 dev ens19 table 100',
  'ip rule add from 172.31.255.80 lookup 100',
];
const ON_SECOND = { cause: 'netfilter-rpfilter', node: 'lb-3', interface: 'ens19' } as const;

function fib(...before: string[]): string[] {
  return [
    'nft add table inet antispoof',
    "nft add chain inet antispoof pre '{ type filter hook prerouting priority raw; policy accept; }'",
    ...before.map((rule) => `nft add rule inet antispoof pre ${rule}`),
    'nft add rule inet antispoof pre fib saddr . iif oif missing counter drop',
  ];
}

const NETFILTER_RPFILTER: Scenario[] = [
  {
    ...BASE,
    name: 'netfilter-rpfilter',
    description: 'iptables -m rpfilter drops requests that come in by ens19: the way back is by ens18.',
    ground: SERVER,
    changes: { 'lb-3': [RPFILTER] },
    form: { ...FORM, drops: true },
    expect: ON_SECOND,
  },
  {
    ...BASE,
    name: 'netfilter-rpfilter-loose',
    description: 'Its twin with --loose: any interface may be the way back.',
    ground: SERVER,
    changes: { 'lb-3': [RPFILTER.replace('--invert', '--loose --invert')] },
    expect: null,
  },
  {
    ...BASE,
    name: 'netfilter-rpfilter-accepted-before',
    description: 'Its twin with a rule before it that accepts what is for the VIP.',
    ground: SERVER,
    changes: { 'lb-3': ['iptables -t raw -A PREROUTING -d 172.31.255.80/32 -j ACCEPT', RPFILTER] },
    expect: null,
  },
  {
    ...BASE,
    name: 'netfilter-rpfilter-fib',
    description: 'An nft fib expression drops requests that come in by ens19; a UDP service.',
    ground: UDP_SERVER,
    changes: { 'lb-3': fib() },
    traffic: UDP,
    form: { ...FORM, captures: 'per-interface', compression: 'gz' },
    expect: ON_SECOND,
  },
  {
    ...BASE,
    name: 'netfilter-rpfilter-fib-source-routed',
    description: 'The same fib rule, and replies for the VIP leave by ens19: healthy.',
    ground: SERVER,
    changes: { 'lb-3': [...fib(), ...SOURCE_ROUTED] },
    expect: null,
  },
  {
    ...BASE,
    name: 'netfilter-rpfilter-ipv6',
    description:
      'ip6tables -m rpfilter, as firewalld has it for IPv6, drops requests that come in by bond0.210.',
    ground: edge({ ...EDGE_OPTIONS, layout: EDGE6 }),
    changes: { mx1: [RPFILTER.replace('iptables', 'ip6tables')] },
    expect: { cause: 'netfilter-rpfilter', node: 'mx1', interface: 'bond0.210' },
  },
  {
    ...BASE,
    name: 'netfilter-rpfilter-overlay',
    description:
      'Connections are not masqueraded, and iptables -m rpfilter on node2 drops what comes through the overlay.',
    ground: cluster({ ...clusterOptions(FLANNEL), masquerade: false, returnPolicy: true }),
    changes: { node2: [RPFILTER] },
    form: { ...FORM, captures: 'pcapng' },
    expect: { cause: 'netfilter-rpfilter', node: 'node2', interface: 'flannel.1' },
  },
];

export const FILTERS: Scenario[] = [...FILTERED, ...NETFILTER_RPFILTER];

/** wrong-gateway and stateful-gateway: the reply goes another way than the request came. */
import { EDGE_OPTIONS, EDGE6, edge } from '../grounds/edge.js';
import { OWN_POD } from '../grounds/own-pod.js';
import type { Scenario } from '../scenario.js';
import { BASE, ECHO, FORM, UDP } from './base.js';

export const SERVER = edge(EDGE_OPTIONS);
const POD = edge({ ...EDGE_OPTIONS, server: 'pod' });
const ONE_LAN = edge({ ...EDGE_OPTIONS, oneLan: true });
const SERVER6 = edge({ ...EDGE_OPTIONS, layout: EDGE6 });

/** A firewall that drops what belongs to no connection that it saw begin. */
function stateful(family: 'inet' | 'ip6' = 'inet'): string[] {
  return [
    `nft add table ${family} fw`,
    `nft add chain ${family} fw forward '{ type filter hook forward priority filter; policy accept; }'`,
    `nft add rule ${family} fw forward ct state invalid counter drop`,
  ];
}

/** The same, and from its LAN nothing may begin but what it has seen begin from outside. */
const ONE_WAY = [...stateful(), 'nft add rule inet fw forward iifname lan ct state new counter drop'];

export const SOURCE_ROUTED = [
  'ip route add default via 172.31.255.254 dev ens19 table 100',
  'ip rule add from 172.31.255.80 lookup 100',
];

/** Connections that come in by ens19 are marked, and what bears the mark leaves by it. */
const MARKED = [
  'ip route add default via 172.31.255.254 dev ens19 table 100',
  // With the pod's address: a request bears the mark as well.
  'ip rule add from 10.233.64.5 fwmark 0x100 lookup 100',
  'iptables -t mangle -A PREROUTING -j CONNMARK --restore-mark',
  'iptables -t mangle -A PREROUTING -m mark ! --mark 0 -j RETURN',
  'iptables -t mangle -A PREROUTING -i ens19 -j MARK --set-mark 0x100',
  'iptables -t mangle -A POSTROUTING -j CONNMARK --save-mark',
];

/** A default route with a next hop on each side; a hash of addresses and ports picks one for each connection. */
const MULTIPATH = [
  'sysctl -qw net.ipv4.fib_multipath_hash_policy=1',
  'ip route replace default nexthop via 10.20.30.254 dev ens18 nexthop via 172.31.255.254 dev ens19',
];

/** An address of that network that is no machine's. */
const GATEWAY_GONE = ['ip route replace default via 10.20.30.199 dev ens18'];

const LEFT_BY_DEFAULT = { cause: 'wrong-gateway', node: 'lb-3', interface: 'ens18' } as const;
const WENT_ROUND = { cause: 'stateful-gateway', node: 'lb-3', interface: 'ens18' } as const;

const WRONG: Scenario[] = [
  {
    ...BASE,
    name: 'wrong-gateway',
    description:
      'Requests come in by ens19 and its gateway; replies leave by the default gateway, a stateful firewall ' +
      'that has not seen the request and drops them.',
    ground: SERVER,
    changes: { gw1: stateful() },
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-ethernet',
    description: 'The same with an Ethernet capture an interface, whose MACs name the gateways.',
    ground: SERVER,
    changes: { gw1: stateful() },
    form: { ...FORM, captures: 'per-interface' },
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-multipath',
    description:
      'The default route has a next hop on each side: replies that leave by ens18 meet the stateful firewall, those ' +
      'by ens19 get back.',
    ground: SERVER,
    changes: { 'lb-3': MULTIPATH, gw1: stateful() },
    traffic: { ...BASE.traffic, connections: 8 },
    intermittent: true,
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-multipath-passes',
    description: 'Its twin without the firewall: every connection is made, by either way.',
    ground: SERVER,
    changes: { 'lb-3': MULTIPATH },
    traffic: { ...BASE.traffic, connections: 8 },
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-passes',
    description:
      'Their twin: the default gateway does not filter, and the replies arrive. Asymmetric and healthy.',
    ground: SERVER,
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-source-routed',
    description: 'Their twin: a rule sends what the VIP sends back by ens19.',
    ground: SERVER,
    changes: { gw1: stateful(), 'lb-3': SOURCE_ROUTED },
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-silent',
    description:
      "The default route leads to an address that nobody has: the pod's replies never leave, and it is told so by ICMP.",
    ground: POD,
    changes: { 'lb-3': GATEWAY_GONE },
    uncounted: true,
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-silent-source-routed',
    description: 'Its twin: a rule sends what the pod sends back by ens19, and nobody asks for that address.',
    ground: POD,
    changes: {
      'lb-3': [
        ...GATEWAY_GONE,
        'ip route add default via 172.31.255.254 dev ens19 table 100',
        'ip rule add from 10.233.64.5 lookup 100',
      ],
    },
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-pod',
    description: "The server is a pod behind DNAT, and the pod's reply leaves by the default gateway.",
    ground: POD,
    changes: { gw1: stateful() },
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-pod-recipe',
    description:
      "The well-known rule for the VIP's network does not mend a pod behind DNAT: its reply is routed with the " +
      "pod's address.",
    ground: POD,
    changes: { gw1: stateful(), 'lb-3': SOURCE_ROUTED },
    form: { ...FORM, captures: 'per-interface', compression: 'gz' },
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-pod-source-routed',
    description: "Its twin: a rule for the pod's address.",
    ground: POD,
    changes: {
      gw1: stateful(),
      'lb-3': [
        'ip route add default via 172.31.255.254 dev ens19 table 100',
        'ip rule add from 10.233.64.5 lookup 100',
      ],
    },
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-one-lan',
    description:
      'Two routers on one LAN: the request comes from the MAC of one, and the reply goes to the other.',
    ground: ONE_LAN,
    changes: { gw1: stateful() },
    form: { ...FORM, captures: 'per-interface' },
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-one-lan-passes',
    description: 'Its twin: the other router passes the replies on.',
    ground: ONE_LAN,
    form: { ...FORM, captures: 'per-interface' },
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-ipv6',
    description: 'The same over IPv6: in by bond0.210, out by bond0.',
    ground: SERVER6,
    changes: { gw1: stateful('ip6') },
    expect: { cause: 'wrong-gateway', node: 'mx1', interface: 'bond0' },
  },
  {
    ...BASE,
    name: 'wrong-gateway-ipv6-passes',
    description: 'Its twin: the default gateway does not filter.',
    ground: SERVER6,
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-udp',
    description: 'A UDP service: the default gateway drops answers to questions that it has not seen.',
    ground: edge({ ...EDGE_OPTIONS, protocol: 'udp' }),
    changes: { gw1: ONE_WAY },
    traffic: UDP,
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-udp-passes',
    description: 'Its twin: the default gateway does not filter.',
    ground: edge({ ...EDGE_OPTIONS, protocol: 'udp' }),
    traffic: UDP,
    // Without a second question, the node cannot know whether its answer arrived by another way.
    alsoFitting: ['unacknowledged'],
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-echo',
    description:
      'Echo replies leave by the default gateway, which has not seen the requests. The client is recorded as ' +
      'well: without it nothing tells that they are lost.',
    recorded: ['lb-3', 'client'],
    // Nothing comes after the last one, so that it may still be on its way.
    alsoFitting: ['unacknowledged'],
    ground: SERVER,
    changes: { gw1: stateful() },
    traffic: ECHO,
    expect: LEFT_BY_DEFAULT,
  },
];

const STATEFUL: Scenario[] = [
  {
    ...BASE,
    name: 'stateful-gateway',
    description:
      'The reply goes round the gateway that carried the request, which then drops the acknowledgements of the ' +
      'client: to its conntrack they belong to nothing.',
    ground: SERVER,
    changes: { gw2: stateful() },
    expect: WENT_ROUND,
  },
  {
    ...BASE,
    name: 'stateful-gateway-lenient',
    description: 'Its twin: the gateway keeps state, and drops nothing for it.',
    ground: SERVER,
    changes: { gw2: stateful().map((line) => line.replace('counter drop', 'counter accept')) },
    expect: null,
  },
  {
    ...BASE,
    name: 'stateful-gateway-source-routed',
    description: 'Its twin: a rule sends what the VIP sends back by ens19.',
    ground: SERVER,
    changes: { gw2: stateful(), 'lb-3': SOURCE_ROUTED },
    expect: null,
  },
  {
    ...BASE,
    name: 'stateful-gateway-recorded',
    description:
      'The gateway that carried the request is recorded as well, and Ethernet captures name the MACs.',
    ground: SERVER,
    changes: { gw2: stateful() },
    form: { ...FORM, captures: 'per-interface' },
    recorded: ['lb-3', 'gw2'],
    // The acknowledgements are seen where they come in and are dropped.
    alsoFitting: ['established'],
    expect: WENT_ROUND,
  },
  {
    ...BASE,
    name: 'stateful-gateway-recorded-source-routed',
    description: 'Its twin: a rule sends what the VIP sends back by ens19, through the gateway.',
    ground: SERVER,
    changes: { gw2: stateful(), 'lb-3': SOURCE_ROUTED },
    recorded: ['lb-3', 'gw2'],
    expect: null,
  },
  {
    ...BASE,
    name: 'undetermined-behind-both-ways',
    description:
      'The replies come back to the first router by another gateway than the requests went, leave it for the client, ' +
      "and are dropped by the client's own firewall: the way that they took is not what loses them.",
    ground: SERVER,
    recorded: ['core', 'gw1', 'gw2', 'lb-3'],
    changes: { client: ['iptables -A INPUT -p tcp --tcp-flags SYN,ACK SYN,ACK -j DROP'] },
    expect: { cause: 'undetermined', node: 'core', interface: 'lan0' },
  },
  {
    ...BASE,
    name: 'stateful-gateway-all-recorded',
    description:
      'All routers are recorded: the reply comes back to the one before both gateways, by the other of them.',
    ground: SERVER,
    recorded: ['core', 'gw1', 'gw2', 'lb-3'],
    // The acknowledgements are seen where they come in and are dropped.
    alsoFitting: ['established'],
    changes: { gw2: stateful() },
    expect: WENT_ROUND,
  },
  {
    ...BASE,
    name: 'stateful-gateway-one-lan',
    description: 'Two routers on one LAN: the reply goes to the other one, and the first then drops.',
    ground: ONE_LAN,
    changes: { gw2: stateful() },
    form: { ...FORM, captures: 'pcapng' },
    expect: WENT_ROUND,
  },
  {
    ...BASE,
    name: 'stateful-gateway-ipv6',
    description: 'The same over IPv6.',
    ground: SERVER6,
    changes: { gw2: stateful('ip6') },
    expect: { cause: 'stateful-gateway', node: 'mx1', interface: 'bond0' },
  },
];

/** Where a rule for the VIP's network catches more, or less, than it should. */
const POLICY: Scenario[] = [
  {
    ...BASE,
    name: 'wrong-gateway-own-pod',
    description:
      "A pod of the node asks for the VIP, and the rule for the VIP's network sends the reply out by the VLAN's " +
      'gateway, which knows no pods.',
    ground: OWN_POD,
    expect: { cause: 'wrong-gateway', node: 'edge-7', interface: 'bond0.100' },
  },
  {
    ...BASE,
    name: 'wrong-gateway-own-pod-excepted',
    description: 'Its twin: a rule before it looks up in the main table what is for the pods.',
    ground: OWN_POD,
    changes: { 'edge-7': ['ip rule add from 203.0.113.0/24 to 10.112.0.0/12 lookup main'] },
    expect: null,
  },
  {
    ...BASE,
    name: 'wrong-gateway-mark-not-restored',
    description:
      "Routed by connection mark, but nothing restores the mark in the pod's reply, which leaves by the default gateway.",
    ground: POD,
    changes: { gw1: stateful(), 'lb-3': MARKED.filter((line) => !line.includes('--restore-mark')) },
    expect: LEFT_BY_DEFAULT,
  },
  {
    ...BASE,
    name: 'wrong-gateway-mark-restored',
    description: "Its twin: the pod's reply bears its connection's mark, and leaves by ens19.",
    ground: POD,
    changes: { gw1: stateful(), 'lb-3': MARKED },
    expect: null,
  },
  {
    ...BASE,
    name: 'acknowledgements-dropped',
    description:
      'One gateway for both ways, not recorded, drops what the client sends after its SYN: no stateful gateway was ' +
      'gone round.',
    ground: SERVER,
    changes: {
      'lb-3': SOURCE_ROUTED,
      gw2: [
        ...stateful(),
        "nft add rule inet fw forward iifname wan tcp flags '& (syn|ack) == ack' counter drop",
      ],
    },
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'undetermined', node: 'lb-3', interface: 'ens19' },
  },
];

export const GATEWAYS: Scenario[] = [...WRONG, ...STATEFUL, ...POLICY];

/** The client has its reply, and what it sends next is lost, for no reason that has to do with the way of the reply. */
import { SECOND_NIC } from '../grounds/second-nic.js';
import type { Scenario } from '../scenario.js';
import { BASE, FORM, TCP } from './base.js';
import { SERVER, SOURCE_ROUTED } from './gateways.js';

/** The ACK that ends a handshake, dropped whatever is known of its connection. */
const ACKS_DROPPED = 'iptables -A FORWARD -p tcp --tcp-flags SYN,ACK ACK -j DROP';

/** What the client sends after its SYN is lost, and no state is the reason. */
const FLAGS: Scenario[] = [
  {
    ...BASE,
    name: 'filtered-acknowledgements-input',
    description:
      'The server itself lets SYNs in by the interface of the requests, and by it no other packets: its replies, which ' +
      'leave by the other one, are answered in vain.',
    ground: SECOND_NIC,
    changes: {
      node1: ['iptables -A INPUT -i eth1 -p tcp --syn -j ACCEPT', 'iptables -A INPUT -i eth1 -p tcp -j DROP'],
    },
    alsoFitting: ['established'],
    expect: { cause: 'filtered', node: 'node1', interface: 'eth1' },
  },
  {
    ...BASE,
    name: 'filtered-acknowledgements',
    description:
      'The gateway of both ways drops ACKs by a rule that asks for no state: the client is connected, and the ' +
      'server never.',
    ground: SERVER,
    changes: { 'lb-3': SOURCE_ROUTED, gw2: [ACKS_DROPPED] },
    recorded: ['lb-3', 'gw2'],
    // The acknowledgements are seen where they come in and are dropped.
    alsoFitting: ['established'],
    expect: { cause: 'filtered', node: 'gw2', interface: 'wan' },
  },
  {
    ...BASE,
    name: 'filtered-acknowledgements-gone-round',
    description: 'The same where the replies go round that gateway, which has no state to miss them.',
    ground: SERVER,
    changes: { gw2: [ACKS_DROPPED] },
    form: { ...FORM, captures: 'per-interface' },
    recorded: ['lb-3', 'gw2'],
    alsoFitting: ['established'],
    expect: { cause: 'filtered', node: 'gw2', interface: 'wan' },
  },
  {
    ...BASE,
    name: 'filtered-acknowledgements-accepted-before',
    description: 'Their twin: a rule before it accepts what is for the port.',
    ground: SERVER,
    changes: { gw2: ['iptables -A FORWARD -p tcp --dport 8443 -j ACCEPT', ACKS_DROPPED] },
    recorded: ['lb-3', 'gw2'],
    expect: null,
  },
  {
    ...BASE,
    name: 'acknowledgements-dropped-before',
    description:
      'A router before the gateway, not recorded, drops ACKs, and the replies go round the gateway, which drops ' +
      'nothing: the way that the replies take is not what loses them.',
    ground: SERVER,
    changes: { core: [ACKS_DROPPED] },
    form: { ...FORM, captures: 'per-interface' },
    recorded: ['lb-3', 'gw2'],
    expect: { cause: 'undetermined', node: 'lb-3', interface: 'ens18' },
  },
];

/** By eth1 there is a way back for what bears a mark, and the check asks with that mark. */
const MARKED_WAY_BACK = [
  'ip route add default via 10.9.8.1 dev eth1 table 100',
  'ip rule add fwmark 1 lookup 100',
  'sysctl -qw net.ipv4.conf.eth1.src_valid_mark=1',
];

function marks(device: string, packets = ''): string {
  return `iptables -t mangle -A PREROUTING -i ${device}${packets} -j MARK --set-mark 1`;
}

/** The first packet of each connection alone. */
const FIRST = ' -m conntrack --ctstate NEW';

/** As a firewall's check asks that knows of marks. */
const CHECKS_WITH_MARK = [
  'nft add table inet fw',
  "nft add chain inet fw prerouting '{ type filter hook prerouting priority filter; policy accept; }'",
  'nft add rule inet fw prerouting iifname eth1 fib saddr . mark . iif oif missing counter drop',
];

/** From the WAN nothing is routed on but what is marked. */
const ROUTES_MARKED = ['ip rule add fwmark 1 lookup main pref 100', 'ip rule add iif wan blackhole pref 101'];

/** The SYN is given a mark, and the ACK none. */
const MARKS: Scenario[] = [
  {
    ...BASE,
    name: 'rp-filter-acknowledgement',
    description:
      'A rule marks the first packets of connections that come in by eth1, and those alone have a way back by it: strict ' +
      'rp_filter on eth1 takes the SYN and drops the ACK.',
    ground: SECOND_NIC,
    changes: { node1: [...MARKED_WAY_BACK, marks('eth1', FIRST)] },
    rpFilter: { node1: { eth1: 1 } },
    logMartians: true,
    form: { ...FORM, drops: true },
    alsoFitting: ['established'],
    expect: { cause: 'rp-filter', node: 'node1', interface: 'eth1' },
  },
  {
    ...BASE,
    name: 'rp-filter-acknowledgement-marked',
    description: 'Its twin with a rule that marks what follows as well.',
    ground: SECOND_NIC,
    changes: { node1: [...MARKED_WAY_BACK, marks('eth1')] },
    rpFilter: { node1: { eth1: 1 } },
    logMartians: true,
    form: { ...FORM, drops: true },
    expect: null,
  },
  {
    ...BASE,
    name: 'netfilter-rpfilter-acknowledgement',
    description:
      'The same with a fib expression of nftables, which asks with the mark, in place of rp_filter.',
    ground: SECOND_NIC,
    changes: { node1: [...MARKED_WAY_BACK, marks('eth1', FIRST), ...CHECKS_WITH_MARK] },
    form: { ...FORM, captures: 'per-interface' },
    alsoFitting: ['established'],
    expect: { cause: 'netfilter-rpfilter', node: 'node1', interface: 'eth1' },
  },
  {
    ...BASE,
    name: 'no-route-acknowledgement',
    description:
      'A gateway routes on what it has marked, which is the first packet of each connection alone.',
    ground: SERVER,
    changes: { 'lb-3': SOURCE_ROUTED, gw2: [marks('wan', FIRST), ...ROUTES_MARKED] },
    recorded: ['lb-3', 'gw2'],
    uncounted: true,
    alsoFitting: ['established'],
    expect: { cause: 'no-route', node: 'gw2', interface: 'wan' },
  },
];

/** The handshake is whole, and what the server sends behind it does not arrive. */
const SERVERS: Scenario[] = [
  {
    ...BASE,
    name: 'server-acknowledgement-dropped',
    description:
      'Replies leave by the default gateway, which lets the SYN-ACK pass and drops ACKs: the handshake is whole, and the ' +
      'client gets nothing else.',
    ground: SERVER,
    changes: { gw1: [ACKS_DROPPED] },
    recorded: ['lb-3', 'gw1'],
    alsoFitting: ['established'],
    expect: { cause: 'filtered', node: 'gw1', interface: 'lan' },
  },
  {
    ...BASE,
    name: 'server-acknowledgement-dropped-unrecorded',
    description: 'The same where that gateway is not recorded.',
    ground: SERVER,
    changes: { gw1: [ACKS_DROPPED] },
    alsoFitting: ['established'],
    expect: { cause: 'undetermined', node: 'lb-3', interface: 'ens18' },
  },
  {
    ...BASE,
    name: 'server-acknowledgement-source-routed',
    description: 'Their twin: what the VIP sends leaves by the gateway that carried the requests.',
    ground: SERVER,
    changes: { 'lb-3': SOURCE_ROUTED, gw1: [ACKS_DROPPED] },
    recorded: ['lb-3', 'gw1'],
    expect: null,
  },
];

/** A link on the way in that takes no full-sized packet. */
const NARROW = ['ip link set gw2up mtu 1200'];

/** The handshake is whole, and the client's data is too large for the way. */
const LARGE: Scenario[] = [
  {
    ...BASE,
    name: 'large-request-untold',
    description:
      'Requests of 1400 octets do not fit the link to the gateway, and the ICMP error that would say so is filtered.',
    ground: SERVER,
    changes: {
      'lb-3': SOURCE_ROUTED,
      core: [...NARROW, 'iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP'],
    },
    traffic: { ...TCP, cookieOctets: 1350 },
    recorded: ['lb-3', 'core'],
    alsoFitting: ['established'],
    expect: { cause: 'undetermined', node: 'core', interface: 'lan0' },
  },
  {
    ...BASE,
    name: 'large-response-untold',
    description:
      'Responses of 1400 octets do not fit the link that they take behind the gateway, and the ICMP error that would say ' +
      'so is filtered.',
    ground: SERVER,
    changes: {
      'lb-3': SOURCE_ROUTED,
      gw2: [
        'ip link set wan mtu 1200',
        'iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP',
      ],
    },
    traffic: { ...TCP, responseOctets: 1400 },
    recorded: ['lb-3', 'gw2'],
    alsoFitting: ['established'],
    expect: { cause: 'undetermined', node: 'gw2', interface: 'lan' },
  },
  {
    ...BASE,
    name: 'large-response-closed',
    description:
      'As large-response-untold; the server closes behind its response, and the clients that give up close too.',
    ground: SERVER,
    changes: {
      'lb-3': SOURCE_ROUTED,
      gw2: [
        'ip link set wan mtu 1200',
        'iptables -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP',
      ],
    },
    traffic: { ...TCP, responseOctets: 1400, closes: true },
    recorded: ['lb-3', 'gw2'],
    alsoFitting: ['established'],
    expect: { cause: 'undetermined', node: 'gw2', interface: 'lan' },
  },
  {
    ...BASE,
    name: 'large-response-told',
    description: 'Its twin: the ICMP error gets back, and the server sends smaller packets.',
    ground: SERVER,
    changes: { 'lb-3': SOURCE_ROUTED, gw2: ['ip link set wan mtu 1200'] },
    traffic: { ...TCP, responseOctets: 1400, closes: true },
    recorded: ['lb-3', 'gw2'],
    expect: null,
  },
  {
    ...BASE,
    name: 'large-request-told',
    description: 'Its twin: the ICMP error gets back, and the client sends smaller packets.',
    ground: SERVER,
    changes: { 'lb-3': SOURCE_ROUTED, core: NARROW },
    traffic: { ...TCP, cookieOctets: 1350 },
    recorded: ['lb-3', 'core'],
    expect: null,
  },
];

export const ACKNOWLEDGEMENTS: Scenario[] = [...FLAGS, ...MARKS, ...SERVERS, ...LARGE];

import type { CauseExplanation } from '../../model/cause-explanation.js';

export const noRoute: CauseExplanation = {
  title: 'a node has no route for the packet',
  means:
    'The lookup of the destination found nothing, or a route of type unreachable, blackhole or prohibit. For a request: no way to the pod (an overlay route is missing). For a reply: no way to the client, as where VIPs are in a network that the node has neither an address in nor a route to, or a table that a rule leads to has no default route.',
  shows: [
    'The packet goes in and not out. The node may send an ICMP error (network or host unreachable) to the sender, which for a reply is the pod.',
    "A local server's reply is never seen: it is not even sent.",
  ],
  proof: [
    "The node's rules and routes have none for the packet where it was last seen; IpExtInNoRoutes rises, or IpOutNoRoutes for its own; reason IP_INNOROUTES.",
  ],
  against: ['The counters do not move; the packet is seen to leave.'],
  lookAlikes: [
    {
      cause: 'rp-filter',
      difference: 'there is a way on; what fails is the way back to the source. This check comes first.',
    },
    { cause: 'forwarding-off', difference: 'there is a route, and the interface does not forward.' },
    { cause: 'wrong-gateway', difference: 'there is a route, to a router that does not carry it.' },
  ],
  fix: [
    'Add the route where it is missing, on all nodes that may have the VIP: ip route add 10.9.8.0/24 dev eth1 for a VIP network on a link of its own; a default route in the table that a rule leads to.',
    'A pod network without route: mend the CNI (flannel, Calico), which makes them. VIPs in the network of the nodes themselves need no route.',
  ],
  checks: [
    { command: 'ip route get DESTINATION from SOURCE iif IFACE', tells: 'the packet as the node sees it' },
    { command: 'ip rule; ip route show table all', tells: 'error routes, empty tables' },
    { command: 'nstat -az IpExtInNoRoutes IpOutNoRoutes', tells: 'twice, a failing try between' },
  ],
  sources:
    'ip_route_input_slow() in net/ipv4/route.c; fib_table_lookup() in net/ipv4/fib_trie.c; ip-route(8); RFC 792 and RFC 1812 section 5.2.7.1 (destination unreachable).',
};

import type { CauseExplanation } from '../../model/cause-explanation.js';

export const wrongGateway: CauseExplanation = {
  title: 'the reply leaves by another gateway, and is lost',
  means:
    'The request came in by one router (say in VLAN 100, for the VIPs), and the reply follows the default route to another, which does not carry it: it does not know the connection, or filters foreign sources. That the ways differ is no fault; that the reply is lost is.',
  shows: [
    'The SYN-ACK leaves by another interface, or to another MAC, than the SYN came from: the first sign to look for.',
    'SYN and SYN-ACK come again; or nobody answers ARP for its next hop.',
  ],
  proof: [
    'The captures: the ways differ, and SYN and SYN-ACK come again with no ACK. The routes say why it went there.',
  ],
  against: [
    'The client acknowledges: then the other way works, and it is asymmetric, no more. Or the reply was dropped before it left.',
  ],
  lookAlikes: [
    {
      cause: 'stateful-gateway',
      difference: 'the client gets the reply; only the SYN-ACK comes again.',
    },
    {
      cause: 'untranslated-reply',
      difference: "it arrives, with the backend's address; the client resets it.",
    },
    { cause: 'rp-filter', difference: 'the reply goes into a node and is dropped there.' },
  ],
  fix: [
    'Source-based routing on each node that may have the VIP: a table with the VIP network and a default route (ip route add default via GW dev IFACE table 100), and a rule that leads replies to it.',
    'A server on the node itself: ip rule add from VIPNET lookup 100. A pod behind DNAT: the reply is routed with the POD address, so that rule misses it; mark connections by the interface in (CONNMARK) and match: ip rule add from PODNET fwmark 0x100 lookup 100; src_valid_mark=1 under strict rp_filter.',
    'Under rp_filter the interface needs an address of its own: loose mode drops on one without.',
    'If pods use the VIPs too: a rule "from VIPNET to PODNET lookup main" before it, of a lower number.',
    "A VIP in the nodes' own network needs none of this.",
  ],
  checks: [
    { command: 'tcpdump -eni IFACE host VIP', tells: 'MACs: from whom, and to whom back?' },
    { command: 'ip route get CLIENT from VIP', tells: 'a server on the node' },
    { command: 'ip route get CLIENT from POD iif cni0', tells: 'a pod: as routed before it is translated' },
    { command: 'ip rule; ip route show table 100', tells: '' },
  ],
  sources:
    'ip-rule(8), ip-route(8); fib_rules_lookup() in net/core/fib_rules.c; iptables-extensions(8), CONNMARK; src_valid_mark in Documentation/networking/ip-sysctl.rst; RFC 2827.',
};

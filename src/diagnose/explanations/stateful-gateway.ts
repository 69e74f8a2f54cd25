import type { CauseExplanation } from '../../model/cause-explanation.js';

export const statefulGateway: CauseExplanation = {
  title: 'the reply goes round a gateway, which drops the rest',
  means:
    'A router with connection tracking carried the SYN. The SYN-ACK takes another way: the node has the client on its own link, or another router. The client gets it and thinks that it is connected. The gateway never saw it: the client ACK and data are out of its window, invalid, and dropped.',
  shows: [
    'The SYN comes from the router MAC, the SYN-ACK goes to another. The client connects, then hangs: no ACK arrives, and the SYN-ACK, and only that, is sent again and again.',
    'ICMP redirects from the router to the client are a hint.',
  ],
  proof: [
    "The SYN-ACK leaves round the way that the SYN came, and comes again with no ACK while no SYN does; better, the client's ACK goes into the gateway and not out.",
  ],
  against: [
    'The SYN is sent again too: then the client did not get the reply. Or the ACK arrives.',
    'The gateway drops the ACK by a rule that asks for no state: it would do so on any way of the reply.',
  ],
  lookAlikes: [
    { cause: 'wrong-gateway', difference: 'the reply itself is lost; the client sends its SYN again.' },
    { cause: 'filtered', difference: 'a rule takes the ACK whatever is known of its connection.' },
    { cause: 'untranslated-reply', difference: 'the client resets the reply; it came from the pod address.' },
    { cause: 'arp-conflict', difference: 'ACKs go to another owner of the VIP: see whose MAC they have.' },
  ],
  fix: [
    'Send the replies back by the gateway: routing by source or by connection mark, as for wrong-gateway, so that the route on the link to the client is not taken.',
    'Or put the VIP in another network than the client, or let both directions bypass the gateway (a host route on the client).',
    'On a gateway of yours, a rule that accepts this traffic untracked (notrack) is the last resort; nf_conntrack_tcp_be_liberal=1 weakens it for all.',
  ],
  checks: [
    { command: 'tcpdump -eni IFACE host VIP', tells: 'MACs of both directions; the SYN-ACK again?' },
    { command: 'conntrack -L -d VIP', tells: 'on the gateway: SYN_SENT [UNREPLIED]' },
    { command: 'conntrack -S', tells: 'on the gateway: "invalid" rises' },
  ],
  sources:
    'nf_conntrack_tcp_packet() in net/netfilter/nf_conntrack_proto_tcp.c; Documentation/networking/nf_conntrack-sysctl.rst; RFC 792 (redirect); send_redirects in ip-sysctl.rst.',
};

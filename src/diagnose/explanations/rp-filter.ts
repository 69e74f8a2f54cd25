import type { CauseExplanation } from '../../model/cause-explanation.js';

export const rpFilter: CauseExplanation = {
  title: "the kernel's reverse-path check (rp_filter) dropped it",
  means:
    'The kernel looks up the way back to the source of each IPv4 packet. Strict (1): dropped unless that way leaves by the interface that it came in by. Loose (2): dropped only if there is no way back, or the interface has no IPv4 address. The larger of conf.all and conf.IFACE counts.',
  shows: [
    'A SYN goes in and nothing comes out, no ICMP error either: time-outs.',
    'Often intermittent: it works with the pod on the node that announces the VIP. On another, the request (not the reply) comes in by the overlay (flannel.1), which is not its way back to the client.',
    'With src_valid_mark and marks on SYNs alone, ACKs are dropped.',
  ],
  proof: [
    'A log line "martian source DESTINATION from SOURCE, on dev IFACE" (under log_martians, ten in 5 s at most), or drop reason IP_RPFILTER.',
    "Else: the packet was last seen there, and the node's rules, routes and rp_filter say that it must be dropped.",
  ],
  against: [
    'TcpExtIPReversePathFilter did not rise; the packet is seen further on; it is IPv6, which has no rp_filter.',
  ],
  lookAlikes: [
    {
      cause: 'netfilter-rpfilter',
      difference: 'a rule does it: NETFILTER_DROP, no martian line.',
    },
    {
      cause: 'no-route',
      difference: 'no way ON to the destination; IpExtInNoRoutes rises.',
    },
    {
      cause: 'untranslated-reply',
      difference: 'often what loose mode alone leads to.',
    },
  ],
  fix: [
    'Route the way back through the interface that the packet comes in by (a rule by source or connection mark); strict mode then stays.',
    'Or loose mode, in /etc/sysctl.d or, on declarative nodes, by a DaemonSet or the Node Tuning Operator. 0 only in a network that is trusted: spoofed sources get in. conf.default is for interfaces made later.',
    "Or externalTrafficPolicy: Local, which keeps the client's address and has no second hop; only nodes with a pod announce, and load may be uneven.",
  ],
  checks: [
    { command: 'sysctl -a -r "\\.rp_filter"', tells: 'on every node' },
    { command: 'nstat -az TcpExtIPReversePathFilter', tells: 'twice, a failing try between' },
    {
      command: 'sysctl -w net.ipv4.conf.all.log_martians=1; dmesg -w | grep martian',
      tells: 'then as before',
    },
    { command: 'ip route get POD from CLIENT iif IFACE', tells: '"Invalid ...": dropped' },
    {
      command: 'for i in $(seq 10); do curl -so /dev/null -m 5 -w "%{http_code}\\n" http://VIP/; done',
      tells: '',
    },
  ],
  sources:
    'fib_validate_source() in net/ipv4/fib_frontend.c; rp_filter and log_martians in Documentation/networking/ip-sysctl.rst; RFC 3704; Kubernetes: "Using Source IP".',
};

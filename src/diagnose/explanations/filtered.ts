import type { CauseExplanation } from '../../model/cause-explanation.js';

export const filtered: CauseExplanation = {
  title: 'a firewall rule dropped or rejected the packet',
  means:
    'A rule of nftables, iptables or ip6tables on a node, or the policy of a chain, drops the packet or answers it with an error. Rules of a NetworkPolicy, of Docker (FORWARD policy DROP), of firewalld, and loadBalancerSourceRanges of a Service are such rules.',
  shows: [
    'DROP: the packet goes in and not out, time-outs. REJECT: an ICMP error (port unreachable, administratively prohibited) or a RST from the node itself.',
    'Often by client network, by port or by IP version.',
    'A rule may take the ACKs alone: SYN and SYN-ACK pass, the client is connected, and the server sends its SYN-ACK again.',
  ],
  proof: [
    'A rule of the snapshot matches the packet as it was then, after translation, and it was last seen there. Reason NETFILTER_DROP at that time, or the counter of the rule, confirms that a rule did it.',
  ],
  against: [
    'A rule before it accepts; the packet is seen further on; the rule has counted no packet; it asks for what is not known (eBPF, an ipset without ipset.txt), which is said.',
  ],
  lookAlikes: [
    {
      cause: 'refused',
      difference:
        'a RST too, yet from the pod. A REJECT with tcp-reset is sent by the node in its name; the pod gets no SYN.',
    },
    { cause: 'netfilter-rpfilter', difference: 'the rule asks for the way back to the source.' },
    {
      cause: 'stateful-gateway',
      difference:
        'the rule drops the ACK only because the SYN-ACK went round the node; it would pass it otherwise.',
    },
    {
      cause: 'backend-silent',
      difference: "the packet was handed to the pod; the pod's own rules or policy may drop it there.",
    },
  ],
  fix: [
    'Let the traffic in where the rule is made: the NetworkPolicy, loadBalancerSourceRanges, firewalld zone, the host firewall. A rule that is put in by hand goes with the next reload of its owner.',
    "Remember that FORWARD and NetworkPolicy see the pod's address and port, not the VIP's: translation comes before.",
  ],
  checks: [
    { command: 'iptables-save -c | grep -E "DROP|REJECT"', tells: 'counters: twice, a failing try between' },
    { command: 'nft -a list ruleset', tells: '' },
    { command: 'ipset test SET ADDRESS', tells: 'for rules with --match-set' },
    { command: 'nft monitor trace', tells: 'with a rule "ip saddr CLIENT meta nftrace set 1" in prerouting' },
    { command: 'iptables -t raw -I PREROUTING -s CLIENT -j TRACE; xtables-monitor --trace', tells: '' },
  ],
  sources:
    'nf_hook_slow() in net/netfilter/core.c; nft(8); iptables(8); RFC 1812 section 5.2.7.1 (code 13); Kubernetes: "Network Policies".',
};

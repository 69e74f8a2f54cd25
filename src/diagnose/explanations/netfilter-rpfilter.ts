import type { CauseExplanation } from '../../model/cause-explanation.js';

export const netfilterRpfilter: CauseExplanation = {
  title: 'a reverse-path check in the firewall dropped it',
  means:
    'The same question as rp_filter (does the way back to the source leave by the interface that the packet came in by?), asked by a rule: "-m rpfilter --invert -j DROP" of iptables and ip6tables, or "fib saddr . iif oif missing drop" of nftables. IPv6 has no other reverse-path check. firewalld adds one for IPv6 by default (IPv6_rpfilter).',
  shows: [
    'A packet goes into the node and nothing comes out, as with rp_filter, but there is no martian line, and for IPv6 as well.',
    'It may hit one interface or one IP version only.',
  ],
  proof: [
    'Such a rule in nft or ip(6)tables-save matches the packet, the routes have no way back by the interface, and the packet was last seen there. Reason NETFILTER_DROP at that time, or the counter of the rule, confirms that a rule did it.',
  ],
  against: [
    'Another rule accepts the packet first (raw PREROUTING, "-d VIP -j RETURN"); rpfilter --loose, or fib without iif, with any way back.',
  ],
  lookAlikes: [
    {
      cause: 'rp-filter',
      difference: 'reason IP_RPFILTER, TcpExtIPReversePathFilter rises. Both checks may be on.',
    },
    {
      cause: 'filtered',
      difference: 'the rule does not ask for the way back, so other routes change nothing.',
    },
  ],
  fix: [
    'Except the VIPs before the check: iptables -t raw -I PREROUTING -i IFACE -d VIPNET -j RETURN.',
    'Or make it loose (--loose; in nft, "fib saddr oif missing"), or give the source a way back by that interface.',
  ],
  checks: [
    { command: 'iptables-save -c | grep rpfilter; ip6tables-save -c | grep rpfilter', tells: '' },
    { command: 'nft list ruleset | grep -n fib', tells: 'with "nft monitor trace" for one packet' },
    { command: 'ip -6 route get CLIENT', tells: 'the way back: is it the interface in?' },
  ],
  sources:
    'iptables-extensions(8), rpfilter; nft(8), FIB expressions; firewalld.conf(5), IPv6_rpfilter; net/ipv4/netfilter/ipt_rpfilter.c, net/ipv6/netfilter/nft_fib_ipv6.c.',
};

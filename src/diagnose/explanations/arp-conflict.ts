import type { CauseExplanation } from '../../model/cause-explanation.js';

export const arpConflict: CauseExplanation = {
  title: 'more than one MAC answers ARP (or NDP) for one address',
  means:
    'Two owners claim the VIP at one time. Whom a client or router believes is a race, so connections go to either, and move in the middle. Typical: kube-proxy in IPVS mode puts every VIP on every node (kube-ipvs0), and without strict ARP (arp_ignore=0) each kernel answers beside the speaker. Or two speakers (kube-vip beside MetalLB), or a stranger.',
  shows: [
    'One ARP request for the VIP, two replies with different MACs; or claims of two MACs in turn, over and over.',
    'It works for some clients and fails for others, until their neighbour entries change.',
  ],
  proof: [
    'Both claims in one capture, the old owner still claiming after the new one: the packets alone prove it.',
  ],
  against: [
    'A hand-over: the new owner announces (gratuitous ARP) and the old one is silent from then on.',
    "Two replies with ONE MAC (a node's kernel and its speaker); proxy ARP for a network; a virtual MAC (VRRP) that moved.",
  ],
  lookAlikes: [
    {
      cause: 'not-delivered',
      difference: 'one claim only, and packets go elsewhere: an old entry in the router.',
    },
    { cause: 'stateful-gateway', difference: 'one owner, and the reply takes another way than the request.' },
  ],
  fix: [
    'IPVS mode: strictARP: true in the ConfigMap kube-proxy (edit that line; a merge patch replaces all of config.conf), then rollout restart its DaemonSet. It sets arp_ignore=1 and arp_announce=2; in /etc/sysctl.d as a backup. iptables and nftables mode and BGP need none of it.',
    'Else: stop the second speaker, take the address off the second host or out of the pool.',
  ],
  checks: [
    { command: 'arping -I IFACE -c 5 VIP', tells: 'from the link: one MAC, or several?' },
    { command: 'ip neigh show VIP', tells: 'after "ip neigh flush to VIP", again and again' },
    { command: 'sysctl net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce', tells: '1 and 2?' },
    { command: 'kubectl -n kube-system get cm kube-proxy -o yaml | grep -E "mode|strictARP"', tells: '' },
    {
      command: 'kubectl -n metallb-system logs -l component=speaker | grep VIP',
      tells: 'or metric metallb_speaker_announced',
    },
    {
      command: 'kubectl -n metallb-system logs -l component=speaker | grep announc | sort | uniq -c',
      tells: '',
    },
  ],
  sources:
    'RFC 826; RFC 5227; RFC 4861; arp_process() in net/ipv4/arp.c; arp_ignore, arp_announce in ip-sysctl.rst; MetalLB docs, Installation (strict ARP) and Troubleshooting.',
};

import type { CauseExplanation } from '../../model/cause-explanation.js';

export const undetermined: CauseExplanation = {
  title: 'the captures cannot tell; what to record next is said',
  means:
    'Connections fail, and what was given fits more than one reason, or none. No cause is named then, for a wrong one costs more than none. What is known stands in the finding: where the packet was seen last. "Capture next" has the command that would decide.',
  shows: ['A last sighting with nothing after it, at the edge of what was captured.'],
  proof: ['None. It becomes another cause when more is known.'],
  against: [
    'A capture that ends within a second or two of the SYN: that is no failure at all, and has severity info.',
  ],
  lookAlikes: [
    {
      cause: 'rp-filter',
      difference:
        'likely where it works sometimes: by the node that the pod is on. Needs sysctl.txt and routes, or the log.',
    },
    { cause: 'arp-conflict', difference: 'likely where it changes by client. Needs ARP in the capture.' },
    {
      cause: 'not-delivered',
      difference: 'likely where no node sees the SYN. Needs a capture on the sender.',
    },
  ],
  fix: [
    'Record, on every node at the same time, on all interfaces, with ARP, ICMP and the tunnels in the filter ("host VIP" alone hides the request once it is translated to the pod, and what is in VXLAN), while failing; let it run for ten seconds more.',
    'Add what a snapshot needs: addresses, links, routes, rules, sysctls, neighbours, counters before and after, the kernel log, the firewall rules.',
  ],
  checks: [
    {
      command:
        "tcpdump -i any -y LINUX_SLL2 --immediate-mode -n -s 128 -w any.pcap 'tcp or udp or arp or icmp or icmp6'",
      tells: '',
    },
    {
      command: 'for i in $(seq 10); do curl -so /dev/null -m 5 -w "%{http_code}\\n" http://VIP/; done',
      tells: '',
    },
    {
      command: 'sysctl -w net.ipv4.conf.all.log_martians=1',
      tells: 'for the while, then as before; the best proof there is',
    },
    { command: 'echo 1 > /sys/kernel/tracing/events/skb/kfree_skb/enable', tells: 'drop reasons' },
    { command: 'cat /sys/kernel/tracing/trace_pipe > drops.txt', tells: 'then 0 again' },
  ],
  sources:
    'tcpdump(1); pcap-filter(7); include/net/dropreason-core.h (drop reasons, Linux 5.17 and later); Documentation/trace/ftrace.rst.',
};

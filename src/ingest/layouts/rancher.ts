import { HOSTNAME, layoutOf } from './layout.js';

/** Rancher's logs-collector (rancherlabs/support-tools, rancher2_logs_collector.sh): `HOST-DATE/`. */
export const rancher = layoutOf({
  name: 'Rancher logs-collector',
  called: 'a dump of the Rancher logs-collector',
  scope: 'node',
  lacks: ['drops.txt', 'nstat-before.json', 'conntrack.txt', 'ipset.txt'],
  rules: [
    { path: 'systeminfo/hostname', to: HOSTNAME },
    { path: 'networking/ipaddrshow', to: 'ip-addr.json' },
    { path: 'networking/iplinkshow', to: 'ip-link.json' },
    { path: 'networking/iproute', to: ['ip-route.json', 'ip-route6.json'] },
    { path: 'networking/iprule', to: 'ip-rule.json' },
    { path: 'networking/ipv6rule', to: 'ip-rule6.json' },
    // `ip neighbour` lists both families.
    { path: 'networking/ipneighbour', to: 'ip-neigh.json' },
    { path: 'networking/iptablessave', to: 'iptables-save.txt' },
    { path: 'networking/ip6tablessave', to: 'ip6tables-save.txt' },
    { path: 'networking/nft_ruleset', to: 'nft.txt' },
    { path: 'networking/netstatistics', to: 'nstat-after.json' },
    { path: 'networking/ipvsadm', to: 'ipvsadm.txt' },
    { path: 'systeminfo/sysctla', to: 'sysctl.txt' },
    { path: 'systeminfo/dmesg', to: 'kernel.log' },
    { path: 'systemlogs/kern.log{rotation}', to: 'kern.log{rotation}' },
    { path: 'systemlogs/kern.log', to: 'kern.log' },
    { path: 'systemlogs/messages{rotation}', to: 'messages{rotation}' },
    { path: 'systemlogs/messages', to: 'messages' },
    { path: 'systeminfo/date', to: 'clock.txt', isPart: true },
    { path: 'systeminfo/uptime', to: 'clock.txt', isPart: true },
    { path: '{distribution}/kubectl/nodes.json', to: 'kube/{path}' },
    {
      path: '{distribution}/podlogs/{namespace}-metallb-speaker-{suffix}',
      to: 'kube/metallb-speaker-{suffix}.log',
    },
    { path: '{distribution}/podlogs/{namespace}-speaker-{suffix}', to: 'kube/speaker-{suffix}.log' },
  ],
});

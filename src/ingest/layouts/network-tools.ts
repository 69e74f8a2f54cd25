import { objects } from './kube-kinds.js';
import { layoutOf } from './layout.js';
import { blank } from './lines.js';

/** The command that a file begins with, before its output. */
function withoutCommand(text: string): string {
  return text.replace(/^> .*\n+/, blank);
}

/** OpenShift's network-tools (debug-scripts/test-networking/sdn_cluster_and_node_info): all nodes of a cluster. */
export const networkTools = layoutOf({
  name: 'OpenShift network-tools',
  called: 'a dump of network-tools',
  scope: 'node',
  lacks: [
    ...['kernel.log', 'drops.txt', 'nstat-before.json', 'nstat-after.json', 'clock.txt', 'ip-route6.json'],
    ...['ip-rule.json', 'ip-rule6.json', 'nft.json', 'ip6tables-save.txt', 'ip-link.json', 'ipvsadm.txt'],
    'ipset.txt',
  ],
  notes: ['of the routes, it has the table `main` alone'],
  rules: [
    { path: 'nodes/{node}/addresses', to: 'ip-addr.json' },
    { path: 'nodes/{node}/routes', to: 'ip-route.json' },
    { path: 'nodes/{node}/arp', to: 'ip-neigh.json' },
    { path: 'nodes/{node}/iptables', to: 'iptables-save.txt' },
    { path: 'nodes/{node}/sysctl', to: 'sysctl.txt' },
    { path: 'nodes/{node}/conntrack-l', to: 'conntrack.txt' },
    ...objects(['nodes', 'pods', 'services', 'endpoints'], (kind) => `cluster/${kind}`).map((rule) => ({
      ...rule,
      to: 'kube/{path}.yaml',
      convert: withoutCommand,
    })),
  ],
});

/** The clusters that the lab builds: names, addresses and plumbing. */
import {
  CLIENT,
  CLIENT_GATEWAY,
  CLUSTER_IP,
  type ClusterNode,
  NODE1,
  NODE2,
  POD_PORT,
  ROUTER,
  SERVICE_PORT,
  VIP,
} from '../addresses.js';

/** Who is who in a cluster, and what its interfaces are called. */
export interface ClusterLayout {
  client: string;
  clientGateway: string;
  router: string;
  vip: string;
  clusterIp: string;
  port: number;
  podPort: number;
  nodes: readonly [ClusterNode, ClusterNode];
  /** The nodes' interface on the LAN. */
  nic: string;
  /** Null: the nodes route each other's pod network over the LAN. */
  overlay: { name: string; vni: number; port: number } | null;
  /** What the pods of a node are bridged by; null: each has a route of its own, as with Calico. */
  bridge: string | null;
  service: { namespace: string; name: string; portName: string; pool: string };
}

/** Two nodes with flannel. */
export const FLANNEL: ClusterLayout = {
  client: CLIENT,
  clientGateway: CLIENT_GATEWAY,
  router: ROUTER,
  vip: VIP,
  clusterIp: CLUSTER_IP,
  port: SERVICE_PORT,
  podPort: POD_PORT,
  nodes: [NODE1, NODE2],
  nic: 'eth0',
  overlay: { name: 'flannel.1', vni: 1, port: 8472 },
  bridge: 'cni0',
  service: { namespace: 'default', name: 'web', portName: 'http', pool: 'default-pool' },
};

/** Two virtual machines with Calico's VXLAN. */
export const CALICO: ClusterLayout = {
  client: '198.51.100.23',
  clientGateway: '198.51.100.1',
  router: '172.20.5.1',
  vip: '172.20.5.200',
  clusterIp: '10.43.18.201',
  port: 443,
  podPort: 8443,
  nodes: [
    {
      name: 'worker-a',
      address: '172.20.5.21',
      podNetwork: '10.42.17.0/26',
      podGateway: '169.254.1.1',
      vtep: '10.42.17.0',
      pod: 'portal-0',
      podAddress: '10.42.17.9',
      podInterface: 'cali5d1f08ae3b7',
    },
    {
      name: 'worker-b',
      address: '172.20.5.22',
      podNetwork: '10.42.203.64/26',
      podGateway: '169.254.1.1',
      vtep: '10.42.203.64',
      pod: 'portal-1',
      podAddress: '10.42.203.77',
      podInterface: 'cali90c4e72d1f6',
    },
  ],
  nic: 'ens192',
  overlay: { name: 'vxlan.calico', vni: 4096, port: 4789 },
  bridge: null,
  service: { namespace: 'shop', name: 'portal', portName: 'https', pool: 'public' },
};

/** The same machines with their pod networks routed over the LAN. */
export const ROUTED: ClusterLayout = { ...CALICO, overlay: null };

/** IPv6 alone, routed over the LAN, pods on a bridge. */
export const IPV6: ClusterLayout = {
  client: '2001:db8:77::5',
  clientGateway: '2001:db8:77::1',
  router: '2001:db8:20::1',
  vip: '2001:db8:20::100',
  clusterIp: 'fd42:53::1:80',
  port: 8080,
  podPort: 3000,
  nodes: [
    {
      name: 'kw1',
      address: '2001:db8:20::21',
      podNetwork: 'fd42:0:a1::/64',
      podGateway: 'fd42:0:a1::1',
      vtep: 'fd42:0:a1::',
      pod: 'api-x1',
      podAddress: 'fd42:0:a1::1a',
      podInterface: 'lxc4be07a1',
    },
    {
      name: 'kw2',
      address: '2001:db8:20::22',
      podNetwork: 'fd42:0:a2::/64',
      podGateway: 'fd42:0:a2::1',
      vtep: 'fd42:0:a2::',
      pod: 'api-x2',
      podAddress: 'fd42:0:a2::2b',
      podInterface: 'lxcd92c3e5',
    },
  ],
  nic: 'enp3s0',
  overlay: null,
  bridge: 'br-pods',
  service: { namespace: 'apps', name: 'api', portName: 'web', pool: 'v6' },
};

/** Machines with public addresses, routed as kube-router does, pods on its bridge. */
export const KUBE_ROUTER: ClusterLayout = {
  client: '192.0.2.77',
  clientGateway: '192.0.2.1',
  router: '203.0.113.254',
  vip: '203.0.113.180',
  clusterIp: '10.152.183.44',
  port: 9000,
  podPort: 9090,
  nodes: [
    {
      name: 'fra-01',
      address: '203.0.113.31',
      podNetwork: '10.1.31.0/24',
      podGateway: '10.1.31.1',
      vtep: '10.1.31.0',
      pod: 'store-0',
      podAddress: '10.1.31.201',
      podInterface: 'veth2c5e90ab',
    },
    {
      name: 'fra-02',
      address: '203.0.113.32',
      podNetwork: '10.1.32.0/24',
      podGateway: '10.1.32.1',
      vtep: '10.1.32.0',
      pod: 'store-1',
      podAddress: '10.1.32.202',
      podInterface: 'vethe81f0c37',
    },
  ],
  nic: 'bond0',
  overlay: null,
  bridge: 'kube-bridge',
  service: { namespace: 'storage', name: 'store', portName: 'api', pool: 'public' },
};

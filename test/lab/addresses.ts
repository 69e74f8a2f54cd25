/** Who is who on the lab's ground, and the numbers that all its parts agree on. */

export const CLIENT = '10.0.0.5';
export const CLIENT_GATEWAY = '10.0.0.1';
export const ROUTER = '192.168.1.1';
export const VIP = '192.168.1.100';
export const CLUSTER_IP = '10.96.77.10';
export const SERVICE_PORT = 80;
export const POD_PORT = 8080;

/** A node of the cluster, with its flannel subnet and the one pod on it. */
export interface ClusterNode {
  name: 'node1' | 'node2';
  address: string;
  /** The pod network `10.244.X`, without its last octet. */
  subnet: string;
  pod: 'pod1' | 'pod2';
  podAddress: string;
  /** The node's end of the pod's veth pair, named as CNI plugins name them. */
  podInterface: string;
}

export const NODE1: ClusterNode = {
  name: 'node1',
  address: '192.168.1.11',
  subnet: '10.244.0',
  pod: 'pod1',
  podAddress: '10.244.0.10',
  podInterface: 'veth3f1a90c2',
};

export const NODE2: ClusterNode = {
  name: 'node2',
  address: '192.168.1.12',
  subnet: '10.244.1',
  pod: 'pod2',
  podAddress: '10.244.1.10',
  podInterface: 'veth8c07d4e1',
};

/** The node with two interfaces: its second network, and the address that it serves there. */
export const SECOND_NIC = { address: '10.9.8.11', gateway: '10.9.8.1', vip: '10.9.8.7' };

/** The locally administered MAC made from an IPv4 address: `02:00` and its four octets. */
export function macOf(address: string): string {
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '00', ...octets].join(':');
}

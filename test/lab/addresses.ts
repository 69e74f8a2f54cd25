/** Who is who on the lab's first ground, and how all grounds make MACs and prefixes of addresses. */

export const CLIENT = '10.0.0.5';
export const CLIENT_GATEWAY = '10.0.0.1';
export const ROUTER = '192.168.1.1';
export const VIP = '192.168.1.100';
export const CLUSTER_IP = '10.96.77.10';
export const SERVICE_PORT = 80;
export const POD_PORT = 8080;

/** A node of a cluster, with its pod network and the one pod on it. */
export interface ClusterNode {
  name: string;
  address: string;
  podNetwork: string;
  /** The node's own address in its pod network. */
  podGateway: string;
  /** The node's end of the overlay. */
  vtep: string;
  pod: string;
  podAddress: string;
  /** The node's end of the pod's veth pair, named as CNI plugins name them. */
  podInterface: string;
}

export const NODE1 = {
  name: 'node1',
  address: '192.168.1.11',
  podNetwork: '10.244.0.0/24',
  podGateway: '10.244.0.1',
  vtep: '10.244.0.0',
  pod: 'pod1',
  podAddress: '10.244.0.10',
  podInterface: 'veth3f1a90c2',
} as const satisfies ClusterNode;

export const NODE2 = {
  name: 'node2',
  address: '192.168.1.12',
  podNetwork: '10.244.1.0/24',
  podGateway: '10.244.1.1',
  vtep: '10.244.1.0',
  pod: 'pod2',
  podAddress: '10.244.1.10',
  podInterface: 'veth8c07d4e1',
} as const satisfies ClusterNode;

export function isIPv6(address: string): boolean {
  return address.includes(':');
}

/** The address with the length of its whole: a host's prefix. */
export function host(address: string): string {
  return `${address}/${isIPv6(address) ? 128 : 32}`;
}

/** The address with the prefix length that every LAN of the lab has. */
export function onLan(address: string): string {
  return `${address}/${isIPv6(address) ? 64 : 24}`;
}

/**
 * The locally administered MAC made from an address: `02:00` and the four octets of an IPv4 address; `06:` and the
 * groups 3 and 8 of an IPv6 address, which tell the lab's LANs and hosts apart.
 */
export function macOf(address: string): string {
  if (isIPv6(address)) {
    const [head, tail = ''] = address.split('::');
    const group = (text = '') => (text.padStart(4, '0').match(/../g) ?? []).join(':');
    return `06:00:${group(head!.split(':')[2])}:${group(tail.split(':').at(-1))}`;
  }
  const octets = address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '00', ...octets].join(':');
}

/** What kubectl and MetalLB's speaker say of a cluster, in the form that they print it. */
import type { ClusterNode } from './addresses.js';
import { isIPv6 } from './addresses.js';
import type { Announcement } from './grounds/actors.js';
import type { ClusterLayout } from './grounds/layouts.js';
import type { Service } from './kube-proxy.js';

const CREATED = '2026-01-12T07:31:05Z';

/**
 * The files of a bundle's `kube/`, by name.
 *
 * @param history what the nodes' speakers did, in order
 */
export function kubeObjects(
  layout: ClusterLayout,
  service: Service,
  backends: readonly ClusterNode[],
  history: readonly Announcement[],
): Record<string, string> {
  const { namespace, name } = service;
  const named = (metadata: object) => ({ creationTimestamp: CREATED, ...metadata });
  const protocol = service.protocol.toUpperCase();
  const services = list('v1', 'Service', [
    {
      metadata: named({
        name,
        namespace,
        annotations: { 'metallb.io/ip-allocated-from-pool': layout.service.pool },
      }),
      spec: {
        allocateLoadBalancerNodePorts: true,
        clusterIP: layout.clusterIp,
        clusterIPs: [layout.clusterIp],
        externalTrafficPolicy: service.masquerade ? 'Cluster' : 'Local',
        internalTrafficPolicy: 'Cluster',
        ipFamilies: [isIPv6(layout.vip) ? 'IPv6' : 'IPv4'],
        ipFamilyPolicy: 'SingleStack',
        ports: [
          {
            name: service.portName,
            nodePort: 31080,
            port: layout.port,
            protocol,
            targetPort: layout.podPort,
          },
        ],
        selector: { app: name },
        sessionAffinity: 'None',
        type: 'LoadBalancer',
      },
      status: { loadBalancer: { ingress: [{ ip: layout.vip, ipMode: 'VIP' }] } },
    },
  ]);
  const endpointSlices = list('discovery.k8s.io/v1', 'EndpointSlice', [
    {
      addressType: isIPv6(layout.vip) ? 'IPv6' : 'IPv4',
      metadata: named({
        name: `${name}-7xk2p`,
        namespace,
        labels: {
          'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
          'kubernetes.io/service-name': name,
        },
      }),
      endpoints: backends.map((node) => ({
        addresses: [node.podAddress],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: node.name,
        targetRef: { kind: 'Pod', name: node.pod, namespace },
      })),
      ports: [{ name: service.portName, port: layout.podPort, protocol }],
    },
  ]);
  const nodes = list(
    'v1',
    'Node',
    layout.nodes.map((node) => ({
      metadata: named({ name: node.name, labels: { 'kubernetes.io/hostname': node.name } }),
      spec: { podCIDR: node.podNetwork, podCIDRs: [node.podNetwork] },
      status: {
        addresses: [
          { address: node.address, type: 'InternalIP' },
          { address: node.name, type: 'Hostname' },
        ],
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    })),
  );
  const inMetalLB = (object: { name: string }) => named({ namespace: 'metallb-system', ...object });
  const pools = list('metallb.io/v1beta1', 'IPAddressPool', [
    {
      metadata: inMetalLB({ name: layout.service.pool }),
      spec: { addresses: [`${layout.vip}-${layout.vip}`], autoAssign: true, avoidBuggyIPs: false },
    },
  ]);
  const advertisements = list('metallb.io/v1beta1', 'L2Advertisement', [
    {
      metadata: inMetalLB({ name: `${layout.service.pool}-l2` }),
      spec: { ipAddressPools: [layout.service.pool] },
    },
  ]);
  const announcing = layout.nodes.filter(
    (node) => history.findLast(({ machine }) => machine === node.name)?.kind === 'announced',
  );
  const statuses = list(
    'metallb.io/v1beta1',
    'ServiceL2Status',
    announcing.map((node, i) => ({
      metadata: inMetalLB({ name: `l2-9m4t${i}` }),
      spec: {},
      status: {
        interfaces: [{ name: layout.nic }],
        node: node.name,
        serviceName: name,
        serviceNamespace: namespace,
      },
    })),
  );
  const speakers = layout.nodes.map((node, i) => ({ node: node.name, pod: `speaker-x5r${i}k` }));
  const pods = list('v1', 'Pod', [
    ...backends.map((node) => ({
      metadata: named({ name: node.pod, namespace, labels: { app: name } }),
      spec: { nodeName: node.name },
      status: { phase: 'Running', podIP: node.podAddress, podIPs: [{ ip: node.podAddress }] },
    })),
    ...speakers.map(({ node, pod }) => ({
      metadata: inMetalLB({ name: pod }),
      spec: { nodeName: node, hostNetwork: true },
      status: { phase: 'Running' },
    })),
  ]);
  const logs = speakers.map(({ node, pod }) => {
    const said = history.filter(({ machine }) => machine === node);
    return [`${pod}.log`, said.map((event) => logLine(service, layout, event)).join('')] as const;
  });
  return {
    'services.json': services,
    'endpointslices.json': endpointSlices,
    'nodes.json': nodes,
    'pods.json': pods,
    'ipaddresspools.json': pools,
    'l2advertisements.json': advertisements,
    'servicel2statuses.json': statuses,
    'kube-proxy.json': text({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: named({ name: 'kube-proxy', namespace: 'kube-system' }),
      data: { 'config.conf': KUBE_PROXY_CONFIGURATION },
    }),
    ...Object.fromEntries(logs),
  };
}

const KUBE_PROXY_CONFIGURATION = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
bindAddress: 0.0.0.0
clusterCIDR: ""
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
kind: KubeProxyConfiguration
mode: ""
`;

/** A line of a speaker's log, as MetalLB 0.14 writes it. */
function logLine(service: Service, layout: ClusterLayout, { kind, time }: Announcement): string {
  const common = {
    ips: [layout.vip],
    level: 'info',
    pool: layout.service.pool,
    protocol: 'layer2',
    service: `${service.namespace}/${service.name}`,
    ts: time.toISOString(),
  };
  const said =
    kind === 'announced'
      ? { caller: 'main.go:420', event: 'serviceAnnounced', msg: 'service has IP, announcing' }
      : {
          caller: 'main.go:465',
          event: 'serviceWithdrawn',
          msg: 'withdrawing service announcement',
          reason: 'notOwner',
        };
  return `${JSON.stringify({ ...said, ...common })}\n`;
}

function list(apiVersion: string, kind: string, items: object[]): string {
  return text({
    apiVersion: 'v1',
    items: items.map((item) => ({ apiVersion, kind, ...item })),
    kind: 'List',
    metadata: { resourceVersion: '' },
  });
}

function text(value: object): string {
  return `${JSON.stringify(value, null, 4)}\n`;
}

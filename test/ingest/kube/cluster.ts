/** Objects and log lines of a small cluster, in the form in which the tools print them. */

/** `kubectl get KIND -A -o json`. */
export function listOf(...items: object[]): object {
  return { apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } };
}

export function service(name: string, vips: readonly string[], changes: Changes = {}): object {
  const { metadata, spec, status } = changes;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      annotations: {},
      creationTimestamp: '2026-01-12T07:31:05Z',
      name,
      namespace: 'default',
      resourceVersion: '48213',
      uid: 'b9c6e0d2-7f5e-4d2e-9a49-0b2f1c1a77aa',
      ...metadata,
    },
    spec: {
      allocateLoadBalancerNodePorts: true,
      clusterIP: '10.96.11.5',
      clusterIPs: ['10.96.11.5'],
      externalTrafficPolicy: 'Cluster',
      internalTrafficPolicy: 'Cluster',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ name: 'http', nodePort: 31080, port: 80, protocol: 'TCP', targetPort: 8080 }],
      selector: { app: name },
      sessionAffinity: 'None',
      type: 'LoadBalancer',
      ...spec,
    },
    status: { loadBalancer: { ingress: vips.map((ip) => ({ ip, ipMode: 'VIP' })) }, ...status },
  };
}

interface Changes {
  metadata?: object;
  spec?: object;
  status?: object;
}

export function slice(serviceName: string, endpoints: readonly object[], changes: object = {}): object {
  return {
    addressType: 'IPv4',
    apiVersion: 'discovery.k8s.io/v1',
    endpoints,
    kind: 'EndpointSlice',
    metadata: {
      generateName: `${serviceName}-`,
      labels: {
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
        'kubernetes.io/service-name': serviceName,
      },
      name: `${serviceName}-7xk2p`,
      namespace: 'default',
      ownerReferences: [{ apiVersion: 'v1', controller: true, kind: 'Service', name: serviceName }],
    },
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    ...changes,
  };
}

export function endpoint(address: string, pod: string, nodeName: string, ready = true): object {
  return {
    addresses: [address],
    conditions: { ready, serving: ready, terminating: false },
    nodeName,
    targetRef: { kind: 'Pod', name: pod, namespace: 'default', uid: '1f0e4a2c-8b1f-4c07-9d5e-6b0f0f0a0001' },
  };
}

export function node(name: string, address: string, labels: object = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { labels: { 'kubernetes.io/hostname': name, ...labels }, name },
    spec: { podCIDR: '10.244.0.0/24', podCIDRs: ['10.244.0.0/24'] },
    status: {
      addresses: [
        { address, type: 'InternalIP' },
        { address: name, type: 'Hostname' },
      ],
    },
  };
}

export function metallb(kind: string, name: string, spec: object, status?: object): object {
  return {
    apiVersion: 'metallb.io/v1beta1',
    kind,
    metadata: { creationTimestamp: '2026-01-12T07:31:05Z', generation: 1, name, namespace: 'metallb-system' },
    spec,
    ...(status && { status }),
  };
}

export function l2Status(serviceName: string, nodeName: string, interfaces: readonly string[] = []): object {
  const status = {
    ...(interfaces.length > 0 && { interfaces: interfaces.map((name) => ({ name })) }),
    node: nodeName,
    serviceName,
    serviceNamespace: 'default',
  };
  return metallb('ServiceL2Status', `l2-${nodeName}`, {}, status);
}

/** As kubeadm makes it. */
export function kubeProxyConfigMap(mode: string, strictARP: boolean | null): object {
  return {
    apiVersion: 'v1',
    data: {
      'config.conf': [
        'apiVersion: kubeproxy.config.k8s.io/v1alpha1',
        'bindAddress: 0.0.0.0',
        'clientConnection:',
        '  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf',
        'ipvs:',
        '  excludeCIDRs: null',
        '  scheduler: ""',
        ...(strictARP === null ? [] : [`  strictARP: ${strictARP}`]),
        '  syncPeriod: 0s',
        'kind: KubeProxyConfiguration',
        `mode: ${JSON.stringify(mode)}`,
        '',
      ].join('\n'),
      'kubeconfig.conf': 'apiVersion: v1\nkind: Config\n',
    },
    kind: 'ConfigMap',
    metadata: { labels: { app: 'kube-proxy' }, name: 'kube-proxy', namespace: 'kube-system' },
  };
}

/** The lines with which the log of a node's speaker begins, with memberlist on. */
export function speakerStart(nodeName: string): string[] {
  return [
    '{"branch":"HEAD","caller":"main.go:99","commit":"v0.14.9","goversion":"gc / go1.22.7 / amd64","level":"info","msg":"MetalLB speaker starting version 0.14.9 (commit v0.14.9, branch HEAD)","ts":"2026-02-01T09:00:00Z","version":"0.14.9"}',
    `{"caller":"k8s.go:424","component":"MemberList","level":"info","msg":"node event - forcing sync","node addr":"192.168.1.11","node event":"NodeJoin","node name":"${nodeName}","ts":"2026-02-01T09:00:01Z"}`,
  ];
}

/** As each version writes it: one address under `ip` and nanoseconds at first, `ips` and whole seconds later. */
export const ANNOUNCED: Readonly<
  Record<string, (name: string, ip: string, ts: string, protocol?: string) => string>
> = {
  '0.9': (name, ip, ts, protocol = 'layer2') =>
    `{"caller":"main.go:340","event":"serviceAnnounced","ip":"${ip}","msg":"service has IP, announcing","pool":"lan","protocol":"${protocol}","service":"${name}","ts":"${ts.replace('Z', '.481516234Z')}"}`,
  '0.12': (name, ip, ts, protocol = 'layer2') =>
    `{"caller":"level.go:63","event":"serviceAnnounced","ips":["${ip}"],"level":"info","msg":"service has IP, announcing","pool":"lan","protocol":"${protocol}","service":"${name}","ts":"${ts.replace('Z', '.481516234Z')}"}`,
  '0.13': (name, ip, ts, protocol = 'layer2') =>
    `{"caller":"level.go:63","event":"serviceAnnounced","ips":["${ip}"],"level":"info","msg":"service has IP, announcing","pool":"lan","protocol":"${protocol}","service":"${name}","ts":"${ts}"}`,
  '0.15': (name, ip, ts, protocol = 'layer2') =>
    `{"caller":"main.go:446","event":"serviceAnnounced","ips":["${ip}"],"level":"info","msg":"service has IP, announcing","pool":"lan","protocol":"${protocol}","service":"${name}","ts":"${ts}"}`,
};

export function withdrawn(name: string, ts: string, reason = 'notOwner'): string {
  return `{"caller":"main.go:470","event":"serviceWithdrawn","ip":null,"ips":null,"level":"info","msg":"withdrawing service announcement","pool":"lan","protocol":"layer2","reason":"${reason}","service":"${name}","ts":"${ts}"}`;
}

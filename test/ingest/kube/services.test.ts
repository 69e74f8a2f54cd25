import test from 'ava';
import fc from 'fast-check';
import { kubeProxyOf } from '../../../src/ingest/kube/kube-proxy.js';
import { flawsOf, kubeObjects } from '../../../src/ingest/kube/objects.js';
import { podsOf } from '../../../src/ingest/kube/pods.js';
import { readServices } from '../../../src/ingest/kube/services.js';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { endpoint, kubeProxyConfigMap, listOf, node, service, slice } from './cluster.js';

const VIP = '192.168.1.240';
const read = (...files: unknown[]) => readServices(new Map(files.map((file, i) => [`${i}.json`, file])));
const web = service('web', [VIP]);
const webSlice = slice('web', [
  endpoint('10.244.0.10', 'web-7c9-a', 'node1'),
  endpoint('10.244.1.10', 'web-7c9-b', 'node2', false),
]);

test('a Service with its VIP, ports and backends', (t) => {
  const [found, ...others] = read(
    listOf(web, service('inner', [], { spec: { type: 'ClusterIP' } }), webSlice),
  );
  t.deepEqual(others, []);
  t.like(found, {
    name: 'default/web',
    vips: [VIP],
    clusterIPs: ['10.96.11.5'],
    externalTrafficPolicy: 'Cluster',
    ports: [{ protocol: 'tcp', port: 80, name: 'http' }],
  });
  const common = { port: 8080, portName: 'http', protocol: 'tcp' };
  t.deepEqual(found!.backends, [
    { address: '10.244.0.10', ...common, pod: 'default/web-7c9-a', node: 'node1', ready: true },
    { address: '10.244.1.10', ...common, pod: 'default/web-7c9-b', node: 'node2', ready: false },
  ]);
});

test('any packing: single objects, arrays, lists by kind, lists in lists, several files, several bundles', (t) => {
  const expected = read(listOf(web, webSlice));
  const untyped = Object.fromEntries(Object.entries(webSlice).filter(([key]) => key !== 'kind'));
  const packings: unknown[][] = [
    [web, webSlice],
    [[web, webSlice]],
    [listOf(listOf(web), listOf(webSlice))],
    [{ kind: 'EndpointSliceList', items: [untyped] }, listOf(web)],
    [listOf(web, webSlice), listOf(web, webSlice)],
    [listOf(), null, 'text', 7, { items: [web, null, 'x', [], webSlice] }],
  ];
  for (const files of packings) t.deepEqual(read(...files), expected);
});

test('addresses: given, external, and asked for where none is given yet', (t) => {
  const vips = (given: readonly string[], changes: Parameters<typeof service>[2]) =>
    read(service('web', given, changes)).flatMap((found) => found.vips);
  const asked = { annotations: { 'metallb.io/loadBalancerIPs': '192.168.1.241, fd00::241' } };
  t.deepEqual(vips([], { metadata: asked }), ['192.168.1.241', 'fd00::241']);
  t.deepEqual(vips([], { metadata: { annotations: { 'kube-vip.io/loadbalancerIPs': VIP } } }), [VIP]);
  t.deepEqual(vips([], { spec: { loadBalancerIP: VIP } }), [VIP]);
  // It may ask for what it did not get.
  t.deepEqual(vips([VIP], { metadata: asked, spec: { loadBalancerIP: '192.168.1.242' } }), [VIP]);
  t.deepEqual(vips([VIP], { spec: { externalIPs: ['203.0.113.9', VIP, 'nonsense'] } }), [VIP, '203.0.113.9']);
  t.deepEqual(vips([], { spec: { type: 'ClusterIP', externalIPs: ['203.0.113.9'] } }), ['203.0.113.9']);
  t.deepEqual(vips([], { spec: { type: 'ClusterIP', loadBalancerIP: VIP } }), []);
});

test('Endpoints tell it where there are no slices', (t) => {
  const endpoints = {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'web', namespace: 'default' },
    subsets: [
      {
        addresses: [
          {
            ip: '10.244.0.10',
            nodeName: 'node1',
            targetRef: { kind: 'Pod', name: 'web-7c9-a', namespace: 'default' },
          },
        ],
        notReadyAddresses: [{ ip: '10.244.1.10' }],
        ports: [
          { name: 'http', port: 8080, protocol: 'TCP' },
          { name: 'metrics', port: 9090, protocol: 'TCP' },
        ],
      },
    ],
  };
  const of = (...files: object[]) =>
    read(...files)[0]!.backends.map(({ address, port, pod, node, ready }) => [
      address,
      port,
      pod,
      node,
      ready,
    ]);
  t.deepEqual(of(web, endpoints), [
    ['10.244.0.10', 8080, 'default/web-7c9-a', 'node1', true],
    ['10.244.0.10', 9090, 'default/web-7c9-a', 'node1', true],
    ['10.244.1.10', 8080, null, null, false],
    ['10.244.1.10', 9090, null, null, false],
  ]);
  t.is(of(web, webSlice, endpoints).length, 2);
  t.deepEqual(of(web, { ...endpoints, subsets: null }), []);
});

test('readiness that is not said is readiness, and one ready slice of two is enough', (t) => {
  const unsaid = { addresses: ['10.244.0.10'] };
  t.true(read(web, slice('web', [unsaid]))[0]!.backends[0]!.ready);
  const moved = slice('web', [endpoint('10.244.1.10', 'web-7c9-b', 'node2')], {
    metadata: { name: 'web-other', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  });
  t.deepEqual(
    read(web, webSlice, moved)[0]!.backends.map((backend) => backend.ready),
    [true, true],
  );
});

test('a slice without a label belongs to the Service that owns it', (t) => {
  const metadata = { namespace: 'default', ownerReferences: [{ kind: 'Service', name: 'web' }] };
  const own = slice('web', [endpoint('10.244.0.10', 'a', 'node1')], { metadata });
  t.is(read(web, own)[0]!.backends.length, 1);
});

test('pods that ended, and those with the address of their node, name no address', (t) => {
  const pod = (name: string, phase: string, hostNetwork = false) => ({
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { nodeName: 'node1', ...(hostNetwork && { hostNetwork }) },
    status: { phase, podIP: '10.244.0.10', podIPs: [{ ip: '10.244.0.10' }, { ip: 'fd00::10' }] },
  });
  const objects = kubeObjects(
    new Map([['pods.json', listOf(pod('a', 'Running'), pod('b', 'Succeeded'), pod('c', 'Running', true))]]),
  );
  t.deepEqual(podsOf(objects), [
    { name: 'default/a', node: 'node1', addresses: ['10.244.0.10', 'fd00::10'] },
    { name: 'default/c', node: 'node1', addresses: [] },
  ]);
});

test("kube-proxy's configuration, whatever the ConfigMap and its key are called", (t) => {
  const of = (map: object) =>
    kubeProxyOf(kubeObjects(new Map([['cm.json', listOf(node('n', '10.0.0.1'), map)]])));
  t.deepEqual(of(kubeProxyConfigMap('ipvs', true)), { mode: 'ipvs', strictARP: true });
  t.deepEqual(of(kubeProxyConfigMap('ipvs', null)), { mode: 'ipvs', strictARP: false });
  // Empty is the platform's own.
  t.deepEqual(of(kubeProxyConfigMap('', false)), { mode: 'iptables', strictARP: false });
  t.deepEqual(of(kubeProxyConfigMap('nftables', false)), { mode: 'nftables', strictARP: false });
  const eks = {
    kind: 'ConfigMap',
    metadata: { name: 'kube-proxy-config', namespace: 'kube-system' },
    data: { config: 'kind: KubeProxyConfiguration\nmode: "ipvs"\nipvs: { strictARP: true }\n' },
  };
  t.deepEqual(of(eks), { mode: 'ipvs', strictARP: true });
  t.is(of({ ...eks, data: { config: 'KubeProxyConfiguration: [unclosed' } }), null);
  t.is(of({ ...eks, data: { config: 'a note on KubeProxyConfiguration' } }), null);
  t.is(of({ ...eks, data: null }), null);
});

test('an object of a wrong shape is passed over with a warning, and the others are read', (t) => {
  const bad = [
    service('a', [VIP], { spec: { ports: 'none' } }),
    { ...service('b', [VIP]), spec: [] },
    { kind: 'Service', metadata: null },
    slice('web', [], { endpoints: 'many' }),
    { metadata: { name: 'kindless' } },
  ];
  t.deepEqual(read(listOf(...bad, web, webSlice)), read(listOf(web, webSlice)));
  t.deepEqual(flawsOf(listOf(...bad)), [
    'Service default/a: "spec.ports" is no array: passed over',
    'Service default/b: "spec" is no object: passed over',
    'a Service has no metadata.name: passed over',
    'EndpointSlice default/web-7xk2p: "endpoints" is no array: passed over',
    'an object names no kind: passed over',
  ]);
  t.deepEqual(flawsOf(listOf(web, webSlice, { kind: 'Event' }, slice('web', [], { endpoints: null }))), []);
  const many = Array.from({ length: 9 }, (_, i) => service(`s${i}`, [], { spec: { ports: i } }));
  const { warnings } = readSnapshot(
    new Map([['kube/all.json', JSON.stringify(listOf(...many))]]),
    'n',
    null,
    'b',
  );
  t.is(warnings.length, 6);
  t.is(warnings[0], 'b/kube/all.json: Service default/s0: "spec.ports" is no array: passed over');
  t.is(warnings[5], 'b/kube/all.json: 4 more were passed over');
});

test('any JSON is read without a fault', (t) => {
  const kinds = [
    'Service',
    'EndpointSlice',
    'Endpoints',
    'Pod',
    'Node',
    'ConfigMap',
    'Lease',
    'List',
    'AddressPool',
  ];
  const keys = [
    'metadata',
    'spec',
    'status',
    'items',
    'endpoints',
    'subsets',
    'ports',
    'data',
    'name',
    'kind',
  ];
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(...kinds, null, true, 7, VIP),
      tie('object'),
      fc.array(tie('any')),
    ),
    object: fc.dictionary(fc.constantFrom(...keys), tie('any')),
  })).any;
  t.notThrows(() =>
    fc.assert(
      fc.property(value, (parsed) => {
        const objects = kubeObjects(new Map([['x.json', parsed]]));
        podsOf(objects);
        kubeProxyOf(objects);
        return Array.isArray(read(parsed)) && Array.isArray(flawsOf(parsed));
      }),
    ),
  );
  let deep: unknown = web;
  for (let i = 0; i < 100_000; i++) deep = { items: [deep] };
  t.is(read(deep).length, 1);
});

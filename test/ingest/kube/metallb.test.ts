import test from 'ava';
import fc from 'fast-check';
import { isInRange, readAddressRange } from '../../../src/ingest/kube/address-range.js';
import { readAnnouncements } from '../../../src/ingest/kube/announcements.js';
import { selectorsIn, selects } from '../../../src/ingest/kube/label-selector.js';
import { advertises, readMetalLB } from '../../../src/ingest/kube/metallb.js';
import { readSpeakerLogs } from '../../../src/ingest/snapshot/speaker-log.js';
import { formatIPv4 } from '../../../src/model/address.js';

const object = (kind: string, name: string, rest: object, labels: object = {}) => ({
  kind,
  metadata: { name, namespace: 'metallb-system', labels },
  ...rest,
});
const service = {
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
  spec: { type: 'LoadBalancer', externalIPs: ['203.0.113.1'] },
  status: { loadBalancer: { ingress: [{ ip: '192.168.1.240' }, { hostname: 'x' }] } },
};
const status = (node: string, interfaces: object[] = []) =>
  object('ServiceL2Status', `l2-${node}`, {
    status: { node, serviceName: 'web', serviceNamespace: 'default', interfaces },
  });
const assigned = (node: string, lastTimestamp: string, protocol = ' with protocol "layer2"') => ({
  kind: 'Event',
  reason: 'nodeAssigned',
  message: `announcing from node "${node}"${protocol}`,
  involvedObject: { kind: 'Service', namespace: 'default', name: 'web' },
  lastTimestamp,
});
const read = (...items: object[]) => readMetalLB(new Map([['all.json', { kind: 'List', items }]]));
const logOf = (node: string, ...events: string[]) =>
  readSpeakerLogs(
    [
      '{"msg":"MetalLB speaker starting"}',
      `{"msg":"node event - forcing sync","node name":"${node}","node event":"NodeJoin"}`,
      ...events.map(
        (event) => `{"event":"${event}","ips":["192.168.1.240"],"protocol":"layer2","service":"default/web"}`,
      ),
    ].join('\n'),
    `kube/speaker-${node}.log`,
    () => {},
  )[0]!;

test('pools, advertisements and the addresses of services', (t) => {
  const metallb = read(
    object('IPAddressPool', 'lan', {
      spec: { addresses: ['192.168.1.240-192.168.1.250', '2001:db8::/64', 'nonsense'], autoAssign: false },
    }),
    object('IPAddressPool', 'dmz', { spec: { addresses: ['203.0.113.0/28'] } }, { zone: 'dmz' }),
    object('L2Advertisement', 'one', { spec: { ipAddressPools: ['lan'], interfaces: ['eth1'] } }),
    object('L2Advertisement', 'two', {
      spec: { ipAddressPoolSelectors: [{ matchLabels: { zone: 'dmz' } }] },
    }),
    object('L2Advertisement', 'all', {}),
    object('BGPAdvertisement', 'bgp', { spec: { ipAddressPools: ['lan'] } }),
    service,
    { ...service, spec: { type: 'ClusterIP' } },
  );
  t.deepEqual(
    metallb.pools.map(({ name, autoAssign, ranges }) => [name, autoAssign, ranges.length]),
    [
      ['lan', false, 2],
      ['dmz', true, 1],
    ],
  );
  const [one, two, all, bgp] = metallb.advertisements;
  t.deepEqual([one!.interfaces, two!.interfaces, bgp!.protocol], [['eth1'], null, 'bgp']);
  const fitting = (address: string) => [one, two, all].map((a) => advertises(metallb, a!, address));
  t.deepEqual(fitting('192.168.1.240'), [true, false, true]);
  t.deepEqual(fitting('203.0.113.15'), [false, true, true]);
  t.deepEqual(fitting('203.0.113.16'), [false, false, false]);
  t.deepEqual(fitting('2001:db8::1'), [true, false, true]);
  // An external IP is not MetalLB's to announce.
  t.deepEqual(
    metallb.loadBalancers.map((b) => [b.service, b.addresses]),
    [['default/web', ['192.168.1.240']]],
  );
});

test('a status tells the node, and the interfaces unless all', (t) => {
  const [announcement] = readAnnouncements(read(service, status('node1', [{ name: 'eth0' }])), []);
  t.like(announcement, {
    node: 'node1',
    addresses: ['192.168.1.240'],
    interfaces: ['eth0'],
    interfacesKnown: true,
  });
  t.like(readAnnouncements(read(service, status('node1')), [])[0], {
    interfaces: null,
    interfacesKnown: true,
  });
});

test('events tell it where there is no status: the latest, of layer 2', (t) => {
  const events = [
    assigned('node1', '2026-01-31T10:00:00Z'),
    assigned('node2', '2026-01-31T11:00:00Z'),
    assigned('node3', '2026-01-31T12:00:00Z', ' with protocol "bgp"'),
  ];
  t.deepEqual(
    readAnnouncements(read(service, ...events), []).map((a) => a.node),
    ['node2'],
  );
  t.deepEqual(
    readAnnouncements(read(service, ...events, status('node1')), []).map((a) => a.node),
    ['node1'],
  );
  t.is(readAnnouncements(read(service, assigned('node4', '', '')), [])[0]!.node, 'node4');
});

test('logs tell it by their last word, two nodes at once if need be', (t) => {
  const nodes = (...logs: ReturnType<typeof logOf>[]) => readAnnouncements(read(), logs).map((a) => a.node);
  t.deepEqual(nodes(logOf('node1', 'serviceAnnounced')), ['node1']);
  t.deepEqual(nodes(logOf('node1', 'serviceAnnounced', 'serviceWithdrawn')), []);
  t.deepEqual(nodes(logOf('node1', 'serviceAnnounced'), logOf('node2', 'serviceAnnounced')), [
    'node1',
    'node2',
  ]);
});

test("a pod's node is the log's, by its prefix or its file's name", (t) => {
  const pod = (name: string, nodeName: string) => object('Pod', name, { spec: { nodeName } });
  const metallb = read(pod('speaker-abc', 'node7'), pod('speaker-node1', 'node8'));
  const log = { ...logOf('node1', 'serviceAnnounced'), node: null };
  t.is(readAnnouncements(metallb, [{ ...log, pod: 'speaker-abc' }])[0]!.node, 'node7');
  t.is(readAnnouncements(metallb, [log])[0]!.node, 'node8');
  t.is(readAnnouncements(read(), [log])[0]!.node, null);
});

test('the list of excluded interfaces, in both styles of YAML', (t) => {
  const map = (text: string) =>
    object('ConfigMap', 'metallb-excludel2', { data: { 'excludel2.yaml': text } });
  const expected = ['^docker.*', '^lo$', '^veth[0-9]+'];
  const block = 'announcedInterfacesToExclude:\n- ^docker.*\n- "^lo$"\n- ^veth[0-9]+\n';
  t.deepEqual(read(map(block)).excluded, expected);
  const flow = 'announcedInterfacesToExclude: ["^docker.*", "^lo$", \'^veth[0-9]+\']\n';
  t.deepEqual(read(map(flow)).excluded, expected);
  t.is(read().excluded, null);
});

test('label selectors', (t) => {
  const labels = new Map([['zone', 'a']]);
  const matches = (selector: object) => selects(selectorsIn([selector])[0]!, labels);
  const expression = (operator: string, key: string, ...values: string[]) =>
    matches({ matchExpressions: [{ key, operator, values }] });
  t.true(matches({}));
  t.true(matches({ matchLabels: { zone: 'a' } }));
  t.false(matches({ matchLabels: { zone: 'a', rack: '1' } }));
  t.true(expression('In', 'zone', 'b', 'a'));
  t.false(expression('In', 'rack', 'a'));
  t.false(expression('NotIn', 'zone', 'a'));
  t.true(expression('NotIn', 'rack', 'a'));
  t.true(expression('Exists', 'zone'));
  t.true(expression('DoesNotExist', 'rack'));
  t.false(expression('DoesNotExist', 'zone'));
});

test('a prefix has the addresses that its bits say', (t) => {
  const number = fc.nat({ max: 0xffffffff });
  const text = (n: number) => formatIPv4(Uint8Array.of(n >>> 24, n >>> 16, n >>> 8, n));
  fc.assert(
    fc.property(number, number, fc.nat({ max: 32 }), (a, b, bits) => {
      const mask = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
      const range = readAddressRange(`${text(a)}/${bits}`)!;
      t.is(isInRange(range, text(b)), ((a ^ b) & mask) === 0);
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      t.true(isInRange(readAddressRange(`${text(low)} - ${text(high)}`)!, text(a)));
    }),
  );
  for (const wrong of ['', '10.0.0.1', '10.0.0.0/33', '10.0.0.1-::1', 'a-b'])
    t.is(readAddressRange(wrong), null);
});

test('objects of other shapes are passed over', (t) => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const files = new Map<string, unknown>([['x.json', value]]);
      return readAnnouncements(readMetalLB(files), []).length === 0;
    }),
  );
  const kinds = [
    'IPAddressPool',
    'L2Advertisement',
    'ServiceL2Status',
    'Service',
    'Event',
    'Node',
    'Pod',
    'ConfigMap',
  ];
  t.notThrows(() =>
    read(...kinds.flatMap((kind) => [{ kind }, { kind, metadata: null, spec: [], status: 1 }])),
  );
});

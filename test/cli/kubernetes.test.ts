/** What Kubernetes' objects add to an analysis and to a prediction, given as one more input of a node's. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import * as kube from '../ingest/kube/cluster.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { analyzeJson, returnpath } from './run.js';

const VIP = '192.168.1.100';
const BUNDLES = ['node1', 'node2'].map((node) => fixture('rp-filter-intermittent', `${node}.tar.gz`));
const SERVICE = [
  kube.service('web', [VIP]),
  kube.slice('web', [
    kube.endpoint('10.244.0.10', 'web-7c9-a', 'node1'),
    kube.endpoint('10.244.1.10', 'web-7c9-b', 'node2'),
  ]),
  kube.metallb('IPAddressPool', 'lan', { addresses: ['192.168.1.96/28'] }),
];
const LAYER2 = [kube.metallb('L2Advertisement', 'lan-l2', {}), kube.l2Status('web', 'node1', ['eth0'])];
const LOG = [
  ...kube.speakerStart('node1'),
  kube.ANNOUNCED['0.15']!('default/web', VIP, '2026-02-01T10:00:00Z'),
];

/** The inputs with the objects beside them, for as long as `use` takes. */
async function withObjects<T>(
  objects: readonly object[],
  use: (inputs: string[]) => Promise<T>,
  log: readonly string[] = LOG,
): Promise<T> {
  const root = scratch();
  try {
    mkdirSync(join(root, 'kube'));
    writeFileSync(join(root, 'kube', 'whatever.json'), JSON.stringify(kube.listOf(...objects)));
    writeFileSync(join(root, 'kube', 'speaker.log'), log.join('\n'));
    return await use([...BUNDLES, `node1=${root}`]);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test('the analysis tells of the Service, its backends and its announcer', async (t) => {
  const broken = kube.service('broken', [], { spec: { ports: 'none' } });
  const objects = [...SERVICE, ...LAYER2, kube.kubeProxyConfigMap('iptables', false), broken];
  const { status, analysis, stderr } = await withObjects(objects, analyzeJson);
  t.is(status, 1);
  t.regex(stderr, /whatever\.json: Service default\/broken: "spec\.ports" is no array: passed over/);
  t.deepEqual(analysis.vips, [{ address: VIP, source: 'kubernetes' }]);
  t.deepEqual(analysis.cluster, { kubeProxyMode: 'iptables', strictARP: false });
  const backend = { port: 8080, ready: true };
  const time = '2026-02-01T10:00:00.000000000Z';
  t.deepEqual(analysis.services, [
    {
      vip: VIP,
      namespace: 'default',
      name: 'web',
      ports: [{ protocol: 'tcp', port: 80, name: 'http' }],
      externalTrafficPolicy: 'Cluster',
      backends: [
        { address: '10.244.0.10', ...backend, pod: 'default/web-7c9-a', node: 'node1' },
        { address: '10.244.1.10', ...backend, pod: 'default/web-7c9-b', node: 'node2' },
      ],
      announcedBy: 'metallb-l2',
      pool: 'lan',
      advertisements: ['lan-l2'],
      announcers: [
        { node: 'node1', interface: 'eth0', count: 1, firstTime: time, lastTime: time, current: true },
      ],
    },
  ]);
  const [finding] = analysis.findings;
  t.like(finding, { cause: 'rp-filter', node: 'node2', interface: 'flannel.1', vip: VIP });
});

test('the report speaks of Services and pods', async (t) => {
  const { stdout } = await withObjects([...SERVICE, ...LAYER2], (inputs) =>
    returnpath(['analyze', ...inputs]),
  );
  t.regex(stdout.replace(/\s+/g, ' '), /requests for 192\.168\.1\.100 \(Service default\/web\)/);
  t.regex(stdout, /to pod default\/web-7c9-b on node2/);
  t.regex(stdout, /^Services$/m);
});

test('without objects there are no Services, and the mode is read from the rules', async (t) => {
  const { analysis } = await analyzeJson(BUNDLES);
  t.is(analysis.services, undefined);
  t.deepEqual(analysis.cluster, { kubeProxyMode: 'iptables', strictARP: null });
});

test('a VIP announced by BGP alone is asked for by nobody: no word of ARP', async (t) => {
  const predict = async (objects: object[], log = LOG) => {
    const ask = (inputs: string[]) => returnpath(['predict', ...inputs, '--format', 'json']);
    const { stdout } = await withObjects([...SERVICE, ...objects], ask, log);
    const { predictions, findings, services } = JSON.parse(stdout) as Analysis;
    const [prediction] = predictions!;
    const assumed = prediction!.ways.flatMap((way) => way.unknown).join();
    t.deepEqual(
      findings.filter(({ cause }) => cause === 'arp-conflict'),
      [],
    );
    return { announcers: prediction!.announcers, assumed, by: services![0]!.announcedBy };
  };
  const layer2 = await predict(LAYER2);
  t.deepEqual(
    layer2.announcers.map((one) => one.node),
    ['node1'],
  );
  const peers = { node: 'node1', serviceName: 'web', serviceNamespace: 'default', peers: ['router'] };
  const bgp = [
    kube.metallb('BGPAdvertisement', 'lan-bgp', {}),
    kube.metallb('ServiceBGPStatus', 'b', {}, peers),
  ];
  // By the log's last word it is announced in layer 2 as well.
  t.is((await predict(bgp)).by, 'metallb-l2, metallb-bgp');
  const routed = await predict(bgp, []);
  t.is(routed.by, 'metallb-bgp');
  t.deepEqual(routed.announcers, []);
  t.notRegex(routed.assumed, /ARP/);
});

import test from 'ava';
import { captureStem, locate, nodeAndInterface } from '../../src/ingest/bundle-path.js';
import { rootsOfCaptures } from '../../src/ingest/capture-roots.js';
import { sosreport } from '../../src/ingest/layouts/sosreport.js';
import { type BundleGroup, nameNodes } from '../../src/ingest/nodes.js';
import { parseInput } from '../../src/ingest/specification.js';

test('what an argument names', (t) => {
  const parse = (argument: string) => {
    const { node, netns, path } = parseInput(argument);
    return { node, netns, path };
  };
  t.deepEqual(parse('a.pcap'), { node: null, netns: null, path: 'a.pcap' });
  t.deepEqual(parse('n1=a.pcap'), { node: 'n1', netns: null, path: 'a.pcap' });
  t.deepEqual(parse('n1/pod7=a.pcap'), { node: 'n1', netns: 'pod7', path: 'a.pcap' });
  t.deepEqual(parse('n1=-'), { node: 'n1', netns: null, path: '-' });
  t.deepEqual(parse('n1=dir/x=y.pcap'), { node: 'n1', netns: null, path: 'dir/x=y.pcap' });
  for (const wrong of ['=a.pcap', 'n1=', 'n1/=a.pcap', '/pod=a.pcap'])
    t.throws(() => parseInput(wrong), { message: /NODE=PATH/ });
});

test("the interface in a capture's name", (t) => {
  const stems = {
    'eth0.pcap': 'eth0',
    'eth0.100.pcap': 'eth0.100',
    'flannel.1-0001.pcap.gz': 'flannel.1',
    'dir/flannel.1.pcapng.zst': 'flannel.1',
    'bond0.pcap3': 'bond0',
    'eth0_00002_20260131235959.pcapng': 'eth0',
    'any.PCAP.GZ': 'any',
  };
  for (const [path, stem] of Object.entries(stems)) t.is(captureStem(path), stem, path);
});

test('where in a bundle a member lies', (t) => {
  t.deepEqual(locate('any.pcap'), { root: '', netns: null, name: 'any.pcap' });
  t.deepEqual(locate('n1/any.pcap'), { root: 'n1', netns: null, name: 'any.pcap' });
  t.deepEqual(locate('n1/kube/services.json'), { root: 'n1', netns: null, name: 'kube/services.json' });
  t.deepEqual(locate('n1/netns/pod7/eth0.pcap'), { root: 'n1', netns: 'pod7', name: 'eth0.pcap' });
  t.deepEqual(locate('netns/pod7/ip-addr.json'), { root: '', netns: 'pod7', name: 'ip-addr.json' });
});

const group = (root: string, declared: string | null = null, hasSnapshot = true): BundleGroup => ({
  root,
  declared,
  hasSnapshot,
  dump: null,
  isCluster: false,
});
const names = (argument: string, groups: BundleGroup[], isArchive = true) =>
  Object.fromEntries(nameNodes(parseInput(argument), groups, isArchive));

test("a node's name: given, declared, of its directory, of its archive", (t) => {
  t.deepEqual(names('n9=b.tgz', [group('x', 'declared')]), { x: 'n9' });
  t.deepEqual(names('b.tgz', [group('x', 'declared')]), { x: 'declared' });
  t.deepEqual(names('b.tgz', [group('dir/x')]), { 'dir/x': 'x' });
  t.deepEqual(names('path/worker.7.tar.gz', [group('')]), { '': 'worker.7' });
  t.deepEqual(names('path/worker.7/', [group('')]), { '': 'worker.7' });
  t.deepEqual(names('path/worker7.pcap.zst', [group('', null, false)], false), { '': 'worker7' });
});

test('captures in a sub-directory belong to the bundle that they lie in', (t) => {
  t.deepEqual(names('b.tgz', [group('', 'n1'), group('captures', null, false)]), {
    '': 'n1',
    captures: 'n1',
  });
});

test('several bundles in one input keep their names, and take no single one', (t) => {
  t.deepEqual(names('all.tar', [group('a'), group('b', 'bee')]), { a: 'a', b: 'bee' });
  t.throws(() => names('n1=all.tar', [group('a'), group('b')]), { message: /holds 2 bundles \(a, b\)/ });
});

const dump = (root: string, hostname?: string): BundleGroup => ({
  ...group(root),
  dump: sosreport,
  ...(hostname !== undefined && { hostname }),
});

test('a dump in a directory with captures or files of a bundle is of its node, where no other is beside it', (t) => {
  t.deepEqual(names('n1', [group('', null, false), dump('sos', 'host')]), { '': 'host', sos: 'host' });
  t.deepEqual(names('n1', [group('', 'told'), dump('sos', 'host')]), { '': 'told', sos: 'told' });
  t.deepEqual(
    names('dir', [group('a', null, false), dump('a/x', 'h1'), group('b', null, false), dump('b/x', 'h2')]),
    {
      ...{ a: 'h1', 'a/x': 'h1', b: 'h2', 'b/x': 'h2' },
    },
  );
  t.deepEqual(names('n1', [group('', null, false), dump('x', 'h1'), dump('y', 'h2')]), {
    ...{ '': 'n1', x: 'h1', y: 'h2' },
  });
  t.deepEqual(names('n1', [group('', null, false), dump('x', 'h'), dump('y', 'h')]), {
    '': 'h',
    x: 'h',
    y: 'h',
  });
});

test('a name for several dumps is taken where none of them says otherwise', (t) => {
  t.deepEqual(names('n9=dir', [dump('x', 'host'), dump('y')]), { x: 'n9', y: 'n9' });
  t.throws(() => names('n9=dir', [dump('x', 'h1'), dump('y', 'h2')]), { message: /holds 2 bundles/ });
  t.throws(() => names('n9=dir', [group('a'), group('b', null)]), { message: /holds 2 bundles/ });
});

test('a dump of the cluster takes the name of the bundle around it, and needs none', (t) => {
  const cluster = { ...group('a/gather'), isCluster: true };
  t.deepEqual(names('dir', [group('a', 'n1'), cluster]), { a: 'n1', 'a/gather': 'n1' });
  t.deepEqual(names('n1=dir', [group('b'), cluster]), { b: 'n1', 'a/gather': 'gather' });
});

test('files of settings belong to the bundle above their tree', (t) => {
  const at = (path: string) => {
    const { root, name } = locate(path);
    return [root, name];
  };
  t.deepEqual(at('etc/sysctl.conf'), ['', 'etc/sysctl.conf']);
  t.deepEqual(at('n1/usr/lib/sysctl.d/50-default.conf'), ['n1', 'usr/lib/sysctl.d/50-default.conf']);
  t.deepEqual(at('usr/lib/sysctl.d/50-default.conf'), ['', 'usr/lib/sysctl.d/50-default.conf']);
  t.deepEqual(at('a/n1/usr/local/lib/sysctl.d/x.conf'), ['a/n1', 'usr/local/lib/sysctl.d/x.conf']);
  t.deepEqual(at('n1/lib/sysctl.d/x.conf'), ['n1', 'lib/sysctl.d/x.conf']);
  t.deepEqual(at('n1/etc/sysctl.d/README'), ['n1/etc/sysctl.d', 'README']);
});

test('what names a node and an interface of it behind, and what does not', (t) => {
  const taken = {
    'node1-any': ['node1', 'any'],
    'lb-3_ens18': ['lb-3', 'ens18'],
    'worker-a-vxlan.calico': ['worker-a', 'vxlan.calico'],
    'node2@flannel.1': ['node2', 'flannel.1'],
    'gw-eth0.100': ['gw', 'eth0.100'],
  };
  for (const [stem, [node, name]] of Object.entries(taken))
    t.deepEqual(nodeAndInterface(stem), { node, interface: name } as never, stem);
  for (const stem of [
    'node1',
    'any',
    'eth0',
    'br-eth0',
    'flannel.1',
    'bond0.210',
    'lb-3',
    'my-company',
    'x-brick',
  ])
    t.is(nodeAndInterface(stem), null, stem);
});

test('captures in one directory are of one node, unless their names or bundles beside them say others', (t) => {
  const rootsOf = (paths: string[], ...bundles: string[]) => rootsOfCaptures(paths.map(locate), bundles);
  t.deepEqual(rootsOf(['d/n1-eth0.pcap', 'd/n1-cni0.pcap', 'd/n2-any.pcap']), ['d/n1', 'd/n1', 'd/n2']);
  t.deepEqual(rootsOf(['n1-any.pcap', 'n2-any.pcap']), ['n1', 'n2']);
  t.deepEqual(rootsOf(['n1.pcap', 'n2-eth0.pcap', 'x.pcap'], 'n1', 'n2'), ['n1', 'n2', '']);
  t.deepEqual(rootsOf(['d/gw-eth0.pcap', 'd/gw-eth1.pcap']), ['d', 'd'], 'one name may be anything');
  t.deepEqual(rootsOf(['d/n1-any.pcap', 'd/other.pcap']), ['d', 'd']);
  t.deepEqual(rootsOf(['n1/a-eth0.pcap', 'n1/pcaps/b-eth0.pcap'], 'n1'), ['n1', 'n1/pcaps'], 'in a bundle');
  t.deepEqual(rootsOf(['d/netns/p/a-eth0.pcap', 'd/b-eth0.pcap']), ['d', 'd']);
});

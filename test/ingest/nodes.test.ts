import test from 'ava';
import { captureStem, locate } from '../../src/ingest/bundle-path.js';
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

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { captureStem } from '../../src/ingest/bundle-path.js';
import { captureStems } from '../../src/ingest/numbered-captures.js';
import { nameByDirectory } from '../../src/ingest/same-names.js';
import { parseInput } from '../../src/ingest/specification.js';
import { scratch } from '../scratch.js';

/** Writes empty files, and names the nodes of them all. */
function nodesOf(directory: string, files: string[], given = files) {
  for (const file of files) {
    mkdirSync(join(directory, file, '..'), { recursive: true });
    writeFileSync(join(directory, file), '');
  }
  const inputs = given.map((argument) => {
    const [node, path] = argument.includes('=') ? argument.split('=') : [null, argument];
    return parseInput(`${node === null ? '' : `${node}=`}${join(directory, path!)}`);
  });
  return nameByDirectory(inputs).map(({ node }) => node);
}

test('captures of one name in several directories are named by these', (t) => {
  t.deepEqual(nodesOf(scratch(t), ['n1/any.pcap', 'n2/any.pcap']), ['n1', 'n2']);
  t.deepEqual(nodesOf(scratch(t), ['n1/dump.pcap', 'n2/dump.pcap.gz']), ['n1', 'n2']);
});

test('a node is not torn apart: what is named after an interface beside them is of it as well', (t) => {
  t.deepEqual(nodesOf(scratch(t), ['n1/eth0.pcap', 'n2/eth0.pcap', 'n1/cni0.pcap', 'n1/client.pcap']), [
    'n1',
    'n2',
    'n1',
    null,
  ]);
});

test('others keep the names that they have: of one directory, of several names, and given ones', (t) => {
  t.deepEqual(nodesOf(scratch(t), ['d/x.pcap', 'd/x.pcap1', 'd/x.pcap2']), [null, null, null]);
  t.deepEqual(nodesOf(scratch(t), ['n1/a.pcap', 'n2/b.pcap']), [null, null]);
  t.deepEqual(nodesOf(scratch(t), ['n1/x.pcap', 'n2/x.pcap'], ['w1=n1/x.pcap', 'n2/x.pcap']), ['w1', null]);
});

test('rotated sets of one name in several directories', (t) => {
  t.deepEqual(nodesOf(scratch(t), ['n1/x.pcap0', 'n1/x.pcap1', 'n2/x.pcap0', 'n2/x.pcap1']), [
    'n1',
    'n1',
    'n2',
    'n2',
  ]);
});

test('what has no name but a date is of its directory', (t) => {
  t.deepEqual(nodesOf(scratch(t), ['n1/20240101-120000.pcap', 'n1/20240101-130000.pcap']), ['n1', 'n1']);
});

test('directories of one name are no names', (t) => {
  t.throws(() => nodesOf(scratch(t), ['a/cap/x.pcap', 'b/cap/x.pcap']), {
    message: /b\/cap\/x\.pcap: is of the same name .* NODE=/,
  });
});

test('the names of rotated captures, without what tells them apart', (t) => {
  const stems = {
    'x_00001_20240101120000.pcapng': 'x',
    'eth0-20240101-120000.pcap': 'eth0',
    'eth0_2024-01-01_12:00:00.pcap.gz': 'eth0',
    'eth0-2024-01-01T12:00:00Z.pcap': 'eth0',
    'any.1704110400.pcap': 'any',
    'any-2024-01-01.pcap3': 'any',
    any_20240101_120000: 'any',
    'eth0.100-20240101120000.pcap': 'eth0.100',
    'flannel.1.pcap': 'flannel.1',
    'eth0.2024.pcap': 'eth0.2024',
    'worker-20.pcap': 'worker-20',
    '20240101.pcap': '',
  };
  for (const [path, stem] of Object.entries(stems)) t.is(captureStem(path), stem, path);
});

test('captures that were numbered without an ending, as tcpdump -W and -C do', (t) => {
  const stemsOf = (...paths: string[]) => [...captureStems(paths).values()];
  t.deepEqual(stemsOf('d/f02', 'd/f00', 'd/f01'), ['f', 'f', 'f']);
  t.deepEqual(stemsOf('trace', 'trace1', 'trace2'), ['trace', 'trace', 'trace']);
  t.deepEqual(stemsOf('ens1800', 'ens1801'), ['ens18', 'ens18']);
  t.deepEqual(stemsOf('eth00', 'eth01'), ['eth0', 'eth0']);
  t.deepEqual(stemsOf('any_0', 'any_1'), ['any', 'any']);
  t.deepEqual(stemsOf('node1', 'node2'), ['node1', 'node2'], 'no beginning');
  t.deepEqual(stemsOf('a/f0', 'b/f1'), ['f0', 'f1'], 'of two directories');
  t.deepEqual(stemsOf('d/0', 'd/1', 'eth0'), ['0', '1', 'eth0']);
  t.deepEqual(stemsOf('f00.pcap', 'f01.pcap'), ['f00', 'f01'], 'with an ending, a node may be numbered so');
});

test('a series of several directories is of the nodes that these name, also where one is longer', (t) => {
  t.deepEqual(nodesOf(scratch(t), ['n1/f0', 'n1/f1', 'n1/f2', 'n2/f0', 'n2/f1']), [
    'n1',
    'n1',
    'n1',
    'n2',
    'n2',
  ]);
});

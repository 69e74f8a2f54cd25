import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { standsFor } from '../../src/ingest/snapshot/snapshot.js';
import type { Inspection } from '../../src/model/inspection.js';
import { bundleTexts, NODE_DUMPS, unpack, write, writeDump } from '../ingest/layouts/dumps.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { returnpath } from './run.js';

const NODE2 = fixture('rp-filter-strict', 'node2.tar.gz');

async function inspectJson(...inputs: string[]): Promise<Inspection> {
  const { status, stdout, stderr } = await returnpath(['inspect', ...inputs, '--format', 'json']);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Inspection;
}

function bundleOf(t: ExecutionContext) {
  const directory = unpack(NODE2, scratch(t));
  return { directory, texts: bundleTexts(directory) };
}

test('a bundle: its files, its capture, and nothing of the node missing', async (t) => {
  const { inputs, missing } = await inspectJson(NODE2);
  const [input] = inputs;
  t.deepEqual(
    input!.bundles.map(({ layouts, node, netns, root }) => ({ layouts, node, netns, root })),
    [{ layouts: ['bundle'], node: 'node2', netns: null, root: 'node2' }],
  );
  const forms = Object.fromEntries(input!.bundles[0]!.files.map(({ name, form }) => [name, form]));
  t.like(forms, { 'ip-route.json': 'JSON', 'sysctl.txt': 'text', 'kernel.log': 'text', 'nft.json': 'JSON' });
  t.like(input!.captures, [
    { node: 'node2', linkType: 'LINUX_SLL2', interfaces: null, truncated: false, error: null },
  ]);
  t.true(input!.captures[0]!.packets > 0);
  t.deepEqual(
    missing.map(({ node, name }) => [node, name]),
    [[null, 'kube/*.json']],
  );
});

for (const layout of Object.keys(NODE_DUMPS)) {
  test(`${layout}: recognised, each file for what it is, and what it never has with its command`, async (t) => {
    const { directory, texts } = bundleOf(t);
    const dump = scratch(t);
    const held = writeDump(layout, texts, join(dump, 'as-sent'));
    write(join(dump, 'as-sent', 'var', 'log', 'boot.log'), 'nothing of interest\n');
    copyFileSync(join(directory, 'any.pcap'), join(dump, 'renamed.pcap'));
    const { inputs, missing } = await inspectJson(`node2=${dump}`);
    const [bundle, ...others] = inputs[0]!.bundles;
    t.deepEqual(others, []);
    t.deepEqual([bundle!.layouts, bundle!.node], [[layout], 'node2']);
    t.deepEqual(
      held.filter(
        (name) => name !== 'hostname' && !bundle!.files.some((file) => standsFor(file.name) === name),
      ),
      [],
      'all that it holds is taken',
    );
    t.deepEqual(inputs[0]!.notTaken, [join(dump, 'as-sent/var/log/boot.log')]);
    const drops = missing.find(({ name }) => name === 'drops.txt');
    t.is(drops?.node, 'node2');
    t.truthy(drops!.lackedBy);
    t.regex(drops!.command, /kfree_skb/);
    for (const { name, node } of missing) t.false(node !== null && held.includes(name), name);
  });
}

test('for a person: what it is, what of it is taken, what is missing, on lines that fit', async (t) => {
  const { directory, texts } = bundleOf(t);
  const dump = join(scratch(t), 'CASE-1');
  writeDump('Retina capture', texts, dump);
  copyFileSync(join(directory, 'any.pcap'), join(dump, 'CASE-1.pcap'));
  const { status, stdout } = await returnpath(['inspect', dump]);
  t.is(status, 0);
  t.regex(stdout, /^Retina capture of CASE-1$/m);
  t.regex(stdout, /^ip-neigh\.json +JSON +\d+ +ip-resources\.txt$/m);
  t.regex(stdout, /^sysctl\.txt +text +[\d,]+ +proc-sys-net\/.*\n +and [\d,]+ more$/m);
  t.regex(stdout, /^CASE-1 +CASE-1\.pcap +LINUX_SLL2 +by packet/m);
  t.regex(stdout, /^kernel\.log +the kernel's own record(.*\n)+? +.*a Retina capture never has\s+it/m);
  t.regex(stdout, /^ {4}dmesg --time-format=iso > kernel\.log$/m);
  const commands = /^ {4}(\{|nstat|dmesg|nft|ip|mkdir|conntrack|sysctl)/;
  for (const line of stdout.split('\n')) t.true(line.length <= 80 || commands.test(line), line);
});

test('what is known of nothing, and what is damaged, is said; what is not there is an error', async (t) => {
  const directory = scratch(t);
  write(join(directory, 'notes.txt'), 'remember the milk\n');
  const nothing = await returnpath(['inspect', directory]);
  t.is(nothing.status, 0);
  t.regex(nothing.stdout, /Nothing in it is known/);
  t.regex(nothing.stdout, /Not taken: 1 file \(notes\.txt\)/);
  write(join(directory, 'ip-route.json'), '[{"dst"');
  const { inputs } = await inspectJson(directory);
  t.true(inputs[0]!.problems.some((problem) => /ip-route\.json.*not JSON/.test(problem)));
  const absent = await returnpath(['inspect', join(directory, 'absent')]);
  t.is(absent.status, 2);
  t.regex(absent.stderr, /no such file/);
});

test('several archives of dumps in one directory: the node of each by what it says of itself', async (t) => {
  const { texts } = bundleOf(t);
  const directory = scratch(t);
  for (const name of ['alpha', 'beta']) {
    const own = new Map(texts).set('node.json', JSON.stringify({ node: name }));
    writeDump('Rancher logs-collector', own, join(directory, name));
    execFileSync('tar', ['-czf', join(directory, `${name}.tar.gz`), '-C', directory, name]);
    execFileSync('rm', ['-r', join(directory, name)]);
  }
  const { inputs } = await inspectJson(directory);
  t.deepEqual(
    inputs[0]!.bundles.map(({ node, root }) => [node, root]),
    [
      ['alpha', 'alpha/alpha'],
      ['beta', 'beta/beta'],
    ],
  );
});

test("copies of a node's files beside those of a bundle make it no dump", async (t) => {
  const { directory } = bundleOf(t);
  write(join(directory, 'etc', 'hostname'), 'elsewhere\n');
  write(join(directory, 'proc', 'net', 'snmp6'), 'Ip6InReceives 7\n');
  write(join(directory, 'proc', 'net', 'nf_conntrack'), '');
  const { inputs } = await inspectJson(directory);
  t.deepEqual(
    inputs[0]!.bundles.map(({ layouts, node }) => [layouts, node]),
    [[['bundle'], 'node2']],
  );
  t.deepEqual(inputs[0]!.problems, []);
});

test('one capture of several nodes is told node by node, and so is what each lacks', async (t) => {
  const merged = join(scratch(t), 'both.pcapng');
  const { status } = await returnpath([
    'merge',
    fixture('rp-filter-strict', 'node1.tar.gz'),
    NODE2,
    '-o',
    merged,
  ]);
  t.is(status, 0);
  const { inputs, missing } = await inspectJson(merged, NODE2);
  t.deepEqual(
    inputs[0]!.captures.map(({ node, packets }) => [node, packets]),
    [
      ['node1', 62],
      ['node2', 45],
    ],
  );
  t.deepEqual([...new Set(missing.map(({ node }) => node))], ['node1', null]);
});

test('captures that are named alike are of the nodes that their directories name, as they are in an analysis', async (t) => {
  const directory = scratch(t);
  const paths = ['n1', 'n2'].map((node) => join(directory, node, 'any.pcap'));
  for (const path of paths) {
    write(path, '');
    copyFileSync(join(bundleOf(t).directory, 'any.pcap'), path);
  }
  const { inputs } = await inspectJson(...paths);
  t.deepEqual(
    inputs.map(({ captures }) => captures[0]!.node),
    ['n1', 'n2'],
  );
});

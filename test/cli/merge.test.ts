import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { recordedFile } from '../correlate/recorded.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { analyzeJson, returnpath } from './run.js';

const BUNDLES = ['node1', 'node2'].map((node) => fixture('rp-filter-strict', `${node}.tar.gz`));

test('writes a file that analyze takes for captures of both nodes', async (t) => {
  const file = join(scratch(t), 'both.pcapng');
  const { status, stdout, stderr } = await returnpath(['merge', ...BUNDLES, '-o', file]);
  t.is(status, 0, stderr);
  t.is(stdout, '');
  t.regex(stderr, /^returnpath: times are by the clock of node1\nreturnpath: node2: its clock was /);
  const { analysis } = await analyzeJson([file]);
  t.deepEqual(
    analysis.inputs.map(({ node, file: name }) => [node, name]),
    [
      ['node1', file],
      ['node2', file],
    ],
  );
});

test('to standard output, the same', async (t) => {
  const file = join(scratch(t), 'both.pcapng');
  await returnpath(['merge', ...BUNDLES, '-o', file]);
  const { status, stdout } = await returnpath(['merge', ...BUNDLES, '-o', '-']);
  t.is(status, 0);
  // The run takes what it reads for text.
  t.is(stdout, readFileSync(file).toString());
});

test('what cannot be merged is told in one line, and nothing is written', async (t) => {
  const directory = scratch(t);
  const capture = join(directory, 'node1.pcap');
  const octets = recordedFile('rp-filter-strict', 'node1.tar.gz', 'node1/any.pcap');
  writeFileSync(capture, octets);
  const out = join(directory, 'out', 'merged.pcapng');
  const fails = async (args: string[], line: RegExp) => {
    const { status, stdout, stderr } = await returnpath(['merge', ...args], { input: octets });
    t.is(status, 2, args.join(' '));
    t.is(stdout, '');
    t.regex(stderr, line);
    t.is(stderr.trimEnd().split('\n').length, 1, stderr);
    t.deepEqual(readFileSync(capture), octets);
  };
  await fails([capture, '-o', capture], /node1\.pcap: is one of the inputs; write to another file$/m);
  await fails([directory, '-o', capture], /node1\.pcap: is one of the inputs/);
  await fails(['-', '-o', join(directory, 'x.pcapng')], /standard input: cannot be read twice/);
  await fails([capture], /-o/);
  const unwritable = /merged\.pcapng: cannot be written: its directory does not exist$/m;
  await fails([capture, '-o', out], unwritable);
  await fails([...BUNDLES, '-o', out], unwritable);
  await fails([...BUNDLES, '-o', directory], /: is a directory; name a file to write$/m);
  await fails(
    [join(directory, 'absent.pcap'), '-o', join(directory, 'x.pcapng')],
    /absent\.pcap: no such file/,
  );
  mkdirSync(join(directory, 'empty'));
  await fails([join(directory, 'empty'), '-o', join(directory, 'x.pcapng')], /empty: is empty/);
});

test('a name for a file of several nodes is refused; of one, it counts', async (t) => {
  const directory = scratch(t);
  const both = join(directory, 'both.pcapng');
  const one = join(directory, 'one.pcapng');
  await returnpath(['merge', ...BUNDLES, '-o', both]);
  await returnpath(['merge', BUNDLES[0]!, '-o', one]);
  const { status, stderr } = await returnpath(['analyze', `n9=${both}`]);
  t.is(status, 2);
  t.regex(stderr, /its interfaces are of 2 nodes \(node1, node2\); give it without n9=/);
  const { analysis } = await analyzeJson([`n9=${one}`]);
  t.deepEqual(
    analysis.inputs.map(({ node }) => node),
    ['n9'],
  );
});

test("a pod's namespace is told from its node", async (t) => {
  const directory = scratch(t);
  const path = join(directory, 'pod.pcap');
  writeFileSync(path, recordedFile('untranslated-ethernet', 'worker-a.tar.gz', 'worker-a/ens192.pcap'));
  const merged = join(directory, 'merged.pcapng');
  await returnpath(['merge', `node1/pod7=${path}`, '-o', merged]);
  for (const input of [`node1/pod7=${path}`, merged]) {
    const { analysis } = await analyzeJson([input]);
    const places = analysis.attempts.flatMap(({ path: steps }) => steps.map((s) => `${s.node}/${s.netns}`));
    t.deepEqual([...new Set(places)], ['node1/pod7'], input);
  }
});

test('nodes without a capture are none whose clocks are told', async (t) => {
  const directory = scratch(t);
  const garbage = join(directory, 'garbage.pcap');
  writeFileSync(garbage, 'no capture at all');
  const { status, stderr } = await returnpath([
    'merge',
    garbage,
    BUNDLES[0]!,
    '--keep-going',
    '-o',
    join(directory, 'x.pcapng'),
  ]);
  t.is(status, 0);
  t.regex(stderr, /^returnpath: .*garbage\.pcap: is text, not a capture/);
  t.notRegex(stderr, /clock/);
});

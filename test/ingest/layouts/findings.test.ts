import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../../src/analyze.js';
import type { Analysis } from '../../../src/model/analysis.js';
import { bundlesIn, readTruth } from '../../scenarios/truth.js';
import { scratch } from '../../scratch.js';
import { fixture, has } from '../../support.js';
import { bundleTexts, NODE_DUMPS, unpack, write, writeDump } from './dumps.js';

const SCENARIOS = ['rp-filter-strict', 'filtered-forward', 'forwarding-off'];

function run(inputs: string[], vip: string): Promise<Analysis> {
  return analyze(inputs, { vips: [vip], keepGoing: false, attempts: 'all', warn: () => {} });
}

function verdicts({ findings }: Analysis) {
  return findings.map(({ cause, node, interface: name, confidence, severity, attempts }) => ({
    ...{ cause, node, name, confidence, severity, attempts },
  }));
}

interface Node {
  name: string;
  texts: Map<string, string>;
  capture: string;
}

function nodesOf(t: ExecutionContext, scenario: string): Node[] {
  return bundlesIn(fixture(scenario)).map((archive, i) => {
    const directory = unpack(archive, join(scratch(t), String(i)));
    const texts = bundleTexts(directory);
    const name = JSON.parse(texts.get('node.json')!).node as string;
    return { name, texts, capture: join(directory, 'any.pcap') };
  });
}

for (const scenario of SCENARIOS) {
  for (const layout of Object.keys(NODE_DUMPS)) {
    test(`${scenario}: ${layout} beside the capture leads where the same files of a bundle do`, async (t) => {
      const { vip } = readTruth(fixture(scenario));
      const dumped: string[] = [];
      const bundles: string[] = [];
      for (const { name, texts, capture } of nodesOf(t, scenario)) {
        const dump = join(scratch(t), name);
        const held = writeDump(layout, texts, join(dump, 'as-it-was-sent'));
        copyFileSync(capture, join(dump, 'any.pcap'));
        dumped.push(dump);
        const bundle = join(scratch(t), name);
        mkdirSync(bundle);
        for (const file of held) if (texts.has(file)) write(join(bundle, file), texts.get(file)!);
        copyFileSync(capture, join(bundle, 'any.pcap'));
        bundles.push(bundle);
      }
      const expected = verdicts(await run(bundles, vip));
      t.true(expected.some(({ severity }) => severity === 'fault'));
      t.deepEqual(verdicts(await run(dumped, vip)), expected);
    });
  }
}

(has(['xz']) ? test : test.skip)(
  'a sosreport as it is sent: .tar.xz, and a link to a directory in it',
  async (t) => {
    const { vip } = readTruth(fixture('rp-filter-strict'));
    const inputs = nodesOf(t, 'rp-filter-strict').flatMap(({ name, texts, capture }) => {
      const directory = scratch(t);
      const root = `sosreport-${name}-2026-01-31-abcdefg`;
      writeDump('sosreport', texts, join(directory, root));
      execFileSync('ln', ['-s', 'self/net', join(directory, root, 'proc-net')]);
      execFileSync('ln', ['-s', 'sos_commands/host/hostname', join(directory, root, 'hostname')]);
      const archive = join(directory, `${root}.tar.xz`);
      execFileSync('tar', ['-cJf', archive, '-C', directory, root]);
      rmSync(join(directory, root), { recursive: true });
      return [archive, `${name}=${capture}`];
    });
    const analysis = await run(inputs, vip);
    t.deepEqual(
      verdicts(analysis).map(({ cause, node, name, confidence }) => ({ cause, node, name, confidence })),
      [{ cause: 'rp-filter', node: 'node2', name: 'flannel.1', confidence: 'confirmed' }],
    );
    t.deepEqual([...new Set(analysis.inputs.map(({ node }) => node))], ['node1', 'node2']);
  },
);

test('dumps of several nodes in one directory are of several nodes; NODE=PATH names that of one', async (t) => {
  const { vip } = readTruth(fixture('rp-filter-strict'));
  const nodes = nodesOf(t, 'rp-filter-strict');
  const all = scratch(t);
  for (const { name, texts, capture } of nodes) {
    writeDump('cilium-bugtool', texts, join(all, name, 'bugtool'));
    copyFileSync(capture, join(all, name, 'any.pcap'));
  }
  const together = await run([all], vip);
  t.deepEqual(
    together.findings.map(({ cause, node }) => [cause, node]),
    [['rp-filter', 'node2']],
  );
  const named = await run(
    nodes.map(({ name }) => `${name === 'node2' ? 'backend' : 'entry'}=${join(all, name)}`),
    vip,
  );
  t.deepEqual(
    named.findings.map(({ cause, node }) => [cause, node]),
    [['rp-filter', 'backend']],
  );
});

test("a Retina capture's node is called as its archive, less its time", async (t) => {
  const [, { texts, capture }] = nodesOf(t, 'rp-filter-strict') as [Node, Node];
  const directory = join(scratch(t), 'drops-node2-20260131120000UTC');
  writeDump('Retina capture', texts, directory);
  copyFileSync(capture, join(directory, `${basename(directory)}.pcap`));
  const { inputs, findings } = await run([directory], readTruth(fixture('rp-filter-strict')).vip);
  t.deepEqual(
    inputs.map(({ node }) => node),
    ['drops-node2'],
  );
  t.deepEqual(
    findings.map(({ cause, node, interface: name }) => [cause, node, name]),
    [['rp-filter', 'drops-node2', 'flannel.1']],
  );
});

test('what a dump never holds is a gap where nothing is confirmed, with the commands; what another input has is not', async (t) => {
  const [, { name, texts, capture }] = nodesOf(t, 'rp-filter-strict') as [Node, Node];
  const { vip } = readTruth(fixture('rp-filter-strict'));
  const dump = join(scratch(t), name);
  writeDump('Retina capture', texts, join(dump, 'retina'));
  copyFileSync(capture, join(dump, 'any.pcap'));
  const gapOf = async () =>
    (await run([dump], vip)).gaps.find(({ why }) => /^a Retina capture never/.test(why));
  const gap = await gapOf();
  t.is(gap?.node, 'node2');
  t.regex(gap!.why, /nftables rules.*kernel log/);
  t.regex(gap!.capture!, /nft -j list ruleset > nft\.json.*dmesg --time-format=iso > kernel\.log/);
  write(join(dump, 'nft.json'), texts.get('nft.json')!);
  t.notRegex((await gapOf())!.why, /nftables/);
  write(join(dump, 'kernel.log'), texts.get('kernel.log')!);
  t.is(await gapOf(), undefined, 'confirmed by the log');
});

test('sos clean: that no packet can match is said', async (t) => {
  const [, { name, texts, capture }] = nodesOf(t, 'rp-filter-strict') as [Node, Node];
  const dump = join(scratch(t), name);
  let count = 0;
  const cleaned = [...texts].map(([file, text]): [string, string] => [
    file,
    text.replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, () => `53:4f:53:00:00:${(++count % 90) + 10}`),
  ]);
  writeDump('sosreport', new Map(cleaned), join(dump, 'sosreport'));
  copyFileSync(capture, join(dump, 'any.pcap'));
  const warnings: string[] = [];
  const { gaps } = await analyze([dump], {
    ...{ vips: [], keepGoing: false, attempts: 'none' },
    warn: (line) => void warnings.push(line),
  });
  t.true(warnings.some((line) => /sos clean/.test(line)));
  t.true(gaps.some(({ node, why }) => node === 'node2' && /sos clean.*packets cannot match/.test(why)));
});

test('a file of a dump that cannot be read is told, and costs itself alone', async (t) => {
  const [, { name, texts, capture }] = nodesOf(t, 'rp-filter-strict') as [Node, Node];
  const dump = join(scratch(t), name);
  writeDump('Rancher logs-collector', texts, dump);
  copyFileSync(capture, join(dump, 'any.pcap'));
  write(join(dump, 'networking', 'ipneighbour'), 'sh: ip: command not found\n');
  const { findings, gaps } = await run([dump], readTruth(fixture('rp-filter-strict')).vip);
  t.is(findings[0]?.cause, 'rp-filter');
  t.true(gaps.some(({ why }) => /ipneighbour/.test(why)));
});

test('proof names the files of a dump by their own names, and their lines', async (t) => {
  const scenario = 'filtered-forward';
  const inputs = nodesOf(t, scenario).map(({ name, texts, capture }) => {
    const dump = join(scratch(t), name);
    writeDump('Retina capture', texts, dump);
    copyFileSync(capture, join(dump, 'any.pcap'));
    return `${name}=${dump}`;
  });
  const { findings } = await run(inputs, readTruth(fixture(scenario)).vip);
  const rules = findings
    .flatMap(({ evidence }) => evidence)
    .filter(({ file }) => /iptables/.test(file ?? ''));
  t.true(rules.length > 0);
  for (const { file, line, text } of rules) {
    t.regex(file!, /\/iptables-rules\.txt$/);
    t.true(text.includes(readFileSync(file!, 'utf8').split('\n')[line! - 1]!), text);
  }
});

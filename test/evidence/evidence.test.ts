/** The evidence of findings as files: tshark reads the same packets, with what is said of them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { evidenceFiles } from '../../src/evidence.js';
import type { Analysis, Finding } from '../../src/model/analysis.js';
import { returnpath } from '../cli/run.js';
import { skewBundle } from '../correlate/skewed.js';
import { testWith } from '../gates.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';

const test = testWith('tshark', 'capinfos');

async function analyzed(name: string): Promise<{ bundles: string[]; analysis: Analysis }> {
  const bundles = bundlesIn(fixture(name));
  const options = {
    vips: [readTruth(fixture(name)).vip],
    keepGoing: false,
    attempts: 'all',
    warn: () => {},
  } as const;
  return { bundles, analysis: await analyze(bundles, options) };
}

/** `FILE PACKET` of all that a finding rests on. */
function citedBy({ attempts, evidence }: Finding, analysis: Analysis): Set<string> {
  const cited = new Set<string>();
  for (const { id, path } of analysis.attempts) {
    if (attempts.includes(id)) for (const { file, packet } of path) cited.add(`${file} ${packet}`);
  }
  for (const { file, packet } of evidence) if (packet !== null) cited.add(`${file} ${packet}`);
  return cited;
}

async function written(t: ExecutionContext, analysis: Analysis, inputs: readonly string[]) {
  const directory = scratch(t);
  const warnings: string[] = [];
  for await (const { name, content } of evidenceFiles(analysis, inputs, 'test', (w) => warnings.push(w))) {
    writeFileSync(join(directory, name), content);
  }
  return { directory, warnings };
}

/** The fields of each packet, as tshark reads them. */
function packetsOf(path: string, ...fields: string[]): string[][] {
  const args = ['-r', path, '-T', 'fields', '-E', 'separator=|', ...fields.flatMap((field) => ['-e', field])];
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('|'));
}

for (const name of [
  'rp-filter-strict',
  'arp-conflict-stranger',
  'wrong-gateway',
  'filtered-ipv6',
  'second-nic-strict',
]) {
  test(`${name}: each finding's packets, of all nodes, in order of time, and its own words`, async (t) => {
    const { bundles, analysis } = await analyzed(name);
    t.true(analysis.findings.length > 0);
    const { directory, warnings } = await written(t, analysis, bundles);
    t.deepEqual(warnings, []);
    for (const finding of analysis.findings) {
      const path = join(directory, `${finding.id}-${finding.cause}.pcapng`);
      const cited = citedBy(finding, analysis);
      const packets = packetsOf(path, 'frame.time_epoch', 'frame.interface_name', 'frame.comment');
      t.is(packets.length, cited.size);
      const times = packets.map(([time]) => Number(time));
      t.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
      t.true(
        packets.every(([, , comment]) => comment !== ''),
        'each packet has a comment',
      );
      const nodes = new Set(packets.map(([, device]) => device!.split(':')[0]));
      for (const { id, path: steps } of analysis.attempts) {
        if (finding.attempts.includes(id)) for (const { node } of steps) t.true(nodes.has(node), node);
      }
      t.notRegex(execFileSync('capinfos', [path], { encoding: 'utf8' }), /Strict time order: +False/);
      const text = readFileSync(join(directory, `${finding.id}-${finding.cause}.txt`), 'utf8');
      for (const { text: said } of finding.evidence) t.true(text.includes(said), said);
      if (finding.fix) for (const { command } of finding.fix.commands) t.true(text.includes(command));
    }
  });
}

test('the octets are those of the captures', async (t) => {
  const { bundles, analysis } = await analyzed('rp-filter-strict');
  const { directory } = await written(t, analysis, bundles);
  const root = scratch(t);
  for (const bundle of bundles) execFileSync('tar', ['-xf', bundle, '-C', root]);
  const original = new Set(
    ['node1', 'node2'].flatMap((node) =>
      packetsOf(join(root, node, 'any.pcap'), 'ip.id', 'tcp.seq_raw', 'sll.ifindex', 'frame.len').map(String),
    ),
  );
  const [name] = readdirSync(directory).filter((file) => file.endsWith('.pcapng'));
  const here = packetsOf(join(directory, name!), 'ip.id', 'tcp.seq_raw', 'sll.ifindex', 'frame.len');
  for (const packet of here) t.true(original.has(String(packet)), String(packet));
});

test('times are by one clock, whatever the nodes had', async (t) => {
  const root = scratch(t);
  const [first, second] = bundlesIn(fixture('rp-filter-strict'));
  execFileSync('tar', ['-xf', second!, '-C', root]);
  const [skewed] = readdirSync(root);
  skewBundle(join(root, skewed!), 37_000_000_000n, 40);
  const inputs = [first!, join(root, skewed!)];
  const options = { vips: [], keepGoing: false, attempts: 'all', warn: () => {} } as const;
  const analysis = await analyze(inputs, options);
  const { directory } = await written(t, analysis, inputs);
  const [name] = readdirSync(directory).filter((file) => file.endsWith('.pcapng'));
  const times = packetsOf(join(directory, name!), 'frame.time_relative').map(([time]) => Number(time));
  t.true(Math.max(...times) < 30, `the nodes' packets are ${Math.max(...times)} s apart`);
});

test('analyze --evidence: into an empty directory alone; what cannot be read again is said', async (t) => {
  const bundles = bundlesIn(fixture('rp-filter-strict'));
  const directory = join(scratch(t), 'evidence');
  const first = await returnpath(['analyze', ...bundles, '--evidence', directory, '--format', 'json']);
  t.is(first.status, 1);
  t.deepEqual(readdirSync(directory), ['f1-rp-filter.pcapng', 'f1-rp-filter.txt']);
  // Packets and logs are for their owner alone.
  for (const name of readdirSync(directory)) t.is(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  const again = await returnpath(['analyze', ...bundles, '--evidence', directory]);
  t.is(again.status, 2);
  t.is(again.stderr, `returnpath: --evidence ${directory}: is not empty; name another directory\n`);
  const nowhere = await returnpath(['analyze', ...bundles, '--evidence', join(directory, 'no/such')]);
  t.is(nowhere.status, 2);
  t.regex(nowhere.stderr, /^returnpath: --evidence .*: cannot be made: .*\n$/);
  t.false(existsSync(join(directory, 'no')));
});

test('analyze --evidence: of a file that finds no room, no part is left', async (t) => {
  const bundles = bundlesIn(fixture('rp-filter-strict')).join(' ');
  const directory = join(scratch(t), 'evidence');
  // Files of a block at the most, and what is printed goes to a pipe.
  const program = `ulimit -f 1; '${process.execPath}' bin/returnpath.js analyze ${bundles} --evidence '${directory}' | cat`;
  const { stderr } = spawnSync('sh', ['-c', program], { cwd: ROOT, encoding: 'utf8' });
  t.regex(stderr, /^returnpath: .*f1-rp-filter\.pcapng: cannot be written: .*\n$/);
  t.deepEqual(readdirSync(directory), []);
});

test('hostile text in a log or a name steers nothing', async (t) => {
  const { bundles, analysis } = await analyzed('rp-filter-strict');
  const hostile = '\u001b[31m\u202eevil\n- node9: forged';
  const [finding] = analysis.findings;
  const forged = { ...finding!.evidence[0]!, text: hostile };
  const changed = { ...analysis, findings: [{ ...finding!, evidence: [forged] }] };
  const { directory } = await written(t, changed, bundles);
  const text = readFileSync(join(directory, 'f1-rp-filter.txt'), 'utf8');
  t.false(text.includes('\u001b') || text.includes('\u202e'));
  t.notRegex(text, /^- node9/m);
});

test('no finding, no file', async (t) => {
  const { bundles, analysis } = await analyzed('healthy-no-masquerade');
  mkdirSync(join(scratch(t), 'x'));
  const { directory } = await written(t, { ...analysis, findings: [] }, bundles);
  t.deepEqual(readdirSync(directory), []);
});

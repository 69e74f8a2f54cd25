import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test, { type ExecutionContext } from 'ava';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';
import { analyzeJson, returnpath } from './run.js';

const STRICT = bundlesIn(fixture('rp-filter-strict'));
const HEALTHY = bundlesIn(fixture('healthy-masquerade'));

/** One line on standard error, nothing on standard output, status 2. */
async function assertRefused(t: ExecutionContext, args: string[], words: RegExp): Promise<void> {
  const { status, stdout, stderr } = await returnpath(args);
  t.is(status, 2);
  t.is(stdout, '');
  t.regex(stderr, words);
  t.is(stderr.split('\n').length, 2, 'one line');
}

test('the job of the README: where the SYN was lost, why, the proof, and what to do', async (t) => {
  const { status, stdout } = await returnpath(['analyze', ...STRICT, '--vip', '192.168.1.100']);
  t.is(status, 1);
  t.regex(stdout, /^FAULT +rp-filter \(confirmed\): node2/);
  t.regex(stdout, /Last seen +SYN .* on node2 flannel\.1/);
  t.regex(stdout, /martian source/);
  t.regex(stdout, /IP_RPFILTER/);
  t.regex(stdout, /TcpExtIPReversePathFilter rose by 16/);
  t.regex(stdout, /net\.ipv4\.conf\.flannel\/1\.rp_filter = 1/);
  t.regex(stdout, /eth0\s+via 192\.168\.1\.1/);
  t.regex(stdout, /^ *sysctl -w net\.ipv4\.conf\.flannel\/1\.rp_filter=2$/m);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that there is none is what is tested
  t.notRegex(stdout, /\x1b/, 'plain when piped');
  for (const line of stdout.split('\n')) t.true(line.length <= 80 || /sysctl|echo|ip r/.test(line), line);
});

test('colours: by FORCE_COLOR, and never against NO_COLOR', async (t) => {
  const forced = await returnpath(['analyze', ...STRICT], { env: { FORCE_COLOR: '1' } });
  t.true(forced.stdout.includes('\x1b['));
  const both = await returnpath(['analyze', ...STRICT], { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
  t.false(both.stdout.includes('\x1b['));
});

test('a healthy capture: nothing at fault, status 0', async (t) => {
  const { status, stdout } = await returnpath(['analyze', ...HEALTHY]);
  t.is(status, 0);
  t.regex(stdout, /^OK +No fault found/);
});

test('the JSON is by the schema that is shipped', async (t) => {
  const schema = await returnpath(['schema']);
  t.is(schema.status, 0);
  const validate = new Ajv2020({ strict: false }).compile(JSON.parse(schema.stdout));
  for (const bundles of [STRICT, HEALTHY, bundlesIn(fixture('refused-backend'))]) {
    const { analysis } = await analyzeJson(bundles);
    t.true(validate(analysis), JSON.stringify(validate.errors));
  }
});

test('a directory of bundles is the same as the bundles', async (t) => {
  const one = await analyzeJson([fixture('rp-filter-strict')]);
  const two = await analyzeJson(STRICT);
  t.deepEqual(one.analysis.totals, two.analysis.totals);
  t.deepEqual(
    one.analysis.inputs.map((i) => [i.node, i.packets]),
    two.analysis.inputs.map((i) => [i.node, i.packets]),
  );
});

test('an analysis is no input: what it is, and which command reads it', async (t) => {
  const file = join(scratch(t), 'analysis.json');
  await writeFile(file, (await returnpath(['analyze', ...STRICT, '--format', 'json'])).stdout);
  for (const args of [
    ['analyze'],
    ['predict', '--vip', '10.0.0.1'],
    ['merge', '-o', '-'],
    ['route', '--to', '10.0.0.1'],
  ])
    await assertRefused(t, [...args, file], /analysis\.json: is an analysis, .* returnpath report/);
  t.is((await returnpath(['report', file])).status, 1);
});

test('one input by its whole path, another from the working directory on', async (t) => {
  const { status, stdout } = await returnpath(['analyze', STRICT[0]!, relative(ROOT, STRICT[1]!)]);
  t.is(status, 1);
  t.regex(stdout, /^FAULT +rp-filter/);
  t.notRegex(stdout, /Files are below/);
});

test('standard input, alone and with a node name', async (t) => {
  const input = await readFile(STRICT[1]!);
  for (const [name, node] of [
    ['-', 'node2'],
    ['other=-', 'other'],
  ]) {
    const { status, stdout } = await returnpath(['analyze', name!, '--format', 'json'], { input });
    t.is(status, 1);
    t.is(JSON.parse(stdout).inputs[0].node, node);
    t.is(JSON.parse(stdout).findings[0].cause, 'rp-filter');
  }
});

test('without the node that dropped: undetermined, and what to capture where', async (t) => {
  const { status, analysis } = await analyzeJson([STRICT[0]!, '--vip', '192.168.1.100']);
  t.is(status, 1);
  t.deepEqual(
    analysis.findings.map((f) => [f.cause, f.node, f.interface]),
    [['undetermined', 'node1', 'eth0']],
  );
  t.is(analysis.gaps.length, 1);
  t.regex(analysis.gaps[0]!.why, /192\.168\.1\.12/);
  t.regex(
    analysis.gaps[0]!.capture!,
    /^npx returnpath collect-script .* udp port 8472 .*\| ssh 192\.168\.1\.12 /,
  );
});

test("with the pod's node alone: the drop is found, and whose VIP it was", async (t) => {
  const { analysis } = await analyzeJson([STRICT[1]!, '--vip', '192.168.1.100']);
  t.deepEqual(
    analysis.findings.map((f) => [f.cause, f.confidence, f.node, f.interface, f.vip]),
    [['rp-filter', 'confirmed', 'node2', 'flannel.1', '192.168.1.100']],
  );
});

test('captures with no snapshot accuse nobody', async (t) => {
  const directory = scratch(t);
  const { execFileSync } = await import('node:child_process');
  for (const node of ['node1', 'node2']) {
    const pcap = execFileSync('tar', [
      '-xOf',
      fixture('rp-filter-strict', `${node}.tar.gz`),
      `${node}/any.pcap`,
    ]);
    await writeFile(join(directory, `${node}.pcap`), pcap);
  }
  const { analysis } = await analyzeJson([join(directory, 'node1.pcap'), join(directory, 'node2.pcap')]);
  t.deepEqual(
    analysis.inputs.map((i) => i.node),
    ['node1', 'node2'],
  );
  t.deepEqual(
    analysis.findings.map((f) => [f.cause, f.node]),
    [['undetermined', 'node2']],
  );
  t.regex(analysis.gaps[0]!.why, /sysctl\.txt/);
});

test('a capture that is cut off: its whole packets, and truncated', async (t) => {
  const directory = scratch(t);
  const { execFileSync } = await import('node:child_process');
  const pcap = execFileSync('tar', ['-xOf', STRICT[1]!, 'node2/any.pcap']);
  await writeFile(join(directory, 'cut.pcap'), pcap.subarray(0, 2001));
  const { analysis } = await analyzeJson([`node2=${join(directory, 'cut.pcap')}`]);
  t.true(analysis.inputs[0]!.truncated);
  t.true(analysis.inputs[0]!.packets > 5);
});

test('an archive that is cut off: a caution before all, what was read of it, and what its node lacks', async (t) => {
  const file = join(scratch(t), 'node2.tar');
  // The sysctls are its last file, and by far its largest.
  await writeFile(file, gunzipSync(await readFile(STRICT[1]!)).subarray(0, -20_000));
  const args = [STRICT[0]!, file, '--vip', '192.168.1.100'];
  const { analysis, stderr } = await analyzeJson(args);
  t.regex(stderr, /node2\.tar: is cut off within node2\/sysctl\.txt, which was not read: \d+ files before/);
  const gaps = analysis.gaps.filter((gap) => gap.cutOff);
  t.deepEqual(
    gaps.map(({ node }) => node),
    ['node2'],
  );
  t.regex(gaps[0]!.why, /of node2, there is no sysctl\.txt \(rp_filter, .*; copy the archive again/);
  t.false(analysis.gaps.some(({ why }) => /passed over/.test(why)));
  const report = await returnpath(['analyze', ...args]);
  t.regex(report.stdout, /^FAULT .*\nCAUTION +The archive of node2 is cut off.*\nFAULT 1 of 1/s);
  const prediction = await returnpath(['predict', ...args]);
  t.regex(prediction.stdout, /^CAUTION +The archive of node2 is cut off/m);
  t.notRegex((await returnpath(['analyze', ...STRICT])).stdout, /CAUTION/);
});

test('an archive that is cut off within its capture, and before its first file', async (t) => {
  const file = join(scratch(t), 'node2.tar.gz');
  const whole = await readFile(STRICT[1]!);
  await writeFile(file, whole.subarray(0, 700));
  const { analysis } = await analyzeJson([file]);
  t.true(analysis.inputs[0]!.truncated);
  t.regex(analysis.gaps.at(-1)!.why, /cut off within node2\/any\.pcap, which was read up to there: 0 files/);
  await writeFile(file, whole.subarray(0, 30));
  await assertRefused(t, ['analyze', file], /cut off/);
});

test('damage: one line with file, place and cause; --keep-going uses the rest', async (t) => {
  const directory = scratch(t);
  const file = join(directory, 'bad.pcap');
  const { execFileSync } = await import('node:child_process');
  const pcap = execFileSync('tar', ['-xOf', STRICT[1]!, 'node2/any.pcap']);
  const bad = Buffer.from(pcap);
  // The captured length of the second packet.
  bad.writeUInt32LE(0x7fffffff, 24 + 16 + bad.readUInt32LE(24 + 8) + 8);
  await writeFile(file, bad);
  await assertRefused(t, ['analyze', file], /bad\.pcap: at octet \d+: /);
  const { analysis } = await analyzeJson([file, STRICT[0]!, '--keep-going']);
  t.is(analysis.inputs[0]!.packets, 1);
  t.regex(analysis.inputs[0]!.error!, /at octet/);
  t.is(analysis.inputs[1]!.packets, 62);
  t.true(analysis.gaps.some((gap) => /bad\.pcap/.test(gap.why)));
});

test('--keep-going passes over what is no input at all, and fails where nothing is left', async (t) => {
  const { analysis } = await analyzeJson(['/nonexistent.pcap', STRICT[1]!, '--keep-going']);
  t.is(analysis.inputs.length, 1);
  t.true(analysis.gaps.some((gap) => /nonexistent/.test(gap.why)));
  await assertRefused(t, ['analyze', '/nonexistent.pcap', '--keep-going'], /nonexistent\.pcap: no such file/);
});

test('--max-attempts that is reached is told in the verdict', async (t) => {
  const { status, stdout } = await returnpath(['analyze', ...HEALTHY, '--max-attempts', '1']);
  t.is(status, 0);
  t.regex(stdout.split('\n\n', 1)[0]!.replace(/\s+/g, ' '), /^UNCLEAR .*not all connections were followed/);
  t.notRegex(stdout, /^OK/m);
});

const REFUSED: [args: string[], words: RegExp][] = [
  [[], /name a command/],
  [['frobnicate'], /frobnicate/],
  [['analyze'], /--help/],
  [['analyze', '/nonexistent.pcap'], /\/nonexistent\.pcap: no such file/],
  [['analyze', join(ROOT, 'package.json')], /package\.json: is text/],
  [['analyze', STRICT[0]!, '--nonsense'], /nonsense/],
  [['analyze', STRICT[0]!, '--vip', 'banana'], /--vip banana/],
  [['analyze', STRICT[0]!, '--format', 'xml'], /format/],
  [['analyze', STRICT[0]!, '--threads', 'many'], /--threads/],
  [['analyze', STRICT[0]!, '--threads', '-1'], /--threads -1/],
  [['analyze', '=x.pcap'], /NODE=PATH/],
  [['analyze', STRICT[0]!, ''], /an input is empty/],
];

for (const [args, words] of REFUSED) {
  test(`refused in one line: returnpath ${args.map((a) => a.replace(ROOT, '')).join(' ')}`, (t) =>
    assertRefused(t, args, words));
}

test('a name that is not in UTF-8 is found nowhere: what to do about it is said', async (t) => {
  const directory = scratch(t);
  const name = Buffer.concat([
    Buffer.from(join(directory, 'caf')),
    Buffer.from([0xe9]),
    Buffer.from('.pcap'),
  ]);
  await writeFile(name, '');
  for (const command of ['analyze', 'merge']) {
    const rest = command === 'merge' ? ['-o', join(directory, 'both.pcapng')] : [];
    await assertRefused(
      t,
      [command, directory, ...rest],
      /no such file; if its name is not in UTF-8, rename it/,
    );
  }
});

test('a name with terminal escapes in it cannot do anything', async (t) => {
  const { stderr, status } = await returnpath(['analyze', '/no\x1b[2Jsuch\nfile']);
  t.is(status, 2);
  t.false(stderr.includes('\x1b'));
  t.is(stderr.split('\n').length, 2);
});

test('--help shows examples, --version the version', async (t) => {
  const help = await returnpath(['analyze', '--help']);
  t.is(help.status, 0);
  t.regex(help.stdout, /Examples:/);
  const version = await returnpath(['--version']);
  t.is(version.stdout.trim(), JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')).version);
});

test('captures of one node that were cut off before any payload are analyzed as far as they go', async (t) => {
  const { status, stdout, stderr } = await returnpath(['analyze', fixture('decode'), '--format', 'json']);
  t.is(status, 1, stderr);
  const { gaps } = JSON.parse(stdout) as { gaps: { capture: string | null }[] };
  t.true(gaps.length > 0);
  // Its captures hold the same packets: no command mends that.
  for (const { capture } of gaps) if (capture !== null) t.notRegex(capture, /null|undefined/);
});

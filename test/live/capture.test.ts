/** Nodes that are recorded one by one, side by side: what is found in their bundles, and what the bundles are. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { testInNamespaces } from '../gates.js';
import { buildSite } from '../lab/build.js';
import { Ground } from '../lab/ground.js';
import { runClient } from '../lab/record.js';
import { expectations, nodesOf } from '../lab/scenario.js';
import { scratch } from '../scratch.js';
import { CaptureRun, captureArgv } from './capture-run.js';
import { found, scenarioNamed } from './found.js';
import { leftovers } from './leftovers.js';

const test = testInNamespaces('tcpdump', 'nft', 'nstat', 'sysctl', 'tar');

/** A scenario whose nodes are recorded each by itself, to the archives that come of it. */
async function record(
  t: ExecutionContext,
  name: string,
  flags: readonly string[],
): Promise<{ analysis: Analysis; causes: string[]; archives: string[]; messages: string[] }> {
  t.timeout(120_000);
  const scenario = scenarioNamed(name);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  const site = await buildSite(ground, scenario);
  const nodes = nodesOf(scenario);
  for (const node of nodes) await ground.sysctl(node, { 'net.ipv4.conf.all.log_martians': 0 });
  const left = await leftovers(ground, nodes);
  const out = scratch(t);
  const runs = nodes.map((node) => {
    const argv = captureArgv('--node', node, '--duration', '0', '--out', out, ...flags);
    return new CaptureRun(ground.namespace(node), argv);
  });
  t.teardown(() => Promise.all(runs.map((run) => run.end('SIGKILL'))));
  for (const run of runs) await run.capturing();
  await site.announce();
  await runClient(ground, site, scenario);
  await ground.sleep(1000);
  const ends = await Promise.all(runs.map((run) => run.end()));
  const messages = ends.flatMap((end) => end.messages);
  const archives = nodes.map((node) => join(out, `${node}.tar.gz`));
  for (const [i, { status, stdout }] of ends.entries()) {
    t.is(status, 0, messages.join('\n'));
    t.is(stdout, `${archives[i]}\n`);
  }
  t.deepEqual(readdirSync(out).sort(), nodes.map((node) => `${node}.tar.gz`).sort());
  t.deepEqual(await leftovers(ground, nodes), left);
  const vips = [scenario.ground.vip];
  const options = { vips, keepGoing: false, attempts: 'default', warn: () => {} } as const;
  const analysis = await analyze(archives, options);
  return { analysis, archives, messages, causes: expectations(scenario).map(({ cause }) => cause) };
}

function contents(archive: string): string[] {
  const names = execFileSync('tar', ['-tzf', archive], { encoding: 'utf8' }).trim().split('\n');
  return names.map((name) => name.replace(/^[^/]*\//, '')).filter((name) => name !== '');
}

test('rp-filter-strict, by tcpdump with the kernel log: confirmed, what is changed is said, and put back', async (t) => {
  const { analysis, causes, messages } = await record(t, 'rp-filter-strict', [
    '--log-martians',
    '--drop-reasons',
    '--vip',
    scenarioNamed('rp-filter-strict').ground.vip,
  ]);
  t.deepEqual(
    found(analysis).map((text) => text.split(' ')[0]),
    causes,
  );
  t.is(analysis.findings[0]!.confidence, 'confirmed');
  const said = messages.filter(
    (line) => line === 'net.ipv4.conf.all.log_martians was 0, is 1 until this ends',
  );
  t.is(said.length, 2);
  t.is(
    messages.filter((line) => /^the event skb:kfree_skb is traced|tells no drop reasons/.test(line)).length,
    2,
  );
  t.true(analysis.inputs.every(({ dropped }) => dropped === 0));
});

test('rp-filter-strict, by libpcap: the same finding, and a gap that says what it lacks', async (t) => {
  const { analysis, causes, archives } = await record(t, 'rp-filter-strict', ['--engine', 'cap']);
  t.deepEqual(
    found(analysis).map((text) => text.split(' ')[0]),
    causes,
  );
  t.true(analysis.inputs.every(({ dropped }) => dropped === null));
  t.true(
    analysis.gaps.some(({ why }) => /libpcap|\bcap\b/.test(why)),
    JSON.stringify(analysis.gaps),
  );
  t.true(contents(archives[0]!).includes('eth0.pcap'), 'a file an interface');
});

test('healthy-no-masquerade, by either engine: nothing at fault', async (t) => {
  for (const engine of ['tcpdump', 'cap']) {
    const { analysis } = await record(t, 'healthy-no-masquerade', ['--engine', engine]);
    t.deepEqual(found(analysis), []);
    t.true(analysis.totals[0]!.outcomes.established > 0);
  }
});

/** Two nodes that see each other. */
async function pair(t: ExecutionContext): Promise<Ground> {
  t.timeout(120_000);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  for (const name of ['n1', 'n2']) await ground.add(name);
  for (const [device, net] of [
    ['eth0', '10.8.0'],
    ['eth1', '10.8.1'],
  ]) {
    await ground.join(['n1', device!, `${net}.1`], ['n2', device!, `${net}.2`]);
    await ground.ip('n1', [`addr add ${net}.1/24 dev ${device}`]);
    await ground.ip('n2', [`addr add ${net}.2/24 dev ${device}`]);
  }
  return ground;
}

function start(t: ExecutionContext, ground: Ground, ...args: string[]): CaptureRun {
  const run = new CaptureRun(ground.namespace('n1'), captureArgv('--node', 'n1', '--duration', '0', ...args));
  t.teardown(() => run.end('SIGKILL'));
  return run;
}

for (const engine of ['tcpdump', 'cap']) {
  test(`several interfaces, by ${engine}: a file each`, async (t) => {
    const ground = await pair(t);
    const out = scratch(t);
    const run = start(t, ground, '--engine', engine, '-i', 'eth0', '-i', 'eth1', '--out', out);
    await run.capturing();
    await sleep(500);
    await ground.run('n1', ['ping', '-c', '3', '-i', '0.2', '10.8.0.2']);
    await ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '10.8.1.2']);
    await sleep(1200);
    const { status, messages } = await run.end();
    t.is(status, 0, messages.join('\n'));
    const names = contents(join(out, 'n1.tar.gz')).filter((name) => name.endsWith('.pcap'));
    t.deepEqual(names.sort(), ['eth0.pcap', 'eth1.pcap']);
    const { inputs } = await analyze([join(out, 'n1.tar.gz')], {
      vips: [],
      keepGoing: false,
      attempts: 'all',
      warn: () => {},
    });
    const packets = Object.fromEntries(
      inputs.map(({ file, packets }) => [file.replace(/.*\//, ''), packets]),
    );
    t.true(packets['eth0.pcap']! >= 6 && packets['eth1.pcap']! >= 4, JSON.stringify(packets));
  });

  test(`rotation, by ${engine}: the newest files are kept, and read in their order`, async (t) => {
    const ground = await pair(t);
    const out = scratch(t);
    const flags = ['--rotate-mb', '1', '--keep-files', '2', '--snaplen', '65536', '-i', 'eth0'];
    const run = start(t, ground, '--engine', engine, ...flags, '--out', out);
    await run.capturing();
    await sleep(500);
    // Each is 8 kB and its answer, in fragments; 5 MB of them.
    await ground.run('n1', ['ping', '-q', '-c', '320', '-i', '0.002', '-s', '8000', '10.8.0.2']);
    await sleep(1500);
    const { status, messages } = await run.end();
    t.is(status, 0, messages.join('\n'));
    const archive = join(out, 'n1.tar.gz');
    const files = contents(archive).filter((name) => /\.pcap\d*$/.test(name));
    t.is(files.length, 2, files.join());
    const { inputs, attempts } = await analyze([archive], {
      vips: [],
      keepGoing: false,
      attempts: 'all',
      warn: () => {},
    });
    t.is(inputs.length, 2);
    t.true(inputs.every(({ bytes, truncated }) => bytes > 0 && bytes < 1_100_000 && !truncated));
    t.true(attempts.length > 0);
  });
}

test('the directory can be read at any time, and is whole without its archive', async (t) => {
  const ground = await pair(t);
  const out = scratch(t);
  const run = start(t, ground, '--out', out);
  await run.capturing();
  await ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '10.8.0.2']);
  await sleep(2000); // libpcap hands over each second
  const [work] = readdirSync(out);
  const options = { vips: [], keepGoing: false, attempts: 'all', warn: () => {} } as const;
  const meanwhile = await analyze([join(out, work!, 'n1')], options);
  t.is(meanwhile.totals[0]!.outcomes.established, 2);
  t.true(
    meanwhile.gaps.some(({ why }) => /was broken off before its end/.test(why)),
    JSON.stringify(meanwhile.gaps),
  );
  await run.end();
  t.false(existsSync(join(out, work!)));
  const after = await analyze([join(out, 'n1.tar.gz')], options);
  t.is(after.totals[0]!.outcomes.established, 2);
});

test('a name with spaces, quotes and other scripts', async (t) => {
  const ground = await pair(t);
  const out = join(scratch(t), 'a directory; $(touch x)');
  mkdirSync(out);
  const name = `it's "n1" 節 $HOME`;
  const run = new CaptureRun(
    ground.namespace('n1'),
    captureArgv('--node', name, '--duration', '1', '--out', out),
  );
  const { status, stdout, messages } = await run.ended();
  t.is(status, 0, messages.join('\n'));
  t.is(stdout, `${join(out, `${name}.tar.gz`)}\n`);
  const { inputs } = await analyze([join(out, `${name}.tar.gz`)], {
    vips: [],
    keepGoing: false,
    attempts: 'none',
    warn: () => {},
  });
  t.is(inputs[0]!.node, name);
});

/** The script for nodes without Node.js: under each shell it makes the bundle that `capture` makes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { returnpath } from '../cli/run.js';
import { testInNamespaces, testWith } from '../gates.js';
import type { Ground } from '../lab/ground.js';
import { scratch } from '../scratch.js';
import { CaptureRun, captureArgv } from './capture-run.js';
import { leftovers } from './leftovers.js';
import { twoNodes } from './two-nodes.js';

const test = testInNamespaces(
  'tcpdump',
  'nft',
  'nstat',
  'sysctl',
  'iptables-save',
  'conntrack',
  'ping',
  'bash',
);
const testShells = testInNamespaces('tcpdump', 'nft', 'nstat', 'conntrack', 'dash', 'busybox', 'bash');

testWith('shellcheck')('shellcheck finds nothing in it', async (t) => {
  const { stdout } = await returnpath(['collect-script', '--vip', '192.168.1.100', '--log-martians']);
  const file = join(scratch(t), 'collect.sh');
  writeFileSync(file, stdout);
  t.notThrows(() => execFileSync('shellcheck', ['-s', 'sh', '-S', 'warning', file], { encoding: 'utf8' }));
});

/** Two nodes that see each other. */
async function pair(t: ExecutionContext): Promise<Ground> {
  const ground = await twoNodes(t);
  await ground.sysctl('n1', { 'net.ipv4.conf.all.log_martians': 0 });
  return ground;
}

async function scriptOf(t: ExecutionContext, ...flags: string[]): Promise<string> {
  const { status, stdout, stderr } = await returnpath(['collect-script', ...flags]);
  t.is(status, 0, stderr);
  return stdout;
}

/** Unpacks an archive. @returns its files by their names */
function unpack(t: ExecutionContext, archive: string): Map<string, string> {
  const into = scratch(t);
  execFileSync('tar', ['-xzf', archive, '-C', into]);
  const [node] = readdirSync(into);
  const files = readdirSync(join(into, node!));
  return new Map(files.map((name) => [name, readFileSync(join(into, node!, name), 'latin1')]));
}

/** What is the same of two recordings of one node: not its times, counters, packets and caches. */
function steady(files: Map<string, string>): Map<string, string> {
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(
    sorted.map(([name, text]) => {
      if (name.startsWith('nstat-')) return [name, Object.keys(JSON.parse(text).kernel).join(' ')];
      if (name === 'sysctl.txt') return [name, text.replace(/ = .*/g, '')];
      if (name === 'node.json') return [name, text.replace(/"(started|ended)":"[^"]*"/g, '"$1"')];
      if (name === 'any.pcap') return [name, text.slice(0, 24)];
      // The ring goes on while they run.
      if (name === 'kernel.log') return [name, String(/^\[ *\d+\.\d+\] /.test(text))];
      if (name === 'clock.txt') return [name, text.replace(/\d+/g, 'N')];
      if (name === 'any.tcpdump.log') return [name, text.split('\n').slice(0, 2).join('\n')];
      if (name === 'ip-neigh.json') return [name, String(JSON.parse(text).length)];
      return [name, text.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '')];
    }),
  );
}

testShells('dash, busybox sh and bash: the files of capture, with the same content', async (t) => {
  const ground = await pair(t);
  await ground.run('n1', ['nft', 'add table ip t; add chain ip t c { type filter hook input priority 0; }']);
  await ground.run('n1', ['ping', '-c', '1', '10.8.0.2']);
  const out = scratch(t);
  const namespace = ground.namespace('n1');
  const own = new CaptureRun(namespace, captureArgv('--node', 'n1', '--duration', '2', '--out', out));
  t.is((await own.ended()).status, 0);
  const expected = steady(unpack(t, join(out, 'n1.tar.gz')));
  t.true(expected.size >= 18, [...expected.keys()].join());
  const script = join(scratch(t), 'collect.sh');
  writeFileSync(script, await scriptOf(t));
  for (const shell of [['dash'], ['busybox', 'sh'], ['bash', '--posix'], ['bash']]) {
    const to = scratch(t);
    const run = new CaptureRun(namespace, [...shell, script, '-n', 'n1', '-t', '2', '-o', to]);
    const { status, stdout, messages } = await run.ended();
    t.is(status, 0, messages.join('\n'));
    t.is(stdout, `${join(to, 'n1.tar.gz')}\n`);
    t.deepEqual(steady(unpack(t, join(to, 'n1.tar.gz'))), expected, shell.join(' '));
  }
});

testShells(
  'whoever would be told is gone, as with a terminal that was closed: the archive is whole, and so is the status',
  async (t) => {
    const ground = await pair(t);
    const script = join(scratch(t), 'collect.sh');
    writeFileSync(script, await scriptOf(t));
    for (const shell of ['dash', 'busybox sh', 'bash']) {
      const to = scratch(t);
      // An earlier one, of which there is something to tell.
      writeFileSync(join(to, 'n1.tar.gz'), 'earlier');
      const line = `${shell} ${script} -n n1 -t 1 -o ${to} >/dev/full 2>/dev/full`;
      const { status } = await new CaptureRun(ground.namespace('n1'), ['sh', '-c', line]).ended();
      t.is(status, 0, shell);
      t.true(unpack(t, join(to, 'n1.tar.gz')).has('ip-rule6.json'), shell);
      t.is(readFileSync(join(to, 'n1.tar.gz.~1~'), 'utf8'), 'earlier');
    }
  },
);

testShells('from standard input, as over ssh', async (t) => {
  const ground = await pair(t);
  const input = await scriptOf(t);
  for (const shell of [['dash'], ['busybox', 'sh'], ['bash']]) {
    const out = scratch(t);
    const argv = [...shell, '-s', '--', '-n', 'x', '-t', '2', '-o', out];
    const { status, stdout, messages } = await new CaptureRun(ground.namespace('n1'), argv, {
      input,
    }).ended();
    t.is(status, 0, messages.join('\n'));
    t.is(stdout, `${join(out, 'x.tar.gz')}\n`);
    t.true(unpack(t, join(out, 'x.tar.gz')).has('ip-rule6.json'));
    // What comes of a connection that is cut does nothing.
    const half = input.slice(0, Math.floor(input.length * 0.97));
    const none = scratch(t);
    const cut = [...shell, '-s', '--', '-n', 'x', '-t', '2', '-o', none];
    const ended = await new CaptureRun(ground.namespace('n1'), cut, { input: half }).ended();
    t.is(ended.stdout, '');
    t.deepEqual(readdirSync(none), []);
  }
});

testShells('a filter is taken as it is, with the strokes before its keywords', async (t) => {
  const ground = await pair(t);
  const input = await scriptOf(t);
  for (const shell of [['dash'], ['busybox', 'sh'], ['bash']]) {
    const filter = ['-f', 'ip proto \\tcp or ip proto \\icmp'];
    const argv = [...shell, '-s', '--', '-n', 'x', '-t', '1', '-o', scratch(t), ...filter];
    const { status, messages } = await new CaptureRun(ground.namespace('n1'), argv, { input }).ended();
    t.is(status, 0, messages.join('\n'));
    t.deepEqual(messages, ['capturing on any; Ctrl-C ends it']);
  }
});

test('its own options', async (t) => {
  const ground = await pair(t);
  const left = await leftovers(ground, ['n1']);
  const out = scratch(t);
  const script = join(scratch(t), 'collect.sh');
  writeFileSync(script, await scriptOf(t));
  const run = (...args: string[]) => new CaptureRun(ground.namespace('n1'), ['sh', script, ...args]);
  const vips = ['-v', '10.8.0.2', '-v', '2001:db8::1'];
  const under = run(
    '-n',
    'a b',
    '-o',
    out,
    '-t',
    '0',
    '-i',
    'eth0',
    ...vips,
    '-s',
    '100',
    '-C',
    '1',
    '-M',
    '-D',
  );
  await under.capturing();
  t.is((await ground.run('n1', ['sysctl', '-n', 'net.ipv4.conf.all.log_martians'])).trim(), '1');
  await ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '-s', '1000', '10.8.0.2']);
  await ground.sleep(1500);
  const { status, stdout, messages } = await under.end();
  t.is(status, 0, messages.join('\n'));
  t.is(stdout, `${join(out, 'a b.tar.gz')}\n`);
  t.true(messages.includes('net.ipv4.conf.all.log_martians was 0, is 1 until this ends'));
  const files = unpack(t, join(out, 'a b.tar.gz'));
  t.true(files.has('eth0.pcap'));
  const [sizes, numbers] = [Buffer.from(files.get('eth0.pcap')!, 'latin1'), new Set<number>()];
  for (let at = 24; at < sizes.length; at += 16 + sizes.readUInt32LE(at + 8))
    numbers.add(sizes.readUInt32LE(at + 8));
  t.is(Math.max(...numbers), 100);
  t.deepEqual(await leftovers(ground, ['n1']), left);
  t.regex((await run('-h').ended()).stdout, /^usage: /);
  for (const [args, line] of [
    [['-x'], /Illegal option|invalid option|illegal option/],
    [['extra'], /^extra: not an option/],
    [['-t', 'soon'], /^-t soon: not a whole number/],
    [['-n', '../x'], /^\.\.\/x: no name for a node/],
    [['-n', '-x'], /^-x: no name for a node/],
    [['-W', '3'], /^-W: say with -C/],
    [['-i', 'eth9', '-o', out], /^eth9: tcpdump: eth9: No such device exists/],
  ] as const) {
    const refused = await run(...args).ended();
    t.is(refused.status, 2, args.join(' '));
    t.true(
      refused.messages.some((message) => line.test(message)),
      refused.messages.join('\n'),
    );
  }
  t.is((await run('-R').ended()).status, 0);
  t.deepEqual(readdirSync(out), ['a b.tar.gz']);
  t.is(statSync(join(out, 'a b.tar.gz')).mode & 0o777, 0o600, "captures are nobody else's");
});

/** Programs of busybox and tcpdump, and nothing else. */
function bareNode(t: ExecutionContext): string {
  const bin = scratch(t);
  execFileSync('busybox', ['--install', '-s', bin]);
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    try {
      statSync(join(directory, 'tcpdump'));
      symlinkSync(join(directory, 'tcpdump'), join(bin, 'tcpdump'));
    } catch {} // elsewhere, or linked already
  }
  return bin;
}

testShells(
  'a node with busybox and tcpdump alone: its text is taken, and what is there without tools',
  async (t) => {
    const ground = await pair(t);
    const out = scratch(t);
    mkdirSync(join(out, 'tmp'));
    const path = bareNode(t);
    const input = await scriptOf(t);
    const argv = ['/bin/busybox', 'sh', '-s', '--', '-n', 'n1', '-t', '0', '-o', out];
    const run = new CaptureRun(ground.namespace('n1'), argv, { path, input });
    t.teardown(() => run.end('SIGKILL'));
    await run.capturing();
    await ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '10.8.0.2']);
    await ground.sleep(1500);
    const { status, messages } = await run.end();
    t.is(status, 0, messages.join('\n'));
    const files = unpack(t, join(out, 'n1.tar.gz'));
    for (const name of [
      'ip-addr.txt',
      'ip-link.txt',
      'ip-route.txt',
      'ip-rule.txt',
      'ip-neigh.txt',
      'sysctl.txt',
    ])
      t.true((files.get(name) ?? '').length > 0, name);
    t.regex(files.get('nstat-after.json')!, /^Ip: Forwarding /);
    const warnings: string[] = [];
    const analysis = await analyze([join(out, 'n1.tar.gz')], {
      vips: [],
      keepGoing: false,
      attempts: 'all',
      warn: (warning) => warnings.push(warning),
    });
    t.is(analysis.totals[0]!.outcomes.established, 2);
    t.is(analysis.inputs[0]!.dropped, 0);
    t.true(
      warnings.every((warning) => /busybox|ip-route6.txt: empty/.test(warning)),
      warnings.join('\n'),
    );
  },
);

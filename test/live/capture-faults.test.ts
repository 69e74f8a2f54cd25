/** What goes wrong while a node is recorded: one clear line, a bundle of what there was, and nothing left behind. */
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { testInNamespaces } from '../gates.js';
import { command, type Ground } from '../lab/ground.js';
import { scratch } from '../scratch.js';
import { ROOT } from '../support.js';
import { CaptureRun, captureArgv, killIfThere } from './capture-run.js';
import { leftovers } from './leftovers.js';
import { analyzed, pidsOf, ping, place, sameAsBefore, start, workOf } from './node-recorded.js';

const test = testInNamespaces('tcpdump', 'nft', 'nstat', 'sysctl', 'ping', 'setpriv', 'mount');

const CHANGES = ['--log-martians', '--drop-reasons'];

async function martians(ground: Ground): Promise<string> {
  return (await ground.run('n1', ['sysctl', '-n', 'net.ipv4.conf.all.log_martians'])).trim();
}

test('the command line is killed: the script ends by itself, and writes the bundle', async (t) => {
  const here = await place(t);
  const run = start(t, here, ...CHANGES);
  await run.capturing();
  t.is(await martians(here.ground), '1');
  await ping(here.ground);
  await run.end('SIGKILL');
  await sameAsBefore(t, here);
  const archive = join(here.out, 'n1.tar.gz');
  t.true(existsSync(archive));
  t.is((await analyzed(archive)).totals[0]!.outcomes.established, 2);
});

test('who listens is killed beside another run: what it says to nobody does not end the script', async (t) => {
  const here = await place(t);
  const beside = start(t, here, '--log-martians', '--node', 'n2');
  await beside.capturing();
  const run = start(t, here, ...CHANGES);
  await run.capturing();
  await ping(here.ground);
  // At its end it says that the other one still has use for log_martians.
  await run.end('SIGKILL');
  const archive = join(here.out, 'n1.tar.gz');
  for (let turn = 0; turn < 100 && !existsSync(archive); turn++) await sleep(200);
  t.true(existsSync(archive));
  const { totals, gaps } = await analyzed(archive);
  t.is(totals[0]!.outcomes.established, 2);
  t.false(gaps.some(({ why }) => /was broken off/.test(why)));
  t.is(await martians(here.ground), '1');
  await beside.end();
  await sameAsBefore(t, here);
});

test('the script is killed: one line, and the directory of what there was', async (t) => {
  const here = await place(t);
  const run = start(t, here, ...CHANGES);
  await run.capturing();
  await ping(here.ground);
  const [shell] = await pidsOf(here.ground, 'sh');
  process.kill(shell!, 'SIGKILL');
  const { status, messages, stdout } = await run.ended();
  t.is(status, 2);
  t.is(stdout, '');
  t.is(messages.at(-1), `the recording was killed; what there is of it lies in ${workOf(here)}`);
  const { totals, gaps } = await analyzed(workOf(here));
  t.is(totals[0]!.outcomes.established, 2);
  t.true(
    gaps.some(({ why }) => /was broken off before its end/.test(why)),
    JSON.stringify(gaps),
  );
  await sameAsBefore(t, here);
});

test('everything is killed: restore puts it back, once', async (t) => {
  const here = await place(t);
  const run = start(t, here, ...CHANGES);
  await run.capturing();
  const busy = new CaptureRun(here.ground.namespace('n1'), restoreArgv());
  t.regex((await busy.ended()).stdout, /^a run is under way \(process \d+\): left alone$/m);
  const elsewhere = await new CaptureRun(null, restoreArgv()).ended();
  t.regex(elsewhere.stdout, /left alone/);
  t.is(await martians(here.ground), '1');
  await killAll(here, run);
  t.is(await martians(here.ground), '1');
  t.notDeepEqual(await leftovers(here.ground, ['n1']), here.before);
  // From the machine's own namespace it is put back in the other one.
  const restored = await new CaptureRun(null, restoreArgv()).ended();
  t.is(restored.status, 0, restored.messages.join('\n'));
  t.regex(
    restored.stdout,
    /^put back: net\.ipv4\.conf\.all\.log_martians is 0 again in another network namespace \(.+\)$/m,
  );
  // Other tests run at the same time.
  for (const line of restored.stdout.trimEnd().split('\n')) t.regex(line, /^put back: |: left alone$/);
  t.is(await martians(here.ground), '0');
  await sameAsBefore(t, here);
  const again = await new CaptureRun(here.ground.namespace('n1'), restoreArgv()).ended();
  t.notRegex(again.stdout, /^put back/m);
  t.true(readdirSync(workOf(here)).includes('any.pcap'));
});

test('everything is killed: the next run knows what log_martians was, and puts it back', async (t) => {
  const here = await place(t);
  const run = start(t, here, '--log-martians');
  await run.capturing();
  await killAll(here, run);
  const next = start(t, here, '--log-martians');
  await next.capturing();
  // What there is of the first is none of its business, as long as it goes on.
  t.is(await martians(here.ground), '1');
  const { messages } = await next.end();
  t.true(
    messages.some((line) => /log_martians is 1 by another run; the last to end sets it to 0/.test(line)),
  );
  t.is(await martians(here.ground), '0');
  const restored = await new CaptureRun(here.ground.namespace('n1'), restoreArgv()).ended();
  t.is(restored.status, 0, restored.messages.join('\n'));
  t.is(await martians(here.ground), '0');
  await sameAsBefore(t, here);
});

/** The command line, the script, and all that would put back what they changed. */
async function killAll({ ground }: { ground: Ground }, run: CaptureRun): Promise<void> {
  run.process.kill('SIGKILL');
  for (const program of ['sh', 'tcpdump', 'dmesg', 'cat']) {
    for (const pid of await pidsOf(ground, program)) killIfThere(pid);
  }
  await run.ended();
}

function restoreArgv(): string[] {
  return [process.execPath, join(ROOT, 'bin/returnpath.js'), 'restore'];
}

test('two runs at once: the first to end leaves on what the other needs, the last switches it off', async (t) => {
  const here = await place(t);
  const first = start(t, here, '--log-martians', '--node', 'a');
  await first.capturing();
  const second = start(t, here, '--log-martians', '--node', 'b');
  await second.capturing();
  t.true(
    second.messages.some((line) =>
      /log_martians is 1 by another run; the last to end sets it to 0/.test(line),
    ),
  );
  await first.end();
  t.is(await martians(here.ground), '1');
  await second.end();
  await sameAsBefore(t, here);
});

test('what was on before stays on', async (t) => {
  const here = await place(t);
  await here.ground.sysctl('n1', { 'net.ipv4.conf.all.log_martians': 1 });
  const run = start(t, here, '--log-martians');
  await run.capturing();
  const { messages } = await run.end();
  t.false(messages.some((line) => line.includes('log_martians')));
  t.is(await martians(here.ground), '1');
});

test('a full disk: said, and the bundle is the directory, cut off where it was full', async (t) => {
  const here = await place(t);
  const disk = join(here.out, 'disk');
  mkdirSync(disk);
  await command(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
  t.teardown(() => command(['umount', '-l', disk]));
  const full = { ...here, out: disk };
  const run = start(t, full, ...CHANGES, '--snaplen', '65536');
  await run.capturing();
  await here.ground.run('n1', ['ping', '-q', '-c', '400', '-i', '0.002', '-s', '8000', '10.8.0.2']);
  // It ends by itself, for tcpdump does.
  const { status, messages, stdout } = await run.ended();
  t.is(status, 0, messages.join('\n'));
  t.true(
    messages.some((line) => /no space is left in .*: the recording is cut off/.test(line)),
    messages.join('\n'),
  );
  t.is(stdout, `${workOf(full)}\n`);
  t.true(
    messages.at(-1)!.startsWith('no archive could be written, the bundle is the directory'),
    messages.join('\n'),
  );
  const { inputs, totals } = await analyzed(workOf(full));
  t.true(inputs[0]!.packets > 100);
  t.true(totals[0]!.outcomes.established > 10);
  await sameAsBefore(t, here);
});

test('a disk that is full from the beginning: that is said, and not what came of it', async (t) => {
  const here = await place(t);
  const disk = join(here.out, 'disk');
  mkdirSync(disk);
  await command(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]);
  t.teardown(() => command(['umount', '-l', disk]));
  t.throws(() => writeFileSync(join(disk, 'rest'), Buffer.alloc(100_000)), { code: 'ENOSPC' });
  const { status, messages } = await start(t, { ...here, out: disk }, ...CHANGES).ended();
  t.is(status, 2);
  t.regex(messages.at(-1)!, /^any: no space is left in /);
  t.deepEqual(readdirSync(disk), ['rest']);
  await sameAsBefore(t, here);
});

/** Directories of the system's programs but some. */
function pathWithout(t: ExecutionContext, ...without: string[]): string {
  const bin = scratch(t);
  for (const from of ['/usr/bin', '/usr/sbin']) {
    for (const name of readdirSync(from)) {
      if (without.includes(name)) continue;
      try {
        symlinkSync(join(from, name), join(bin, name));
      } catch {} // of both
    }
  }
  return bin;
}

const REFUSALS: readonly [what: string, flags: string[], line: RegExp][] = [
  [
    'an interface that is not there',
    ['-i', 'eth7'],
    /^eth7: tcpdump: eth7: No such device exists; there are .*\beth0\b/,
  ],
  [
    'one of two that is not there',
    ['-i', 'eth0', '-i', 'eth7'],
    /^eth7: tcpdump: eth7: No such device exists/,
  ],
  [
    'the same for cap',
    ['-i', 'eth7', '--engine', 'cap'],
    /^eth7: cannot be captured on: No such device exists; there are .*\beth0\b/,
  ],
  [
    'a bad filter',
    ['--filter', 'tcp port http or ('],
    /^any: tcpdump: can't parse filter expression: syntax error/,
  ],
  [
    'the same for cap',
    ['--filter', 'tcp port http or (', '--engine', 'cap'],
    /^\w+: cannot be captured on: .*syntax/,
  ],
  [
    'a filter that looks like an option',
    ['--filter=-w/tmp/x'],
    /^any: tcpdump: can't parse filter expression/,
  ],
];

test('an archive of the same name is kept, and said where', async (t) => {
  const here = await place(t);
  const archive = join(here.out, 'n1.tar.gz');
  for (const [n, content] of ['first', 'second'].entries()) {
    writeFileSync(archive, content);
    const run = start(t, here);
    await run.capturing();
    const { status, stdout, messages } = await run.end();
    t.is(status, 0, messages.join('\n'));
    t.is(stdout, `${archive}\n`);
    const earlier = `${archive}.~${n + 1}~`;
    t.true(messages.includes(`the earlier ${archive} is ${earlier} now`), messages.join('\n'));
    t.is(readFileSync(earlier, 'utf8'), content);
  }
  t.deepEqual(readdirSync(here.out).sort(), ['n1.tar.gz', 'n1.tar.gz.~1~', 'n1.tar.gz.~2~']);
  // Whoever hands the directory on is told of one node once.
  const { inputs } = await analyzed(here.out);
  t.deepEqual(
    inputs.map(({ node }) => node),
    ['n1'],
  );
});

for (const [what, flags, line] of REFUSALS) {
  test(`${what} (${flags.join(' ')}): one line, status 2, and an earlier bundle stays`, async (t) => {
    const here = await place(t);
    const earlier = join(here.out, 'n1.tar.gz');
    writeFileSync(earlier, 'earlier');
    const { status, stdout, messages } = await start(t, here, ...CHANGES, ...flags).ended();
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(messages.at(-1)!, line);
    t.deepEqual(readdirSync(here.out), ['n1.tar.gz']);
    t.is(readFileSync(earlier, 'utf8'), 'earlier');
    await sameAsBefore(t, here);
  });
}

test('not root, no tcpdump, a directory that cannot be written: one line each, status 2', async (t) => {
  const here = await place(t);
  const namespace = here.ground.namespace('n1');
  const expectLine = async (run: CaptureRun, line: string | RegExp) => {
    const { status, stdout, messages } = await run.ended();
    t.is(status, 2, messages.join('\n'));
    t.is(stdout, '');
    t.is(messages.length, 1, messages.join('\n'));
    if (typeof line === 'string') t.is(messages[0], line);
    else t.regex(messages[0]!, line);
  };
  await command(['chmod', '777', here.out]);
  const asNobody = ['setpriv', '--reuid=65534', '--clear-groups'];
  const argv = captureArgv('--duration', '1', '--out', here.out);
  await expectLine(
    new CaptureRun(namespace, [...asNobody, ...argv]),
    'capturing takes root: run this with sudo',
  );
  await expectLine(
    new CaptureRun(namespace, [...asNobody, ...restoreArgv()]),
    'putting back takes root: run this with sudo',
  );
  await expectLine(
    new CaptureRun(namespace, [...argv, '--engine', 'tcpdump'], { path: pathWithout(t, 'tcpdump') }),
    'there is no tcpdump; install it, or take --engine cap',
  );
  const unwritable = captureArgv('--duration', '1', '--out', '/proc/nowhere');
  await expectLine(new CaptureRun(namespace, unwritable), /^\/proc\/nowhere: cannot be written to: /);
  t.deepEqual(readdirSync(here.out), []);
  await sameAsBefore(t, here);
});

test('an interface that goes away meanwhile is said; the others go on', async (t) => {
  const here = await place(t);
  await here.ground.ip('n1', ['link add eth1 type veth peer name eth2', 'link set eth1 up']);
  const run = start(t, here, '-i', 'eth0', '-i', 'eth1');
  await run.capturing();
  await here.ground.ip('n1', ['link del eth1']);
  await run.said(/eth1: tcpdump ended before its time: .*(disappeared|went down|packets)/);
  await ping(here.ground);
  const { status } = await run.end();
  t.is(status, 0);
  const { totals, gaps } = await analyzed(join(here.out, 'n1.tar.gz'));
  t.is(totals[0]!.outcomes.established, 2);
  t.deepEqual(
    gaps.map((gap) => gap.interface),
    ['eth1'],
    JSON.stringify(gaps),
  );
  t.regex(gaps[0]!.why, /^eth1 of n1 was not captured from \S+Z on: tcpdump ended before its time: /);
});

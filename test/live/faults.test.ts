/** What goes wrong in live runs: each is one clear line, and a gap; the others go on; and nothing is left behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { testInNamespaces } from '../gates.js';
import { command, type Ground } from '../lab/ground.js';
import { scratch } from '../scratch.js';
import { ROOT } from '../support.js';
import { killIfThere, PATH } from './capture-run.js';
import { leftovers, read } from './leftovers.js';
import { LiveRun } from './live-run.js';
import { serveSsh } from './ssh-servers.js';
import { twoNodes } from './two-nodes.js';

const test = testInNamespaces('tcpdump', 'ssh', 'ssh-keygen', 'nft', 'nstat', 'ping', 'setpriv', 'script');

interface Pair {
  ground: Ground;
  config: string;
  directory: string;
  before: unknown;
}

/** Two nodes that see each other. */
async function pair(t: ExecutionContext): Promise<Pair> {
  const ground = await twoNodes(t);
  const directory = scratch(t);
  const config = await serveSsh(ground, ['n1', 'n2'], directory);
  return { ground, config, directory, before: await leftovers(ground, ['n1', 'n2']) };
}

function ping(ground: Ground): Promise<string> {
  return ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '-W', '1', '10.8.0.2'], { mayFail: true });
}

/** Ended with the test, whatever becomes of it. */
function start(t: ExecutionContext, ...given: ConstructorParameters<typeof LiveRun>): LiveRun {
  const run = new LiveRun(...given);
  t.teardown(() => run.end('SIGKILL'));
  return run;
}

const CHANGES = ['--duration', '0', '--log-martians', '--drop-reasons'];

/** The processes of a node that are of a program. */
async function pidsOf(ground: Ground, node: string, program: string): Promise<number[]> {
  const pids = (await command(['ip', 'netns', 'pids', ground.namespace(node)])).split('\n').filter(Boolean);
  return pids.filter((pid) => read(`/proc/${pid}/comm`).trim() === program).map(Number);
}

/** The end of what a node's script does by itself takes a few seconds. */
async function sameAsBefore(t: ExecutionContext, { ground, before }: Pair): Promise<void> {
  let now: unknown = null;
  for (let turn = 0; turn < 40; turn++) {
    now = await leftovers(ground, ['n1', 'n2']);
    if (JSON.stringify(now) === JSON.stringify(before)) break;
    await sleep(500);
  }
  t.deepEqual(now, before);
}

test('Ctrl-C at a terminal ends a run with its report, and all is put back', async (t) => {
  const two = await pair(t);
  const temporary = join(two.directory, 'temporary');
  mkdirSync(temporary);
  const program = [process.execPath, join(ROOT, 'bin/returnpath.js'), 'live'];
  const nodes = ['n1', 'n2'].flatMap((node) => ['--node', `${node}=netns://${two.ground.namespace(node)}`]);
  const line = [...program, ...nodes, ...CHANGES].map((word) => `'${word}'`).join(' ');
  // `exec`: dash, where it stays between, ends by the signal itself, whatever its child's status is.
  const run = spawn('script', ['-qec', `exec ${line}`, '/dev/null'], {
    env: { ...process.env, PATH, TMPDIR: temporary, TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let shown = '';
  run.stdout.setEncoding('utf8').on('data', (text) => {
    shown += text;
  });
  const closed = once(run, 'close');
  const isTraced = (node: string) => shown.includes(`${node}: the event skb:kfree_skb is traced`);
  while (!isTraced('n1') || !isTraced('n2')) await once(run.stdout, 'data');
  await sleep(1500);
  await ping(two.ground);
  await sleep(1500);
  run.stdin.write('\x03');
  const [status] = await closed;
  t.is(status, 0, shown);
  t.regex(stripVTControlCharacters(shown), /No fault found: \d+ of \d+/);
  t.regex(shown, /The captures of this run were not kept; live --out DIR keeps/);
  t.false(shown.includes(temporary), 'a directory that is gone by now');
  t.deepEqual(
    readdirSync(temporary).filter((name) => name.startsWith('returnpath-run-')),
    [],
  );
  await sameAsBefore(t, two);
});

test('a terminal that is closed ends a run with its report, and all is put back', async (t) => {
  const two = await pair(t);
  const [temporary, out] = [join(two.directory, 'temporary'), join(two.directory, 'out')];
  mkdirSync(temporary);
  const report = join(two.directory, 'report.json');
  const program = [process.execPath, join(ROOT, 'bin/returnpath.js'), 'live'];
  const node = ['--node', `n1=netns://${two.ground.namespace('n1')}`];
  const kept = ['--out', out, '--format', 'json', '--output', report];
  for (const to of [kept, []]) {
    const status = join(two.directory, `status-${to.length}`);
    const line = [...program, ...node, ...CHANGES, ...to].map((word) => `'${word}'`).join(' ');
    // The shell is told of it, tells the run as an interactive one does, and stays to say how that ended.
    const run = spawn(
      'script',
      ['-qec', `trap 'kill -HUP $!' HUP; ${line} & wait $!; wait $!; echo $? >'${status}'`, '/dev/null'],
      {
        env: { ...process.env, PATH, SHELL: '/bin/sh', TMPDIR: temporary, TERM: 'xterm' },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    let shown = '';
    run.stdout.setEncoding('utf8').on('data', (text) => {
      shown += text;
    });
    while (!shown.includes('n1: the event skb:kfree_skb is traced')) await once(run.stdout, 'data');
    await sleep(1500);
    await ping(two.ground);
    await sleep(1500);
    run.kill('SIGKILL');
    for (let turn = 0; turn < 100 && read(status) === ''; turn++) await sleep(200);
    t.is(read(status), '129\n', 'the signal ended it, and no crash');
    t.deepEqual(
      readdirSync(temporary).filter((name) => name.startsWith('returnpath-run-')),
      [],
    );
    await sameAsBefore(t, two);
  }
  t.is((JSON.parse(read(report)) as Analysis).attempts.length, 2);
  t.true(readdirSync(join(out, 'n1')).includes('nstat-after.json'));
});

test('what is settled by the end alone is told before it', async (t) => {
  const two = await pair(t);
  const node = `n1=netns://${two.ground.namespace('n1')}`;
  const run = start(t, ['--node', node, '--duration', '0']);
  await run.capturing(['n1']);
  await ping(two.ground);
  // Seen by now, also where much else is at work, and not settled yet: what was just seen is still pending.
  await sleep(2000);
  const { analysis } = await run.end();
  const of = (kind: string) => run.events.filter(({ event }) => event === kind).length;
  t.is(analysis!.attempts.length, 2);
  t.deepEqual([of('attempt'), of('finding')], [2, analysis!.findings.length]);
  t.is(run.events.at(-1)!.event, 'end');
  t.is(analysis!.capturesKept, false);
  t.deepEqual(
    analysis!.inputs.map(({ file }) => file),
    ['n1/any.pcap'],
  );
  t.notRegex(JSON.stringify(run.events), /returnpath-run-/);
});

test('who reads the events goes away: nothing is left on the node nor here', async (t) => {
  const two = await pair(t);
  const temporary = join(two.directory, 'temporary');
  mkdirSync(temporary);
  const node = `n1=netns://${two.ground.namespace('n1')}`;
  const args = ['live', '--format', 'ndjson', '--node', node, ...CHANGES];
  const script = '"$@" | head -n 1';
  const run = spawn('sh', ['-c', script, 'sh', process.execPath, join(ROOT, 'bin/returnpath.js'), ...args], {
    env: { ...process.env, PATH, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let seen = '';
  run.stdout.on('data', (text) => {
    seen += text;
  });
  const closed = once(run, 'close');
  let isOver = false;
  closed.then(() => {
    isOver = true;
  });
  // That nobody reads is known by what is written.
  while (!isOver) await ping(two.ground);
  t.regex(seen, /^\{"event":.*\}\n$/);
  t.deepEqual(
    readdirSync(temporary).filter((name) => name.startsWith('returnpath-run-')),
    [],
  );
  await sameAsBefore(t, two);
});

test('a connection that is cut is made again, and the time between is a gap', async (t) => {
  const here = await pair(t);
  const { ground, config, directory } = here;
  const out = join(directory, 'out');
  const nodes = ['n1', 'n2'].flatMap((node) => ['--node', `${node}=ssh://${node}?config=${config}`]);
  const run = start(t, [...nodes, ...CHANGES, '--out', out]);
  await run.capturing(['n1', 'n2']);
  await ping(ground);
  await sleep(1500);
  for (const pid of await pidsOf(ground, 'n2', 'sshd')) killIfThere(pid);
  await run.until('n2 is lost', ({ node, state }) => node === 'n2' && state === 'waiting');
  const lost = run.events.length;
  await run.until(
    'n2 captures again',
    (event) => run.events.indexOf(event) >= lost && event.node === 'n2' && event.state === 'capturing',
  );
  await ping(ground);
  await sleep(1500);
  const { status, analysis } = await run.end();
  t.is(status, 0);
  t.deepEqual(
    readdirSync(join(out, 'n2'))
      .filter((name) => name.endsWith('.pcap'))
      .sort(),
    ['any-part2.pcap', 'any.pcap'],
  );
  const gap = analysis!.gaps.find(
    ({ node, why }) => node === 'n2' && /the connection to n2 was lost/.test(why),
  );
  t.regex(gap?.why ?? '', /was made again at .*: what it saw between is not known/);
  t.is(analysis!.totals[0]!.outcomes.established, 4);
  t.true(run.messages.some((line) => /^returnpath: n2: .*; again in 1 s$/.test(line)));
  await sameAsBefore(t, here);
});

/** A node that is there, and one that is not. */
function oneOfTwo(ground: Ground): string[] {
  return ['--node', `n1=netns://${ground.namespace('n1')}`, '--node', 'gone=netns://no-such-place'];
}

test('a node that cannot be reached, or has no such namespace, is a line and a gap; the others go on', async (t) => {
  const here = await pair(t);
  const run = start(t, [...oneOfTwo(here.ground), ...CHANGES]);
  await run.capturing(['n1']);
  await ping(here.ground);
  await sleep(1500);
  const { status, analysis } = await run.end();
  t.is(status, 0);
  t.is(run.messages.filter((line) => /^returnpath: gone: .*no-such-place/.test(line)).length, 1);
  t.true(analysis!.gaps.some(({ node, why }) => node === 'gone' && /could not be recorded/.test(why)));
  t.deepEqual([...new Set(analysis!.inputs.map(({ node }) => node))], ['n1']);
  await sameAsBefore(t, here);
});

test('no node at all: one line, status 2', async (t) => {
  t.timeout(60_000);
  const run = start(t, ['--node', 'a=netns://no-such-place', '--duration', '5']);
  const { status, analysis } = await run.ended();
  t.is(status, 2);
  t.is(analysis, null);
  t.is(run.messages.at(-1), 'returnpath: no node could be recorded (a)');
});

test('a second is enough: what was captured in it is told, and a node that is not there by its name', async (t) => {
  const here = await pair(t);
  const run = start(t, [...oneOfTwo(here.ground), '--duration', '1']);
  const { status, analysis } = await run.ended();
  t.is(status, 0, run.messages.join('\n'));
  t.deepEqual(
    analysis!.inputs.map(({ node }) => node),
    ['n1'],
  );
  t.true(
    run.messages.some((line) => /^returnpath: gone: .*no-such-place/.test(line)),
    run.messages.join('\n'),
  );
  await sameAsBefore(t, here);
});

test('a node without tcpdump, and one without the rights', async (t) => {
  const here = await pair(t);
  const bin = join(here.directory, 'bin');
  mkdirSync(bin);
  for (const from of ['/usr/bin', '/usr/sbin']) {
    for (const name of readdirSync(from)) {
      if (name === 'tcpdump') continue;
      try {
        symlinkSync(join(from, name), join(bin, name));
      } catch {} // of both
    }
  }
  const bare = start(t, ['--node', `n1=netns://${here.ground.namespace('n1')}`, '--duration', '5'], {
    env: { ...process.env, PATH: bin },
  });
  t.is((await bare.ended()).status, 2);
  t.deepEqual(bare.messages, [
    'returnpath: n1: no tcpdump: nothing is captured',
    'returnpath: no node could be recorded (n1)',
  ]);
  const nobody = start(t, ['--node', 'local', '--duration', '5'], {
    as: ['setpriv', '--reuid=65534', '--clear-groups'],
    env: { ...process.env, TMPDIR: '/tmp' },
  });
  t.is((await nobody.ended()).status, 2, nobody.messages.join('\n'));
  t.true(nobody.messages.includes('returnpath: local: capturing takes root: run this with sudo'));
  await sameAsBefore(t, here);
});

test('who listens is killed: the nodes put everything back by themselves', async (t) => {
  const here = await pair(t);
  const nodes = ['n1', 'n2'].flatMap((node) => ['--node', `${node}=ssh://${node}?config=${here.config}`]);
  const run = start(t, [...nodes, ...CHANGES, '--out', join(here.directory, 'out')]);
  await run.capturing(['n1', 'n2']);
  await sleep(500);
  t.notDeepEqual(await leftovers(here.ground, ['n1', 'n2']), here.before);
  await run.end('SIGKILL');
  await sameAsBefore(t, here);
});

test('the script on a node is killed: what it changed is put back all the same', async (t) => {
  const here = await pair(t);
  const node = `n1=netns://${here.ground.namespace('n1')}`;
  const run = start(t, ['--node', node, ...CHANGES, '--out', join(here.directory, 'out')]);
  await run.capturing(['n1']);
  await sleep(500);
  // The first of the shells, not one that it forked.
  const [shell] = await pidsOf(here.ground, 'n1', 'sh');
  process.kill(shell!, 'SIGKILL');
  await run.until('n1 is lost', ({ state }) => state === 'waiting');
  const { status } = await run.end();
  t.is(status, 0);
  await sameAsBefore(t, here);
});

test('a connection that hangs: the node puts everything back by itself, though nothing can be sent', async (t) => {
  const here = await pair(t);
  t.timeout(180_000);
  const { ground, config } = here;
  const run = start(t, ['--node', `n1=ssh://n1?config=${config}`, ...CHANGES]);
  await run.capturing(['n1']);
  const servers = await pidsOf(ground, 'n1', 'sshd');
  for (const pid of servers) process.kill(pid, 'SIGSTOP');
  t.teardown(() => {
    for (const pid of servers) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it has ended
    }
  });
  // More than a pipe holds, so that who writes waits for ever.
  await ground.run('n1', ['ping', '-q', '-c', '2000', '-i', '0.002', '10.8.0.2']);
  await run.until('n1 is lost', ({ state }) => state === 'waiting');
  const { status, analysis } = await run.end();
  t.is(status, 0);
  t.true(
    analysis!.gaps.some(({ why }) => /recording of n1 broke off at .* and was not taken up again/.test(why)),
  );
  for (let turn = 0; turn < 90 && (await pidsOf(ground, 'n1', 'sh')).length > 0; turn++) await sleep(1000);
  t.deepEqual(await pidsOf(ground, 'n1', 'sh'), []);
  t.deepEqual(await pidsOf(ground, 'n1', 'tcpdump'), []);
  t.is((await ground.run('n1', ['sysctl', '-n', 'net.ipv4.conf.all.log_martians'])).trim(), '0');
  for (const pid of servers) process.kill(pid, 'SIGCONT');
  await sameAsBefore(t, here);
});

test('what is kept is not mixed with what an earlier run kept', async (t) => {
  const here = await pair(t);
  const out = join(here.directory, 'out');
  mkdirSync(join(out, 'n1'), { recursive: true });
  writeFileSync(join(out, 'n1', 'any.pcap'), 'earlier');
  const node = `n1=netns://${here.ground.namespace('n1')}`;
  const run = start(t, ['--node', node, ...CHANGES, '--out', out]);
  t.is((await run.ended()).status, 2);
  t.regex(run.messages.at(-1)!, /--out: .*out\/n1 is not empty; name another directory/);
  t.is(read(join(out, 'n1', 'any.pcap')), 'earlier');
  await sameAsBefore(t, here);
});

test('a full disk here: one line, a gap, and the node is let go', async (t) => {
  const here = await pair(t);
  const disk = join(here.directory, 'disk');
  mkdirSync(disk);
  await command(['mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]);
  t.teardown(() => command(['umount', '-l', disk]));
  const node = `n1=netns://${here.ground.namespace('n1')}`;
  const run = start(t, ['--node', node, ...CHANGES, '--snaplen', '65536', '--out', join(disk, 'out')]);
  await run.capturing(['n1']);
  await here.ground.run('n1', ['ping', '-q', '-c', '900', '-i', '0.002', '-s', '8000', '10.8.0.2']);
  const { status, analysis } = await run.ended();
  t.is(status, 0, run.messages.join('\n'));
  t.true(
    analysis!.gaps.some(
      ({ node, why }) => node === 'n1' && /recording of n1 broke off at .*no space is left/.test(why),
    ),
  );
  t.true(
    run.messages.some((line) => /n1: .*no space is left on the device.*--out/.test(line)),
    run.messages.join('\n'),
  );
  await sameAsBefore(t, here);
});

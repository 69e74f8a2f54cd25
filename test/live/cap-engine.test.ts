/** What ends the process of libpcap, and what of the recording there is then: an interface that goes, a signal. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { testInNamespaces } from '../gates.js';
import type { Ground } from '../lab/ground.js';
import type { CaptureRun } from './capture-run.js';
import { killIfThere } from './capture-run.js';
import { read } from './leftovers.js';
import { analyzed, type Place, pidsOf, place, sameAsBefore, start } from './node-recorded.js';

const test = testInNamespaces('ip', 'ping', 'tar', 'nstat', 'sysctl');

/** The process that captures, of the first node. */
async function libpcap(ground: Ground): Promise<number> {
  const pids = await pidsOf(ground, 'node');
  const [pid] = pids.filter((pid) => read(`/proc/${pid}/cmdline`).includes('cap-process'));
  if (pid === undefined) throw new Error(`it is none of ${pids}`);
  return pid;
}

/** A recording under way, by cap. */
async function recording(t: ExecutionContext, ...flags: string[]) {
  const here = await place(t);
  const run = start(t, here, '--engine', 'cap', ...flags);
  await run.capturing();
  return { here, ground: here.ground, run };
}

/** One ping; it has an identifier of its own. */
async function pingOnce(ground: Ground): Promise<void> {
  await ground.run('n1', ['ping', '-c', '1', '10.8.0.2']);
}

/** Ends it, and reads what it wrote. */
async function end(t: ExecutionContext, run: CaptureRun, here: Place): Promise<Analysis> {
  await sleep(500);
  const { status, stdout, messages } = await run.end();
  const archive = join(here.out, 'n1.tar.gz');
  t.is(status, 0, messages.join('\n'));
  t.is(stdout, `${archive}\n`);
  t.deepEqual(readdirSync(here.out), ['n1.tar.gz']);
  await sameAsBefore(t, here);
  const analysis = await analyzed(archive);
  t.true(analysis.inputs.every(({ truncated }) => !truncated));
  return analysis;
}

/** Interfaces and gaps of the whole node's, in their order. */
function interrupted({ gaps }: Analysis): (string | null)[] {
  return gaps.flatMap(({ interface: name, why }) => (why.includes('was not captured') ? [name] : []));
}

const GOINGS: readonly [what: string, command: string][] = [
  ['goes down', 'link set v0 down'],
  ['is deleted', 'link del v0'],
];
for (const [what, command] of GOINGS) {
  test(`an interface ${what}: said once, the others go on, and the gap is known`, async (t) => {
    const here = await place(t);
    const { ground } = here;
    await ground.ip('n1', ['link add v0 type veth peer name v1', 'link set v0 up']);
    const run = start(t, here, '--engine', 'cap');
    await run.capturing();
    await pingOnce(ground);
    await sleep(500);
    await ground.ip('n1', [command]);
    await run.said(/v0 went down or away.*started anew/);
    await pingOnce(ground);
    const analysis = await end(t, run, here);
    t.is(run.messages.filter((line) => line.includes('v0')).length, 1, run.messages.join('\n'));
    t.is(analysis.totals[0]!.outcomes.established, 2);
    t.deepEqual(interrupted(analysis), ['v0', null]);
    const points = analysis.attempts.map(({ path }) => path.map(({ interface: name }) => name));
    t.deepEqual(points, [
      ['eth0', 'eth0'],
      ['eth0', 'eth0'],
    ]);
  });
}

test('an interface that was asked for goes down and comes up again: it is captured again', async (t) => {
  const { here, ground, run } = await recording(t, '-i', 'eth0');
  await pingOnce(ground);
  await sleep(500);
  await ground.ip('n1', ['link set eth0 down']);
  await run.said(/eth0 went down or away.*started anew/);
  await ground.ip('n1', ['link set eth0 up']);
  await sleep(1500);
  await pingOnce(ground);
  const analysis = await end(t, run, here);
  t.is(analysis.totals[0]!.outcomes.established, 2);
  const gap = analysis.gaps.find(({ interface: name }) => name === 'eth0')!;
  t.regex(gap.why, /^eth0 of n1 was not captured from \S+Z to \S+Z: it went down or away$/);
});

test('an interface that comes up later is captured as well', async (t) => {
  const { here, ground, run } = await recording(t);
  await ground.ip('n1', [
    'link add v0 type veth peer name v1',
    'addr add 10.9.0.1/24 dev v0',
    'link set v0 up',
    'link set v1 up',
  ]);
  await sleep(1500);
  await ground.run('n1', ['sh', '-c', 'ping -c 1 -W 1 10.9.0.2 || true']);
  const analysis = await end(t, run, here);
  t.deepEqual(interrupted(analysis), []);
  const packets = new Map(analysis.inputs.map((input) => [input.file.replace(/.*\//, ''), input.packets]));
  t.true(packets.get('v0.pcap')! > 0, JSON.stringify([...packets]));
  t.true(packets.get('v1.pcap')! > 0, JSON.stringify([...packets]));
});

test('its process is killed: started anew, into files of their own', async (t) => {
  const { here, ground, run } = await recording(t);
  await pingOnce(ground);
  await sleep(500);
  process.kill(await libpcap(ground), 'SIGKILL');
  await run.said(/libpcap's process ended: SIGKILL; it was started anew/);
  await pingOnce(ground);
  const analysis = await end(t, run, here);
  t.is(analysis.totals[0]!.outcomes.established, 2);
  t.deepEqual(interrupted(analysis), [null]);
  const files = analysis.inputs
    .filter(({ packets }) => packets > 0)
    .map(({ file }) => file.replace(/.*\//, ''));
  t.deepEqual(files.sort(), ['eth0-part2.pcap', 'eth0.pcap']);
});

test('its process ends each time: given up, with the bundle of what there was', async (t) => {
  const { here, ground, run } = await recording(t);
  await pingOnce(ground);
  await sleep(500);
  // It is away for longer each time.
  for (let isOver = false; !isOver; await sleep(50)) {
    isOver = /nothing is captured any more/.test(run.messages.join('\n'));
    await libpcap(ground).then(killIfThere, () => {});
  }
  const { status, stdout } = await run.ended();
  t.is(status, 0, run.messages.join('\n'));
  await sameAsBefore(t, here);
  const { totals, gaps } = await analyzed(stdout.trim());
  t.is(totals[0]!.outcomes.established, 1);
  t.true(
    gaps.some(({ why }) => /^n1 was not captured from \S+ on: libpcap's process ended/.test(why)),
    JSON.stringify(gaps),
  );
});

test('the command line is killed: its process ends with it, and the script writes the bundle', async (t) => {
  const here = await place(t);
  const run = start(t, here, '--engine', 'cap');
  await run.capturing();
  await pingOnce(here.ground);
  await sleep(500);
  await run.end('SIGKILL');
  await sameAsBefore(t, here);
  t.is((await analyzed(join(here.out, 'n1.tar.gz'))).totals[0]!.outcomes.established, 1);
});

/** Connections that a live run opens itself, on real grounds: how each fared, beside what was seen of it. */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { Analysis, AnalysisProbe } from '../../src/model/analysis.js';
import { testInNamespaces } from '../gates.js';
import { buildSite } from '../lab/build.js';
import { Ground } from '../lab/ground.js';
import type { Site } from '../lab/grounds/plan.js';
import { nodesOf, type Scenario } from '../lab/scenario.js';
import { SCENARIOS } from '../lab/scenarios/index.js';
import { scratch } from '../scratch.js';
import { ROOT } from '../support.js';
import { leftovers } from './leftovers.js';
import { type LiveEvent, LiveRun } from './live-run.js';

const test = testInNamespaces('tcpdump', 'nft', 'nstat', 'arping', 'busybox', 'curl');

interface Ready {
  ground: Ground;
  site: Site;
  scenario: Scenario;
  nodes: readonly string[];
  /** As `live` takes them. */
  flags: string[];
}

async function ready(t: ExecutionContext, name: string): Promise<Ready> {
  t.timeout(120_000);
  const scenario = SCENARIOS.find((one) => one.name === name)!;
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  const site = await buildSite(ground, scenario);
  const nodes = nodesOf(scenario);
  const transports = nodes.flatMap((node) => ['--node', `${node}=netns://${ground.namespace(node)}`]);
  return { ground, site, scenario, nodes, flags: [...transports, '--vip', scenario.ground.vip] };
}

/** The command line where the client is, or another machine of the ground. */
function start(
  t: ExecutionContext,
  { ground, flags }: Ready,
  more: readonly string[],
  { env = process.env, machine = 'client' } = {},
): LiveRun {
  const as = ['ip', 'netns', 'exec', ground.namespace(machine)];
  const run = new LiveRun([...flags, ...more], { env, as });
  t.teardown(() => run.end('SIGKILL'));
  return run;
}

async function ended(t: ExecutionContext, run: LiveRun): Promise<Analysis> {
  const { analysis } = await run.ended();
  if (!analysis) return t.fail(run.messages.join('\n'));
  return analysis;
}

function results({ connections }: AnalysisProbe): string[] {
  return [...new Set(connections.map(({ result, outcome }) => `${result} ${outcome}`))].sort();
}

function eventsOf(run: LiveRun, kind: string): (LiveEvent & Record<string, unknown>)[] {
  return run.events.filter(({ event }) => event === kind) as never;
}

/** A directory of this machine's programs but for some. */
function programsWithout(t: ExecutionContext, left: readonly string[]): NodeJS.ProcessEnv {
  const bin = join(scratch(t), 'bin');
  mkdirSync(bin);
  for (const from of ['/usr/bin', '/usr/sbin']) {
    for (const name of readdirSync(from)) {
      if (left.includes(name)) continue;
      try {
        symlinkSync(join(from, name), join(bin, name));
      } catch {} // of both
    }
  }
  return { ...process.env, PATH: bin };
}

test('from here, where every request is dropped: all time out, and are of the finding; the run outlasts its time', async (t) => {
  const here = await ready(t, 'rp-filter-strict');
  await here.site.announce();
  const before = await leftovers(here.ground, here.nodes);
  const probe = ['--probe', '80', '--probe-count', '8', '--probe-rate', '20', '--duration', '2'];
  const run = start(t, here, probe);
  const analysis = await ended(t, run);
  const [found] = analysis.probes!;
  t.is(found!.from, null);
  t.is(found!.vip, here.scenario.ground.vip);
  t.is(found!.port, 80);
  t.is(found!.problem, null);
  t.is(found!.connections.length, 8);
  t.is(new Set(found!.connections.map(({ sourcePort }) => sourcePort)).size, 8);
  t.deepEqual(results(found!), ['timeout no-reply']);
  for (const { tookNs } of found!.connections) t.true(tookNs >= 2.9e9);
  const finding = analysis.findings.find(({ cause }) => cause === 'rp-filter')!;
  t.true(found!.connections.every(({ attempt }) => finding.attempts.includes(attempt!)));
  t.is(eventsOf(run, 'probe').length, 8);
  t.true(
    run.messages.some((line) => line.includes('the probe is not over yet')),
    run.messages.join('\n'),
  );
  t.deepEqual(await leftovers(here.ground, here.nodes), before);
});

test('healthy: all are made and seen so, from here and from a node, and one MAC has the VIP', async (t) => {
  const here = await ready(t, 'healthy-no-masquerade');
  await here.site.announce();
  const before = await leftovers(here.ground, here.nodes);
  const common = ['--probe', '80', '--probe-count', '5', '--probe-rate', '50', '--duration', '1'];
  const analysis = await ended(t, start(t, here, [...common, '--arping-from', 'node2']));
  t.deepEqual(results(analysis.probes![0]!), ['connected established']);
  t.is(analysis.probes![0]!.connections.length, 5);
  const [arping] = analysis.arpings!;
  t.like(arping, { from: 'node2', interface: 'eth0', vip: here.scenario.ground.vip, problem: null });
  t.deepEqual(
    arping!.owners.map(({ node, interface: device }) => `${node} ${device}`),
    ['node1 eth0'],
  );
  t.false(analysis.findings.some(({ severity }) => severity === 'fault'));
  const [probe] = (await ended(t, start(t, here, [...common, '--probe-from', 'node2']))).probes!;
  t.like(probe, { from: 'node2', problem: null });
  t.is(probe!.connections.length, 5);
  t.deepEqual(results(probe!), ['connected established']);
  t.deepEqual(await leftovers(here.ground, here.nodes), before);
});

test('two have the VIP: a node that asks by ARP hears both', async (t) => {
  const here = await ready(t, 'arp-conflict-stranger');
  await here.site.announce();
  await here.site.speak('printer');
  const run = start(t, here, ['--arping-from', 'router', '--duration', '1']);
  const analysis = await ended(t, run);
  t.is(analysis.probes, undefined);
  const [arping] = analysis.arpings!;
  t.like(arping, { from: 'router', problem: null });
  const owners = arping!.owners.map(({ node, mac }) => `${node} ${mac}`).sort();
  const { claimants } = here.scenario.expect!;
  t.deepEqual(owners, claimants!.map(({ node, mac }) => `${node} ${mac}`).sort());
  t.is(eventsOf(run, 'arping').length, 1);
  t.true(analysis.findings.some(({ cause }) => cause === 'arp-conflict'));
});

test('a node with nothing to connect or to ask with says what it lacks; the run goes on', async (t) => {
  const here = await ready(t, 'healthy-no-masquerade');
  await here.site.announce();
  const probe = ['--probe', '80', '--probe-from', 'node2', '--arping-from', 'node2', '--duration', '1'];
  const env = programsWithout(t, ['curl', 'nc', 'ncat', 'arping', 'busybox']);
  const run = start(t, here, probe, { env });
  const analysis = await ended(t, run);
  t.like(analysis.probes![0], {
    connections: [],
    wanted: 20,
    problem: 'there is neither an nc that connects from a given port (OpenBSD, Nmap) nor a curl with telnet',
  });
  t.like(analysis.arpings![0], { interface: null, owners: [], problem: 'there is no arping' });
  t.true(run.messages.some((line) => line.includes('from node2: there is neither an nc')));
  t.true(analysis.inputs.length > 0);
});

test('Ctrl-C ends the probe with the run; what is known of it is reported', async (t) => {
  const here = await ready(t, 'healthy-no-masquerade');
  await here.site.announce();
  const before = await leftovers(here.ground, here.nodes);
  for (const from of [[], ['--probe-from', 'node2']]) {
    const run = start(t, here, ['--probe', '80', '--probe-rate', '1', '--duration', '0', ...from]);
    await run.until('a connection', ({ event }) => event === 'probe');
    const { analysis } = await run.end();
    const [probe] = analysis!.probes!;
    t.is(probe!.problem, 'it was ended before its time');
    t.true(probe!.connections.length >= 1 && probe!.connections.length < 20);
  }
  t.deepEqual(await leftovers(here.ground, here.nodes), before);
});

test('IPv6, from here and from a node', async (t) => {
  const here = await ready(t, 'healthy-ipv6');
  await here.site.announce();
  const { vip, port } = here.scenario.ground;
  for (const from of [[], ['--probe-from', here.nodes[1]!]]) {
    const probe = ['--probe', `[${vip}]:${port}`, '--probe-count', '3', '--duration', '1', ...from];
    const [found] = (await ended(t, start(t, here, probe))).probes!;
    t.like(found, { vip, port, problem: null });
    // What a node itself sends to a VIP may be masqueraded, and have another port then.
    const seen = from.length === 0 ? 'established' : 'null';
    t.deepEqual(results(found!), [`connected ${seen}`]);
  }
});

test('who probes is killed: what runs on the node ends by itself', async (t) => {
  const here = await ready(t, 'healthy-no-masquerade');
  await here.site.announce();
  const before = await leftovers(here.ground, here.nodes);
  const slow = ['--probe', '80', '--probe-from', 'node2', '--probe-rate', '0.5', '--duration', '0'];
  const run = start(t, here, [...slow, '--out', join(scratch(t), 'out')]);
  await run.until('a connection', ({ event }) => event === 'probe');
  await run.end('SIGKILL');
  let now: unknown = null;
  for (let turn = 0; turn < 40 && JSON.stringify(now) !== JSON.stringify(before); turn++) {
    await here.ground.sleep(500);
    now = await leftovers(here.ground, here.nodes);
  }
  t.deepEqual(now, before);
});

test('capture, from the machine it is on: the bundle, and how each fared beside what is in it', async (t) => {
  const here = await ready(t, 'healthy-no-masquerade');
  await here.site.announce();
  const out = scratch(t);
  const { vip } = here.scenario.ground;
  const flags = ['--vip', vip, '--probe', '80', '--probe-count', '3', '--duration', '1', '--out', out];
  const { stdout, stderr } = await promisify(execFile)('ip', [
    ...['netns', 'exec', here.ground.namespace('client'), process.execPath, join(ROOT, 'bin/returnpath.js')],
    ...['capture', '--node', 'client', ...flags],
  ]);
  t.is(stdout, `${join(out, 'client.tar.gz')}\n`);
  t.true(stderr.includes(`3 connections from here to ${vip}:80: 3 made.`), stderr);
});

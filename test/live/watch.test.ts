/** Watching without an end: metrics, the webhook, and nodes that come and go. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { Metrics } from '../../src/live/watch/metrics.js';
import { serveMetrics } from '../../src/live/watch/server.js';
import { Webhook } from '../../src/live/watch/webhook.js';
import type { Analysis, Finding } from '../../src/model/analysis.js';
import type { LiveView } from '../../src/report/live/view.js';
import { analyzeJson } from '../cli/run.js';
import { testInNamespaces } from '../gates.js';
import { command, Ground } from '../lab/ground.js';
import { fixture, has, ROOT } from '../support.js';

const testNamespaces = testInNamespaces('tcpdump', 'ping');

function viewOf(analysis: Analysis | null): LiveView {
  const node = { node: 'n1', transport: 'local', state: 'capturing', message: null, octets: 0 } as const;
  return {
    elapsedMs: 1000,
    leftMs: null,
    isEnding: false,
    nodes: [{ ...node, packets: 100, dropped: 2, heardMs: 10 }],
    analysis,
    settledUntilMs: Number.MAX_SAFE_INTEGER,
    probes: [],
    arpings: [],
  };
}

async function fixtureAnalysis(): Promise<Analysis> {
  const bundles = ['node1', 'node2'].map((node) => fixture('rp-filter-strict', `${node}.tar.gz`));
  return (await analyzeJson(bundles)).analysis;
}

/** Samples by name and labels. @throws where it is no OpenMetrics text */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.pop() !== '# EOF') throw new Error('it does not end in # EOF');
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of lines) {
    const about = /^# (HELP|TYPE|UNIT) ([a-z_]+) (.+)$/.exec(line);
    if (about) {
      if (about[1] === 'TYPE') types.set(about[2]!, about[3]!);
      continue;
    }
    const sample =
      /^([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\[\\n"])*",?)*)\})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(
        line,
      );
    if (!sample) throw new Error(`no sample: ${line}`);
    const family = sample[1]!.replace(/_total$/, '');
    if (!types.has(family)) throw new Error(`${sample[1]} has no type`);
    if ((types.get(family) === 'counter') !== sample[1]!.endsWith('_total'))
      throw new Error(`${line}: its suffix`);
    const key = `${sample[1]}{${sample[2] ?? ''}}`;
    if (samples.has(key)) throw new Error(`${key} is there twice`);
    samples.set(key, Number(sample[3]));
  }
  return samples;
}

test('metrics: OpenMetrics, each attempt and finding counted once, however often it is analyzed', async (t) => {
  const analysis = await fixtureAnalysis();
  const metrics = new Metrics();
  const server = await serveMetrics(metrics, '127.0.0.1:0');
  t.teardown(server.stop);
  for (let turn = 0; turn < 3; turn++) metrics.update(viewOf(analysis));
  const response = await fetch(server.url);
  t.regex(response.headers.get('content-type') ?? '', /^application\/openmetrics-text/);
  const text = await response.text();
  const samples = samplesOf(text);
  const sum = (name: string) =>
    [...samples].reduce((total, [key, value]) => total + (key.startsWith(`${name}{`) ? value : 0), 0);
  const attempts = analysis.totals
    .flatMap(({ outcomes }) => Object.values(outcomes))
    .reduce((a, b) => a + b, 0);
  t.is(sum('returnpath_attempts_total'), attempts);
  t.is(sum('returnpath_findings_total'), analysis.findings.length);
  t.is(sum('returnpath_dropped_packets_total'), 2);
  t.true([...samples.keys()].some((key) => /finding_attempts\{.*cause="rp-filter"/.test(key)));
  if (has(['promtool'])) {
    // It reads the older format, in which a counter is described by its whole name.
    const counters = [...text.matchAll(/^# TYPE (\w+) counter$/gm)].map(([, name]) => name);
    const described = new RegExp(`^# (HELP|TYPE) (${counters.join('|')}) `, 'gm');
    const input = text.replace(described, '# $1 $2_total ').replace('# EOF\n', '');
    t.notThrows(() => execFileSync('promtool', ['check', 'metrics'], { input }));
  }
  metrics.update(viewOf({ ...analysis, findings: [], attempts: [] }));
  t.false(/finding_attempts\{/.test(await (await fetch(server.url)).text()));
  t.is((await fetch(server.url.replace('/metrics', '/healthz'))).status, 200);
  t.is((await fetch(server.url.replace('/metrics', '/x'))).status, 404);
  t.is((await fetch(server.url, { method: 'POST' })).status, 405);
});

test('metrics: a name with quotes and newlines does not break the text', async (t) => {
  const analysis = await fixtureAnalysis();
  const findings = [{ ...analysis.findings[0]!, node: 'a"b\\c\nd' }];
  const metrics = new Metrics();
  metrics.update(viewOf({ ...analysis, findings }));
  const samples = samplesOf(await metrics.registry.metrics());
  t.true(
    [...samples.keys()].some((key) => key.includes('node="a\\"b\\\\c\\nd"')),
    [...samples.keys()].join('\n'),
  );
});

/** A receiver that answers with these statuses in turn, the last for ever. */
async function receiver(
  statuses: number[],
  port = 0,
): Promise<{ url: string; bodies: string[]; server: Server }> {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      bodies.push(body);
      response.writeHead(statuses.length > 1 ? statuses.shift()! : statuses[0]!).end();
    });
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-token`, bodies, server };
}

async function post(t: ExecutionContext, url: string, views: readonly LiveView[]): Promise<string[]> {
  const warnings: string[] = [];
  const webhook = new Webhook(url, new Set(['fault'] as const), (message) => warnings.push(message));
  for (const view of views) webhook.update(view);
  await webhook.stop();
  t.false(
    warnings.some((warning) => warning.includes('secret')),
    warnings.join('\n'),
  );
  return warnings;
}

test('webhook: a finding is posted once, again after 5xx, and not again after 404', async (t) => {
  const analysis = await fixtureAnalysis();
  const faults = analysis.findings.filter(({ severity }) => severity === 'fault');
  const views = [viewOf(null), viewOf(analysis), viewOf(analysis)];
  const ailing = await receiver([503, 200]);
  t.teardown(() => ailing.server.close());
  t.deepEqual(await post(t, ailing.url, views), []);
  t.is(ailing.bodies.length, faults.length + 1);
  const { event, finding } = JSON.parse(ailing.bodies[0]!) as { event: string; finding: Finding };
  t.is(event, 'finding');
  t.is(finding.cause, faults[0]!.cause);
  const gone = await receiver([404]);
  t.teardown(() => gone.server.close());
  const warnings = await post(t, gone.url, views);
  t.is(gone.bodies.length, faults.length);
  t.is(warnings.length, faults.length);
  t.regex(warnings[0]!, /^webhook 127\.0\.0\.1:\d+: a finding could not be posted: status 404$/);
});

test('webhook: a receiver that comes up later gets it', async (t) => {
  const first = await receiver([200]);
  const port = Number(new URL(first.url).port);
  await new Promise((resolve) => first.server.close(resolve));
  const analysis = await fixtureAnalysis();
  const posting = post(t, first.url, [viewOf(analysis)]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const later = await receiver([200], port);
  t.teardown(() => later.server.close());
  t.deepEqual(await posting, []);
  t.true(later.bodies.length > 0);
});

test('what no webhook and no place to listen is', async (t) => {
  t.throws(() => new Webhook('ftp://x/secret', new Set(), () => {}), {
    message: '--webhook: not an http or https address',
  });
  for (const listen of ['x', '127.0.0.1', '127.0.0.1:99999', ':9818'])
    await t.throwsAsync(serveMetrics(new Metrics(), listen), { message: /--listen / });
  const first = await serveMetrics(new Metrics(), '127.0.0.1:0');
  t.teardown(() => first.stop());
  const taken = new URL(first.url).host;
  for (const [listen, message] of [
    [taken, `--listen ${taken}: another program listens there; give another port`],
    ['198.51.100.1:9818', '--listen 198.51.100.1:9818: is no address of this machine'],
  ] as const)
    await t.throwsAsync(serveMetrics(new Metrics(), listen), { message });
});

testNamespaces('a node that comes up later is taken in', async (t) => {
  t.timeout(90_000);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  const node = `late=netns://${ground.namespace('late')}`;
  const args = ['watch', '--node', node, '--listen', '127.0.0.1:0', '--interface', 'lo'];
  const run = spawn(process.execPath, [join(ROOT, 'bin/returnpath.js'), ...args]);
  t.teardown(() => run.kill('SIGKILL'));
  const messages: string[] = [];
  const lines = createInterface(run.stderr);
  const [first] = (await once(lines, 'line')) as [string];
  const url = /http:\S+/.exec(first)![0];
  lines.on('line', (line) => messages.push(line));
  const up = async () => /returnpath_node_up\{node="late"\} (\d)/.exec(await (await fetch(url)).text())?.[1];
  while ((await up()) !== '0') await ground.sleep(200);
  while (messages.length === 0) await ground.sleep(200);
  t.regex(messages[0]!, /^returnpath: late: .*; again in 1 s$/);
  await ground.add('late');
  while ((await up()) !== '1') await ground.sleep(200);
  await ground.run('late', ['ping', '-c', '2', '-i', '0.2', '127.0.0.1']);
  const counted = async () =>
    Number(/captured_packets_total\{node="late"\} (\d+)/.exec(await (await fetch(url)).text())?.[1]);
  while ((await counted()) < 4) await ground.sleep(200);
  run.kill('SIGINT');
  const [status] = await once(run, 'close');
  t.is(status, 0);
  t.is(
    (
      await command(['ip', 'netns', 'pids', ground.namespace('late')], { mayFail: true }).catch(() => '')
    ).trim(),
    '',
  );
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture, ROOT } from '../support.js';
import { returnpath } from './run.js';

const bundles = bundlesIn(fixture('rp-filter-strict'));
const validate = new Ajv2020().compile(
  JSON.parse(await readFile(join(ROOT, 'src/report/schema.json'), 'utf8')),
);

async function predictJson(...args: string[]): Promise<Analysis> {
  const { status, stdout, stderr } = await returnpath(['predict', ...args, '--format', 'json']);
  if (status !== 0) throw new Error(`${status}: ${stderr}`);
  return JSON.parse(stdout) as Analysis;
}

test('for a person: the risk, the way that it would go, and what to do', async (t) => {
  const { status, stdout, stderr } = await returnpath(['predict', ...bundles, '--vip', '192.168.1.100']);
  t.is(status, 0, 'a risk is no fault');
  t.is(stderr, '');
  t.regex(stdout, /^RISK {5}rp-filter \(possible\): as configured, node2 drops requests/);
  t.regex(stdout, /clients beyond the routers/);
  t.regex(stdout, /sysctl -w net\.ipv4\.conf\.flannel\/1\.rp_filter=2/);
  t.regex(stdout, /no packet was seen/);
  t.true(stdout.split('\n').every((line) => line.length <= 80 || /^ {4}\S/.test(line)));
});

test('where no packet was seen, none was seen last anywhere', async (t) => {
  const { stdout } = await returnpath(['predict', ...bundles, '--vip', '192.168.1.100', '--port', '443']);
  t.regex(
    stdout,
    /^RISK {5}not-delivered .*\n +to no backend, beyond node1 eth0: no rule on the way leads port 443 to\n +a backend \(1 of/m,
  );
  t.notRegex(stdout, /last seen/);
});

test('as JSON: an analysis without attempts, by the schema', async (t) => {
  const analysis = await predictJson(...bundles, '--vip', '192.168.1.100', '--client', '10.0.0.5');
  t.true(validate(analysis), JSON.stringify(validate.errors));
  t.deepEqual(analysis.attempts, []);
  t.deepEqual(analysis.vips, [{ address: '192.168.1.100', source: 'flag' }]);
  const [prediction] = analysis.predictions!;
  t.is(prediction!.client, '10.0.0.5');
  t.false(prediction!.anyone);
  t.is(prediction!.port, 80);
  const [first] = prediction!.ways;
  t.is(first!.finding, analysis.findings[0]!.id);
  t.deepEqual(
    first!.steps.map((step) => [step.node, step.input, step.output, step.via]),
    [
      ['node1', 'eth0', 'flannel.1', '10.244.1.0'],
      ['node2', 'flannel.1', null, null],
    ],
  );
});

test('what if: with the change nothing is lost, and the change is said on standard error', async (t) => {
  const change = 'node2:net.ipv4.conf.flannel/1.rp_filter=2';
  const { status, stdout, stderr } = await returnpath([
    ...['predict', ...bundles, '--vip', '192.168.1.100', '--set', change],
  ]);
  t.is(status, 0);
  t.regex(stderr, /what if: node2.*rp_filter.*was 1/);
  t.notRegex(stdout, /^RISK/m);
});

test('well where every way is answered, though it is not known which of them requests take', async (t) => {
  const healthy = bundlesIn(fixture('healthy-masquerade'));
  const { stdout } = await returnpath(['predict', ...healthy, '--vip', '192.168.1.100']);
  const text = stdout.replace(/\s+/g, ' ');
  t.regex(
    text,
    /^OK No risk found: .* all 2 ways lead to a reply, .* come in where they are assumed to \(see Ways\)/,
  );
  t.regex(
    text,
    /Assumed which node takes requests for 192\.168\.1\.100 is not in the snapshots: each is tried/,
  );
  const analysis = await predictJson(...healthy, '--vip', '192.168.1.100');
  t.true(validate(analysis), JSON.stringify(validate.errors));
  t.true(analysis.predictions![0]!.ways.every((way) => way.assumesEntry));
});

test('unclear where what decides on the way is not in the snapshots', async (t) => {
  for (const scenario of ['one-node-missing-healthy', 'arp-conflict-kernel']) {
    const { stdout } = await returnpath([
      ...['predict', ...bundlesIn(fixture(scenario)), '--vip', '192.168.1.100'],
    ]);
    t.regex(stdout, /^UNCLEAR +No risk found, yet of 1 of 1 way not all is known/, scenario);
  }
});

test('captures are not needed, and not read', async (t) => {
  const { stdout, status } = await returnpath([
    ...['predict', ...bundlesIn(fixture('second-nic-strict')), '--vip', '10.9.8.7', '--port', '80'],
  ]);
  t.is(status, 0);
  t.regex(stdout, /RISK {5}rp-filter/);
});

for (const [args, message] of [
  [['predict'], /name a bundle to read; see: returnpath predict --help/],
  [['predict', ...bundles], /--vip is missing: no Service in kube\/ names an address/],
  [['predict', ...bundles, '--vip', 'banana'], /--vip banana: is no IPv4 or IPv6 address/],
  [['predict', ...bundles, '--vip', '192.168.1.100', '--client', 'x'], /--client x: is no IPv4/],
  [['predict', ...bundles, '--vip', '192.168.1.100', '--client', 'fd00::1'], /another IP version/],
  [['predict', ...bundles, '--vip', '192.168.1.100', '--port', '0'], /--port 0/],
  [['predict', ...bundles, '--vip', '192.168.1.100', '--port', 'http'], /--port/],
  [['predict', '/nonexistent', '--vip', '192.168.1.100'], /nonexistent/],
] as const) {
  test(`refused in one line: returnpath ${args.join(' ').replaceAll(ROOT, '')}`, async (t) => {
    const { status, stdout, stderr } = await returnpath(args);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, message);
    t.is(stderr.trimEnd().split('\n').length, 1);
  });
}

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { readServices } from '../../src/ingest/kube/services.js';
import { InputError, UsageError } from '../../src/model/errors.js';
import { scratch } from '../scratch.js';
import { fixture, has } from '../support.js';

const ARCHIVE = fixture('rp-filter-strict', 'node2.tar.gz');

function unpacked(t: ExecutionContext): string {
  const directory = scratch(t);
  execFileSync('tar', ['-xzf', ARCHIVE, '-C', directory]);
  return join(directory, 'node2');
}

const run = (inputs: string[], keepGoing = false) =>
  analyze(inputs, { vips: [], keepGoing, attempts: 'all', warn: () => {} });

test('an archive that is cut off anywhere gives what there is, and says so', async (t) => {
  const file = join(scratch(t), 'node2.tar.gz');
  const whole = readFileSync(ARCHIVE);
  let truncated = 0;
  for (let length = 600; length < whole.length; length += 401) {
    writeFileSync(file, whole.subarray(0, length));
    const { inputs, gaps } = await run([file]);
    t.true(inputs.length <= 1);
    t.true(
      gaps.some((gap) => /cut off/.test(gap.why)),
      `at ${length}`,
    );
    if (inputs[0]?.truncated) truncated++;
  }
  t.true(truncated > 0, 'some cut the capture');
});

test('forms of archives: with and without a top directory, by name or not', async (t) => {
  const bundle = unpacked(t);
  const out = scratch(t);
  const expected = (await run([bundle])).findings.map((f) => [f.cause, f.confidence, f.node]);
  t.deepEqual(expected, [['rp-filter', 'confirmed', 'node2']]);
  for (const [name, ...options] of [
    ['flat.tar', '-C', bundle, '.'],
    ['top.tgz', '-z', '-C', join(bundle, '..'), 'node2'],
    ['pax.tar.gz', '-z', '--format=pax', '-C', bundle, '.'],
    ...(has(['xz']) ? ([['packed.tar.xz', '-J', '-C', bundle, '.']] as const) : []),
    ['misnamed.bin', '-z', '-C', join(bundle, '..'), 'node2'],
  ] as const) {
    execFileSync('tar', ['-cf', join(out, name), ...options]);
    t.deepEqual(
      (await run([join(out, name)])).findings.map((f) => [f.cause, f.confidence, f.node]),
      expected,
      name,
    );
  }
});

test('a snapshot file that is damaged ends the run, or costs itself alone', async (t) => {
  const bundle = unpacked(t);
  writeFileSync(join(bundle, 'ip-neigh.json'), 'no JSON');
  await t.throwsAsync(run([bundle]), { instanceOf: InputError, message: /ip-neigh\.json.*not a neighbour/ });
  const { findings, gaps } = await run([bundle], true);
  t.deepEqual(
    findings.map((f) => f.cause),
    ['rp-filter'],
  );
  t.true(gaps.some((gap) => /ip-neigh\.json/.test(gap.why)));
});

const DAMAGE: [file: string, text: string, words: RegExp][] = [
  ['ip-route.json', '[{"dst":"1.2.3.4/33","dev":"eth0"}]', /1\.2\.3\.4\/33/],
  ['ip-route.json', '[{"dst":"1.2.3.0/x","dev":"eth0"}]', /1\.2\.3\.0\/x/],
  ['ip-rule.json', '[{"priority":1,"src":"10.0.0.0","srclen":77,"table":"main"}]', /77/],
  ['clock.txt', `${'9'.repeat(400)}.0\n1.0 1.0\n`, /clock\.txt/],
  ['node.json', '{', /node\.json/],
  ['node.json', '{"format":"returnpath-bundle/9"}', /returnpath-bundle\/9/],
];
for (const [file, text, words] of DAMAGE) {
  test(`${file}: ${text.slice(0, 40)} is told in one line`, async (t) => {
    const bundle = unpacked(t);
    writeFileSync(join(bundle, file), text);
    await t.throwsAsync(run([bundle]), { instanceOf: InputError, message: words });
  });
}

test('the same input twice is refused, for it would count twice', async (t) => {
  await t.throwsAsync(run([ARCHIVE, ARCHIVE]), { instanceOf: UsageError, message: /given twice/ });
});

test('no capture among the inputs is said so', async (t) => {
  const bundle = unpacked(t);
  rmSync(join(bundle, 'any.pcap'));
  const { gaps, attempts } = await run([bundle]);
  t.deepEqual(attempts, []);
  t.regex(gaps[0]!.why, /no capture/);
});

test('a bundle beside others, and captures in a directory of it', async (t) => {
  const bundle = unpacked(t);
  const pcap = readFileSync(join(bundle, 'any.pcap'));
  rmSync(join(bundle, 'any.pcap'));
  mkdirSync(join(bundle, 'captures'));
  writeFileSync(join(bundle, 'captures', 'any.pcap'), pcap);
  const { inputs, findings } = await run([join(bundle, '..')]);
  t.deepEqual(
    inputs.map((i) => i.node),
    ['node2'],
  );
  t.is(findings[0]!.interface, 'flannel.1');
  t.true(statSync(bundle).isDirectory());
});

test('Kubernetes objects of any shape: what is no address is no VIP', (t) => {
  const odd = [
    { items: [null, 7, 'x', {}] },
    { kind: 'Service', status: { loadBalancer: { ingress: [null, { ip: 5 }, { ip: 'foo' }] } } },
    { kind: 'Service', spec: { externalIPs: '1.2.3.4' } },
    { kind: 'EndpointSlice', endpoints: [null, { addresses: [7] }, {}] },
    { kind: 5 },
    null,
    [],
  ];
  t.deepEqual(readServices(new Map(odd.map((o, i) => [`${i}.json`, o]))), []);
});

test('Services and their backends, from lists by kind and mixed ones', (t) => {
  const services = {
    kind: 'ServiceList',
    items: [
      {
        metadata: { namespace: 'shop', name: 'web' },
        spec: {
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          ports: [{ port: 443 }, { port: 53, protocol: 'UDP' }, { protocol: 'TCP' }],
        },
        status: { loadBalancer: { ingress: [{ ip: '192.0.2.7' }, { ip: '2001:DB8::7' }] } },
      },
      { metadata: { namespace: 'shop', name: 'inner' }, spec: { type: 'ClusterIP' } },
    ],
  };
  const slices = {
    kind: 'List',
    items: [
      {
        kind: 'EndpointSlice',
        metadata: { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
        endpoints: [{ addresses: ['10.1.2.3'] }, { addresses: ['10.1.3.4'] }],
      },
    ],
  };
  const files = new Map<string, unknown>([
    ['services.json', services],
    ['endpointslices.json', slices],
  ]);
  const [web, ...others] = readServices(files);
  t.deepEqual(others, []);
  t.like(web, {
    name: 'shop/web',
    vips: ['192.0.2.7', '2001:db8::7'],
    externalTrafficPolicy: 'Local',
    ports: [
      { protocol: 'tcp', port: 443, name: null },
      { protocol: 'udp', port: 53, name: null },
    ],
  });
  t.deepEqual(
    web!.backends.map(({ address, port, ready }) => [address, port, ready]),
    [
      ['10.1.2.3', null, true],
      ['10.1.3.4', null, true],
    ],
  );
});

test('a file of a bundle by itself is told to be one', async (t) => {
  const bundle = unpacked(t);
  for (const name of ['ip-route.json', 'kernel.log', 'sysctl.txt']) {
    const error = await t.throwsAsync(run([join(bundle, name)]), { instanceOf: InputError });
    t.regex(error!.message, /: is one file of a bundle; give the directory/, name);
  }
});

test("a directory of several nodes' captures beside their snapshots", async (t) => {
  const directory = scratch(t);
  const archives = ['node1', 'node2'].map((node) => fixture('rp-filter-strict', `${node}.tar.gz`));
  for (const archive of archives) execFileSync('tar', ['-xzf', archive, '-C', directory]);
  const expected = (await run(archives)).findings.map((f) => [f.cause, f.confidence, f.node]);
  for (const node of ['node1', 'node2']) {
    renameSync(join(directory, node, 'any.pcap'), join(directory, `${node}-any.pcap`));
  }
  const { inputs, findings } = await run([directory]);
  t.deepEqual(
    inputs.map(({ node }) => node),
    ['node1', 'node2'],
  );
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node]),
    expected,
  );
});

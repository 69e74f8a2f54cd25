import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';
import { returnpath } from './run.js';

const [FAULTY, MENDED] = [fixture('rp-filter-strict'), fixture('healthy-masquerade')];
const VIP = ['--vip', '192.168.1.100'];

const jsonOf = async (directory: string) =>
  (await returnpath(['analyze', ...bundlesIn(directory), ...VIP, '--format', 'json'])).stdout;

test('analyses, directories of bundles, bundles one by one, and standard input: the same', async (t) => {
  const directory = scratch(t);
  const files = await Promise.all(
    [FAULTY, MENDED].map(async (from, i) => {
      const file = join(directory, `${i}.json`);
      await writeFile(file, await jsonOf(from));
      return file;
    }),
  );
  const [before, after] = files as [string, string];
  const named = await returnpath(['diff', before, after, ...VIP]);
  t.deepEqual([named.status, named.stdout], [2, '']);
  t.regex(named.stderr, /^returnpath: --vip is for bundles and captures: these are analyses, .*\n$/);
  const expected = await returnpath(['diff', before, after]);
  t.is(expected.status, 0);
  t.regex(expected.stdout, /^fixed: {3}rp-filter on node2 flannel\.1 is gone; 4 of 4 connections to/);
  t.is(expected.stderr, '');
  for (const args of [
    [FAULTY, MENDED, ...VIP],
    [FAULTY, MENDED],
    [before, MENDED],
    [FAULTY, after],
    ['--before', ...bundlesIn(FAULTY), '--after', ...bundlesIn(MENDED)],
    ['--after', after, '--before', ...bundlesIn(FAULTY)],
  ]) {
    const { stdout, status } = await returnpath(['diff', ...args]);
    t.is(stdout, expected.stdout, args.join(' '));
    t.is(status, 0);
  }
  const piped = await returnpath(['diff', before, '-'], { input: await jsonOf(MENDED) });
  t.is(piped.stdout, expected.stdout);
  const turned = await returnpath(['diff', after, before]);
  t.is(turned.status, 1);
  t.regex(turned.stdout, /^worse: /);
});

test('formats', async (t) => {
  const of = async (format: string, env = {}) =>
    (await returnpath(['diff', FAULTY, MENDED, '--format', format], { env })).stdout;
  const json = JSON.parse(await of('json'));
  t.like(json, { schema: 'returnpath-diff/1', verdict: 'fixed', cautions: [] });
  t.deepEqual(
    json.findings.map(({ change, cause }: { change: string; cause: string }) => [change, cause]),
    [['gone', 'rp-filter']],
  );
  t.true((await of('markdown')).startsWith('**fixed:** rp-filter on `node2 flannel.1` is gone; '));
  t.true((await of('terminal', { FORCE_COLOR: '1' })).includes('\x1b['));
  t.is(await of('text', { FORCE_COLOR: '1' }), await of('terminal'));
});

test('nothing of the VIP after: not fixed', async (t) => {
  const directory = join(scratch(t), 'after');
  await mkdir(directory);
  // A capture of the right node in which nothing is.
  const empty = Buffer.alloc(24);
  empty.writeUInt32LE(0xa1b2c3d4, 0);
  empty.writeUInt16LE(2, 4);
  empty.writeUInt16LE(4, 6);
  empty.writeUInt32LE(262_144, 16);
  empty.writeUInt32LE(1, 20);
  await writeFile(join(directory, 'node2.pcap'), empty);
  const { status, stdout } = await returnpath(['diff', FAULTY, join(directory, 'node2.pcap'), ...VIP]);
  t.is(status, 1);
  t.regex(stdout.replace(/\s+/g, ' '), /^cannot tell: nothing of 192\.168\.1\.100 was captured after/);
  t.regex(stdout, /^not seen {2}rp-filter/m);
});

const REFUSED: [args: string[], words: RegExp][] = [
  [['diff'], /name BEFORE and AFTER/],
  [['diff', FAULTY], /name BEFORE and AFTER/],
  [['diff', FAULTY, MENDED, MENDED], /name BEFORE and AFTER/],
  [['diff', FAULTY, '--before', MENDED], /name BEFORE and AFTER/],
  [['diff', '--before', FAULTY], /name BEFORE and AFTER/],
  [['diff', '-', '-'], /standard input can be BEFORE or AFTER, and not both/],
  [['diff', '/nonexistent.json', MENDED], /\/nonexistent\.json: no such file/],
  [['diff', join(ROOT, 'package.json', 'before.json'), MENDED], /before\.json: .*not a directory/],
  [['diff', FAULTY, `/${'long'.repeat(100)}`], /long: .*name too long/],
  [['diff', join(ROOT, 'package.json'), MENDED], /package\.json: is JSON, but no analysis/],
  [['diff', FAULTY, MENDED, '--vip', 'banana'], /--vip banana/],
];

for (const [args, words] of REFUSED) {
  test(`refused in one line: ${args.map((arg) => arg.replace(ROOT, 'ROOT')).join(' ')}`, async (t) => {
    const { status, stdout, stderr } = await returnpath(args);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, words);
    t.is(stderr.split('\n').length, 2, 'one line');
  });
}

test('a prediction and a capture are not compared', async (t) => {
  const file = join(scratch(t), 'predicted.json');
  const { stdout } = await returnpath(['predict', ...bundlesIn(FAULTY), ...VIP, '--format', 'json']);
  await writeFile(file, stdout);
  const { status, stderr } = await returnpath(['diff', file, MENDED]);
  t.is(status, 2);
  t.regex(stderr, /one side is a prediction and the other is not/);
});

test('to a file, by its schema', async (t) => {
  const file = join(scratch(t), 'diff.json');
  const { status, stdout } = await returnpath(['diff', FAULTY, MENDED, '--format', 'json', '-o', file]);
  t.is(status, 0);
  t.is(stdout, '');
  const schema = JSON.parse((await returnpath(['schema', 'diff'])).stdout);
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);
  t.true(validate(JSON.parse(await readFile(file, 'utf8'))), JSON.stringify(validate.errors));
});

test('redacted: both sides alike, and no name of either', async (t) => {
  const { status, stdout } = await returnpath(['diff', FAULTY, MENDED, '--redact']);
  t.is(status, 0);
  t.regex(stdout, /^fixed: {3}rp-filter on node-\w{6} flannel\.1 is gone; 4 of 4 connections to/);
  t.regex(stdout, /redacted/);
  t.notRegex(stdout, /node[12]|192\.168\.1\.100/);
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { FORMATS } from '../../src/cli/print-analysis.js';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';
import { returnpath } from './run.js';

const GIVEN = [
  ['analyze', ...bundlesIn(fixture('rp-filter-intermittent')), '--vip', '192.168.1.100'],
  ['analyze', ...bundlesIn(fixture('healthy-masquerade'))],
  ['predict', ...bundlesIn(fixture('rp-filter-strict')), '--vip', '192.168.1.100'],
];

for (const args of GIVEN) {
  test(`${args[0]} ${args[1]!.slice(ROOT.length)}: again in every format, octet for octet, and its status`, async (t) => {
    const file = join(scratch(t), 'analysis.json');
    const { stdout: json } = await returnpath([...args, '--format', 'json']);
    await writeFile(file, json);
    for (const format of FORMATS) {
      for (const env of [{ FORCE_COLOR: '0' }, { FORCE_COLOR: '1' }]) {
        const [{ stdout, status }, again] = [
          await returnpath([...args, '--format', format], { env }),
          await returnpath(['report', file, '--format', format], { env }),
        ];
        t.is(again.stdout, stdout, format);
        t.is(again.status, status);
        t.is(again.stderr, '');
      }
    }
  });
}

test('from standard input, and compressed', async (t) => {
  const { stdout: json } = await returnpath([...GIVEN[0]!, '--format', 'json']);
  const expected = await returnpath(GIVEN[0]!);
  for (const input of [json, gzipSync(json)]) {
    const { stdout, status } = await returnpath(['report', '-'], { input });
    t.is(stdout, expected.stdout);
    t.is(status, 1);
  }
});

test('Markdown is as long as it may be', async (t) => {
  const { stdout, status } = await returnpath([...GIVEN[0]!, '--format', 'markdown', '--max-length', '3000']);
  t.is(status, 1);
  t.true(stdout.length <= 3000);
  t.regex(stdout, /^\*\*FAULT:\*\* /);
  t.regex(stdout, /Left out, for 3000 characters at most: /);
});

const FAULTY = fixture('rp-filter-strict');

const REFUSED: [args: string[], words: RegExp][] = [
  [['report'], /name an analysis to read; see: returnpath report --help/],
  [['report', '/nonexistent.json'], /^returnpath: \/nonexistent\.json: no such file$/],
  [['report', ROOT], /: is a directory$/],
  [['report', join(FAULTY, 'node1.tar.gz')], /node1\.tar\.gz: is no analysis: /],
  [['report', join(ROOT, 'package.json')], /package\.json: is JSON, but no analysis: /],
  [['report', join(FAULTY, 'truth.json')], /truth\.json: is JSON, but no analysis: /],
  [['report', '-'], /^returnpath: standard input: is empty$/],
  [['report', 'x.json', '--max-length', '3000'], /--max-length is for --format markdown alone/],
  [['report', 'x.json', '--format', 'markdown', '--max-length', '10'], /--max-length 10: .* from 200 on is/],
  [['report', 'x.json', '--format', 'markdown', '--max-length', 'long'], /--max-length long: is no number/],
];

for (const [args, words] of REFUSED) {
  test(`refused in one line: ${args.map((arg) => arg.replace(ROOT, 'ROOT')).join(' ')}`, async (t) => {
    const { status, stdout, stderr } = await returnpath(args);
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr.trimEnd(), words);
    t.is(stderr.split('\n').length, 2, 'one line');
  });
}

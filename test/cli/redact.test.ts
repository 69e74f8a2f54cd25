/** `--redact`: keys, and that one key makes the same of two runs, and of an analysis and its report. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { FORMATS } from '../../src/cli/print-analysis.js';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { returnpath } from './run.js';

const GIVEN = bundlesIn(fixture('rp-filter-strict'));
const ORIGINAL = /\bnode[12]\b|192\.168\.1\.100|10\.0\.0\.5\b/;
const KEY = { RETURNPATH_REDACT_KEY: 'a key for the tests' };

test('in every format, from analyze and from report, and alike under one key', async (t) => {
  const directory = scratch(t);
  const [plain, key] = [join(directory, 'plain.json'), join(directory, 'key')];
  await writeFile(plain, (await returnpath(['analyze', ...GIVEN, '--format', 'json'])).stdout);
  await writeFile(key, `${KEY.RETURNPATH_REDACT_KEY}\n`);
  for (const format of FORMATS) {
    const once = await returnpath(['analyze', ...GIVEN, '--redact', '--format', format], { env: KEY });
    const again = await returnpath(['report', plain, '--redact', '--redact-key', key, '--format', format]);
    t.is(once.status, 1);
    t.is(again.status, 1);
    t.is(again.stdout, once.stdout, format);
    t.notRegex(once.stdout, ORIGINAL);
    t.regex(once.stdout, /redacted/);
  }
});

test('names that stand in no path of the result are known in its sentences', async (t) => {
  const directory = scratch(t);
  for (const archive of bundlesIn(fixture('reply-asked-in-vain'))) {
    execFileSync('tar', ['-xzf', archive, '-C', directory]);
  }
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((one) =>
    one.isFile(),
  );
  for (const { parentPath, name } of files) {
    if (name.endsWith('.pcap')) continue;
    const path = join(parentPath, name);
    writeFileSync(path, readFileSync(path, 'latin1').replaceAll(/\beno3\b/g, 'acmehq'), 'latin1');
  }
  for (const format of FORMATS) {
    for (const attempts of ['none', 'all', null]) {
      const listing = attempts === null ? [] : ['--attempts', attempts];
      const args = ['analyze', directory, ...listing, '--format', format];
      if (attempts === 'all') t.regex((await returnpath(args)).stdout, /acmehq/, format);
      const { stdout } = await returnpath([...args, '--redact'], { env: KEY });
      t.regex(stdout, /redacted/);
      t.notRegex(stdout, /acmehq/, `${format}, ${attempts}`);
      if (attempts === 'none' && format === 'json') t.deepEqual(JSON.parse(stdout).attempts, []);
    }
  }
});

test('without a key each run is another', async (t) => {
  const run = async () => (await returnpath(['analyze', ...GIVEN, '--redact', '--format', 'json'])).stdout;
  t.not(await run(), await run());
});

test('predictions, and evidence', async (t) => {
  const { stdout } = await returnpath(['predict', ...GIVEN, '--vip', '192.168.1.100', '--redact']);
  t.regex(stdout, /node-\w{6}/);
  t.notRegex(stdout, ORIGINAL);
  const directory = join(scratch(t), 'evidence');
  await returnpath(['analyze', ...GIVEN, '--redact', '--evidence', directory]);
  t.deepEqual(readdirSync(directory), ['f1-rp-filter.pcapng', 'f1-rp-filter.txt']);
});

test('attach: the report alone, and with a key, by which it is known again', async (t) => {
  const directory = scratch(t);
  const file = join(directory, 'analysis.json');
  await writeFile(file, (await returnpath(['analyze', ...GIVEN, '--format', 'json'])).stdout);
  const args = ['attach', file, 'https://github.com/a/b/issues/1', '--dry-run', '--redact'];
  const token = { GITHUB_TOKEN: 'x' };
  const without = await returnpath(args, { env: token });
  t.is(without.status, 2);
  t.regex(without.stderr, /^returnpath: --redact: .* --redact-key, or set RETURNPATH_REDACT_KEY\n$/);
  const { status, stdout, stderr } = await returnpath([...args, '--file', file], {
    env: { ...token, ...KEY },
  });
  t.is(status, 0);
  t.regex(stderr, /files go as they are/);
  t.notRegex(stdout, ORIGINAL);
});

const REFUSED: [args: string[], env: Record<string, string>, words: RegExp][] = [
  [['--redact-key', 'key'], {}, /--redact-key is for --redact alone/],
  [['--redact', '--redact-key', '/nonexistent'], {}, /--redact-key \/nonexistent: cannot be read: /],
  [
    ['--redact'],
    { RETURNPATH_REDACT_KEY: 'short' },
    /RETURNPATH_REDACT_KEY: has 5 octets; a secret has 16 at least/,
  ],
];

for (const [args, env, words] of REFUSED) {
  test(`refused in one line: ${args.join(' ')} ${JSON.stringify(env)}`, async (t) => {
    const { status, stdout, stderr } = await returnpath(['analyze', ...GIVEN, ...args], { env });
    t.is(status, 2);
    t.is(stdout, '');
    t.regex(stderr, words);
    t.is(stderr.split('\n').length, 2, 'one line');
  });
}

test('attach: a file that is missing is told before a token that is', async (t) => {
  const { stderr } = await returnpath(['attach', '/nonexistent.json', 'https://github.com/a/b/issues/1'], {
    env: { GITHUB_TOKEN: '', GH_TOKEN: '' },
  });
  t.regex(stderr, /^returnpath: \/nonexistent\.json: no such file\n$/);
});

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture, ROOT } from '../support.js';
import { returnpath } from './run.js';

const STRICT = bundlesIn(fixture('rp-filter-strict'));

for (const format of ['terminal', 'json', 'html']) {
  test(`--output holds what is printed: ${format}`, async (t) => {
    const file = join(scratch(t), 'report');
    const args = ['analyze', ...STRICT, '--format', format];
    const printed = await returnpath(args);
    const written = await returnpath([...args, '--output', file]);
    t.is(written.status, 1);
    t.is(written.stdout, '');
    t.is(readFileSync(file, 'utf8'), printed.stdout);
    t.deepEqual(readdirSync(join(file, '..')), ['report'], 'nothing is left beside it');
  });
}

test('the page names its cause in the title and holds no colours', async (t) => {
  const { status, stdout } = await returnpath(['analyze', ...STRICT, '--format', 'html']);
  t.is(status, 1);
  t.regex(stdout, /^<!doctype html>/);
  t.regex(stdout, /<title>FAULT: rp-filter \(confirmed\) – returnpath<\/title>/);
  t.false(stdout.includes('\u001b'));
});

test('predict makes a page as well', async (t) => {
  const { status, stdout } = await returnpath([
    ...['predict', ...STRICT, '--vip', '192.168.1.100'],
    ...['--format', 'html'],
  ]);
  t.is(status, 0);
  t.regex(stdout, /<h2 id="ways-heading">Ways<\/h2>/);
});

test('what was there is replaced, its mode and a link to it stay', async (t) => {
  const directory = scratch(t);
  const file = join(directory, 'old.html');
  writeFileSync(file, 'old');
  chmodSync(file, 0o640);
  symlinkSync('old.html', join(directory, 'link.html'));
  const { status } = await returnpath([
    'analyze',
    ...STRICT,
    '--format',
    'html',
    '-o',
    join(directory, 'link.html'),
  ]);
  t.is(status, 1);
  t.regex(readFileSync(file, 'utf8'), /^<!doctype html>/);
  t.is(statSync(file).mode & 0o777, 0o640);
  t.deepEqual(readdirSync(directory).sort(), ['link.html', 'old.html']);
});

test('an input is never written over, however it is named', async (t) => {
  const directory = scratch(t);
  const bundle = join(directory, 'node1.tar.gz');
  copyFileSync(STRICT[0]!, bundle);
  symlinkSync('node1.tar.gz', join(directory, 'link'));
  for (const output of [bundle, join(directory, 'link')]) {
    const { status, stderr } = await returnpath(['analyze', bundle, '-o', output]);
    t.is(status, 2);
    t.regex(stderr, /is one of the inputs; write to another file\n$/);
  }
  t.deepEqual(readFileSync(bundle), readFileSync(STRICT[0]!));
});

test('a directory, or a file in none, is refused before the work', async (t) => {
  const directory = scratch(t);
  const refused: [string, RegExp][] = [
    [directory, /is a directory; name a file to write\n$/],
    [join(directory, 'none', 'report.html'), /cannot be written: its directory does not exist\n$/],
  ];
  for (const [output, said] of refused) {
    const { status, stderr } = await returnpath(['analyze', ...STRICT, '-o', output]);
    t.is(status, 2);
    t.regex(stderr, said);
  }
});

test('a directory that takes no file is refused before the work, whether it is written beside or in place', (t) => {
  const directory = scratch(t);
  const old = join(directory, 'old');
  writeFileSync(old, 'old');
  chmodSync(old, 0o444);
  chmodSync(directory, 0o555);
  t.teardown(() => chmodSync(directory, 0o755));
  // Root may write anywhere.
  const who = process.getuid!() === 0 ? { uid: 65534, gid: 65534 } : {};
  for (const command of ['analyze', 'merge']) {
    for (const output of [join(directory, 'new'), old]) {
      const args = ['bin/returnpath.js', command, ...STRICT, '-o', output];
      const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', ...who });
      t.is(status, 2);
      t.is(stderr, `returnpath: ${output}: cannot be written: permission denied\n`);
    }
  }
});

test('what the system refuses is told in words', async (t) => {
  const directory = scratch(t);
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const refused: [string[], string][] = [
    [
      ['-o', '/proc/report'],
      '/proc/report: cannot be written: its directory does not exist, or takes no files',
    ],
    [
      ['--evidence', join(directory, 'none', 'here')],
      `--evidence ${join(directory, 'none', 'here')}: cannot be made: its directory does not exist, or takes no files`,
    ],
    [['--evidence', file], `--evidence ${file}: is no directory; name one`],
    [['--redact', '--redact-key', directory], `--redact-key ${directory}: cannot be read: is a directory`],
  ];
  for (const [args, line] of refused) {
    const { status, stdout, stderr } = await returnpath(['analyze', ...STRICT, ...args]);
    t.deepEqual([status, stdout], [2, '']);
    t.is(stderr, `returnpath: ${line}\n`);
  }
});

test('a full device behind standard output is told in words', (t) => {
  const program = `'${process.execPath}' bin/returnpath.js schema > /dev/full`;
  const { status, stderr } = spawnSync('sh', ['-c', program], { cwd: ROOT, encoding: 'utf8' });
  t.is(status, 2);
  t.is(stderr, 'returnpath: standard output cannot be written: no space is left on the device\n');
});

test('what is wrong with an input leaves the file as it was', async (t) => {
  const file = join(scratch(t), 'report.html');
  writeFileSync(file, 'old');
  const { status } = await returnpath(['analyze', fixture('README.md'), '--format', 'html', '-o', file]);
  t.is(status, 2);
  t.is(readFileSync(file, 'utf8'), 'old');
});

test('- is standard output, and a pipe is written to as it is', async (t) => {
  const dashed = await returnpath(['analyze', ...STRICT, '--format', 'json', '-o', '-']);
  t.is(JSON.parse(dashed.stdout).schema, 'returnpath-analysis/1');
  const pipe = join(scratch(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = spawn('cat', [pipe]);
  let read = '';
  reader.stdout.setEncoding('utf8').on('data', (text) => {
    read += text;
  });
  const closed = once(reader, 'close');
  await returnpath(['analyze', ...STRICT, '--format', 'json', '-o', pipe]);
  await closed;
  t.is(read, dashed.stdout);
});

test('nothing of what is told is lost on a reader that is slow', async (t) => {
  // More than a pipe has room for, on either stream.
  const absent = Array.from({ length: 2500 }, (_, i) => `n${i}=/no/such/capture-${i}.pcap`);
  const args = ['analyze', ...STRICT, ...absent, '--keep-going', '--format', 'json'];
  const child = spawn(process.execPath, ['bin/returnpath.js', ...args], { cwd: ROOT });
  let printed = '';
  let told = '';
  const [status] = await Promise.all([
    once(child, 'close'),
    (async () => {
      await setTimeout(3000);
      child.stdout.setEncoding('utf8').on('data', (text) => {
        printed += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text) => {
        told += text;
      });
    })(),
  ]);
  t.is(status[0], 1);
  t.is(told.trim().split('\n').length, 2500);
  t.true(JSON.parse(printed).gaps.length >= 2500);
});

/** What `live`, `watch` and `attach` are told wrongly: one clear line each, before anything is recorded or sent. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { scratch } from '../scratch.js';
import { returnpath } from './run.js';

const NODE = ['--node', 'n1=netns://no-such-place', '--duration', '1'];

test('an earlier recording is not written over', async (t) => {
  const out = scratch(t);
  const log = join(out, 'n1', 'drops.txt');
  mkdirSync(join(out, 'n1'));
  writeFileSync(log, 'of another incident');
  const { status, stdout, stderr } = await returnpath(['live', ...NODE, '--out', out]);
  t.deepEqual([status, stdout], [2, '']);
  t.is(stderr, `returnpath: --out: ${join(out, 'n1')} is not empty; name another directory\n`);
  t.is(readFileSync(log, 'utf8'), 'of another incident');
});

test('attach without an incident', async (t) => {
  const { status, stderr } = await returnpath(['attach', 'analysis.json']);
  t.is(status, 2);
  t.is(stderr, 'returnpath: name an analysis, and the address of the incident; see: returnpath --help\n');
});

test('no node is named', async (t) => {
  for (const command of ['live', 'watch']) {
    const { status, stderr } = await returnpath([command]);
    t.is(status, 2);
    t.is(stderr, 'returnpath: name the nodes with --node NAME=TRANSPORT; see: returnpath --help\n');
  }
});

test('a webhook with a password in its address: it is not shown', async (t) => {
  const { status, stderr } = await returnpath([
    'watch',
    ...NODE,
    '--webhook',
    'https://me:sEcReT@hook.example/x',
  ]);
  t.is(status, 2);
  t.is(stderr, 'returnpath: --webhook: a name or password before its host is not taken\n');
});

/** Which attempts a result lists, of captures that have more connections than are kept whole. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { type AnalyzeOptions, analyze } from '../../../src/analyze.js';
import type { Analysis } from '../../../src/model/analysis.js';
import { generate } from '../../bench/generate.js';
import { scratch } from '../../scratch.js';

const VIP = '192.168.0.0';
const OPTIONS: AnalyzeOptions = { vips: [], keepGoing: false, attempts: 'default', warn: () => {} };

let directory = '';
let path = '';
test.before(() => {
  directory = scratch();
  path = join(directory, 'many.pcap');
  generate(path, { flows: 30_000, segments: 0, payload: 0, concurrent: 1000, link: 'ethernet' }, 1);
});
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

function totalOf({ totals }: Analysis): number {
  return totals.flatMap(({ outcomes }) => Object.values(outcomes)).reduce((sum, count) => sum + count, 0);
}

function namesOf({ attempts }: Analysis): string[] {
  return attempts.map(({ id, client, outcome }) => `${id} ${client.address} ${client.port} ${outcome}`);
}

test('of a VIP with fewer than ten thousand all are listed, whatever else there is', async (t) => {
  const gz = join(directory, 'many.pcap.gz');
  writeFileSync(gz, gzipSync(readFileSync(path), { level: 1 }));
  const archive = join(directory, 'node.tar');
  execFileSync('tar', ['-cf', archive, '-C', directory, 'many.pcap']);
  const known = await analyze([path], { ...OPTIONS, vips: [VIP], attempts: 'all' });
  t.true(totalOf(known) > 50 && totalOf(known) < 500, `${totalOf(known)}`);
  for (const input of [path, gz, archive]) {
    for (const filterOctets of [0, Number.POSITIVE_INFINITY]) {
      const analysis = await analyze([input], { ...OPTIONS, vips: [VIP], filterOctets });
      t.deepEqual(analysis.totals, known.totals);
      t.deepEqual(namesOf(analysis), namesOf(known));
    }
  }
});

test('of more, those that failed are', async (t) => {
  const { attempts, totals } = await analyze([path], OPTIONS);
  const [{ outcomes }] = totals as [Analysis['totals'][number]];
  t.true(outcomes.established > 20_000);
  t.is(attempts.length, 30_000 - outcomes.established);
});

test('connections that fail at random, among very many that are made, have no pattern', async (t) => {
  const { findings } = await analyze([path], OPTIONS);
  t.true(findings.some(({ severity }) => severity === 'fault'));
  for (const { patterns } of findings) t.is(patterns, undefined);
});

/** Every packet counts once, however often its capture was given. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { analyze } from '../../../src/analyze.js';
import { scratch } from '../../scratch.js';
import { has } from '../../support.js';
import { recordedFile } from '../recorded.js';

async function analyzed(inputs: string[]) {
  const warnings: string[] = [];
  const options = { vips: [], keepGoing: false, attempts: 'all' as const };
  const analysis = await analyze(inputs, { ...options, warn: (line) => warnings.push(line) });
  return { ...analysis, warnings };
}

/** Writes captures of two nodes, each of its own name. */
function captures(directory: string): [string, string] {
  return [1, 2].map((n) => {
    const path = join(directory, `node${n}.pcap`);
    writeFileSync(path, recordedFile('rp-filter-intermittent', `node${n}.tar.gz`, `node${n}/any.pcap`));
    return path;
  }) as [string, string];
}

test('the same file under another name, compressed or converted', async (t) => {
  const directory = scratch(t);
  const [one, two] = captures(directory);
  const alone = await analyzed([one, two]);
  const copy = join(directory, 'copy of node1.pcap');
  const packed = join(directory, 'node1-again.pcap.gz');
  copyFileSync(one, copy);
  writeFileSync(packed, gzipSync(readFileSync(one)));
  const copies = [copy, packed];
  if (has(['editcap'])) {
    copies.push(join(directory, 'converted.pcapng'));
    execFileSync('editcap', ['-F', 'pcapng', one, copies.at(-1)!]);
  }
  const { warnings, ...again } = await analyzed([one, two, ...copies]);
  const { warnings: _, ...before } = alone;
  t.is(warnings.length, copies.length);
  for (const [i, warning] of warnings.entries()) {
    t.is(warning, `${copies[i]}: holds the same packets as ${one} (node1's), and each counts once`);
  }
  t.deepEqual(
    again.gaps.slice(0, copies.length).map(({ why }) => why.split(':')[0]),
    copies,
  );
  t.deepEqual({ ...again, gaps: again.gaps.slice(copies.length) }, before);
});

test('interfaces that see the same are two all the same', async (t) => {
  const directory = join(scratch(t), 'node1');
  mkdirSync(directory);
  const capture = recordedFile('wrong-gateway-ethernet', 'lb-3.tar.gz', 'lb-3/ens18.pcap');
  for (const name of ['eth0', 'bond0']) writeFileSync(join(directory, `${name}.pcap`), capture);
  const { inputs, warnings } = await analyzed([directory]);
  t.is(inputs.length, 2);
  t.deepEqual(warnings, []);
});

/** A capture in several files is one, wherever the seams are, and packets that two captures hold count once. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { analyze } from '../../../src/analyze.js';
import type { Analysis } from '../../../src/model/analysis.js';
import { scratch } from '../../scratch.js';
import { capturesIn, keep, packetsOf, unpackedBundles } from '../recorded.js';

async function analyzed(inputs: string[]): Promise<Analysis> {
  return analyze(inputs, { vips: [], keepGoing: false, attempts: 'all', warn: () => {} });
}

const SCENARIOS = [
  'rp-filter-intermittent',
  'arp-conflict-two-speakers',
  'wrong-gateway-udp',
  'untranslated-ethernet',
  'stateful-gateway',
];

/** Where the packets of a file were before it was split. */
type Origins = Map<string, { file: string; before: number }>;

/**
 * Splits a capture, at shares of its packets, to files as tcpdump -C writes them.
 *
 * @param until s; behind that no file begins
 */
function split(path: string, shares: readonly number[], origins: Origins, until: number): void {
  const whole = readFileSync(path);
  const packets = packetsOf(whole);
  const count = packets.length;
  const most = packets.filter(({ bytes }) => bytes.readUInt32LE(0) < until).length;
  const cuts = [0, ...shares.map((share) => Math.floor(share * most)).sort((a, b) => a - b), count];
  rmSync(path);
  for (const [n, from] of cuts.slice(0, -1).entries()) {
    const part = n === 0 ? path : `${path}${n}`;
    const to = cuts[n + 1]!;
    if (from === to) continue;
    writeFileSync(
      part,
      keep(whole, (_, i) => i >= from && i < to),
    );
    origins.set(part, { file: path, before: from });
  }
}

/**
 * What does not depend on how captures are cut to files, in the files' own numbers before they were. An ACK whose SYN is
 * in the file before is no part of a handshake, and tells less of the clocks.
 */
function essence(analysis: Analysis, origins: Origins) {
  const { inputs: _, clocks: __, gaps, attempts, findings, owners, ...rest } = analysis;
  const restored = JSON.stringify({ attempts, findings, gaps, owners }, (key, value) => {
    // Of each file's like messages some are kept.
    if (key === 'claims') return undefined;
    const origin = value && typeof value === 'object' && origins.get(value.file);
    if (!origin) return value;
    return {
      ...value,
      file: origin.file,
      packet: value.packet == null ? null : value.packet + origin.before,
    };
  });
  return { ...rest, ...(JSON.parse(restored) as object) };
}

/** When the first connection began that gets no further than its handshake, s: what follows that is told of within a file. */
function beginningOfVain({ attempts, findings }: Analysis): number {
  const failed = new Set(findings.flatMap((f) => (f.severity === 'fault' ? f.attempts : [])));
  const vain = attempts.filter(({ id, outcome }) => failed.has(id) && outcome === 'established');
  return Math.min(...vain.map(({ firstTime }) => Math.floor(Date.parse(firstTime!) / 1000)));
}

/** Two measurements of the same clocks: no further apart than both may be from the truth. */
function sameClocks(t: ExecutionContext, some: Analysis, others: Analysis): void {
  for (const [i, one] of some.clocks.entries()) {
    const other = others.clocks[i]!;
    t.is(one.node, other.node);
    if (one.uncertaintyNs === null || other.uncertaintyNs === null) continue;
    const apart = Math.abs(one.offsetNs! - other.offsetNs!);
    t.true(apart <= one.uncertaintyNs + other.uncertaintyNs, `${apart} ns`);
  }
}

for (const scenario of SCENARIOS) {
  test.serial(`${scenario}: a rotated capture is one, in the order of its times`, async (t) => {
    const directory = scratch(t);
    const bundles = await unpackedBundles(scenario, directory);
    const analysis = await analyzed(bundles);
    const whole = essence(analysis, new Map());
    const until = beginningOfVain(analysis);
    const originals = new Map(capturesIn(bundles).map((path) => [path, readFileSync(path)]));
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.nat(1000).map((thousandths) => thousandths / 1000),
          { maxLength: 12 },
        ),
        async (shares) => {
          const origins: Origins = new Map();
          for (const [path, octets] of originals) {
            writeFileSync(path, octets);
            split(path, shares, origins, until);
          }
          const rotated = await analyzed(bundles);
          for (const part of origins.keys()) rmSync(part);
          t.deepEqual(essence(rotated, origins), whole);
          sameClocks(t, rotated, analysis);
        },
      ),
      { numRuns: 4 },
    );
  });
}

for (const scenario of SCENARIOS) {
  test.serial(`${scenario}: what two captures of one interface both hold counts once`, async (t) => {
    const directory = scratch(t);
    const bundles = await unpackedBundles(scenario, directory);
    const whole = essence(await analyzed(bundles), new Map());
    const origins: Origins = new Map();
    for (const path of capturesIn(bundles)) {
      const octets = readFileSync(path);
      const count = packetsOf(octets).length;
      const [from, to] = [Math.floor(count / 4), Math.floor((3 * count) / 4)];
      const again = path.replace(/\.pcap$/, '.pcap1');
      writeFileSync(
        path,
        keep(octets, (_, i) => i < to),
      );
      writeFileSync(
        again,
        keep(octets, (_, i) => i >= from),
      );
      origins.set(path, { file: path, before: 0 });
      origins.set(again, { file: path, before: from });
    }
    const analysis = await analyzed(bundles);
    const gaps = analysis.gaps.filter(({ why }) => !why.includes('overlaps another capture'));
    t.true(gaps.length < analysis.gaps.length);
    t.deepEqual(essence({ ...analysis, gaps }, origins), whole);
  });
}

/** As tcpdump -W names them where -w has no ending. */
function splitNumbered(path: string, before: string, parts: number): string[] {
  const whole = readFileSync(path);
  const size = Math.ceil(packetsOf(whole).length / parts);
  return Array.from({ length: parts }, (_, n) => {
    const part = `${before}0${n}`;
    writeFileSync(
      part,
      keep(whole, (_packet, i) => Math.floor(i / size) === n),
    );
    return part;
  });
}

test('numbered captures without an ending are of one node, in any order', async (t) => {
  const directory = scratch(t);
  const [bundle] = await unpackedBundles('wrong-gateway-one-lan', directory);
  const parts = splitNumbered(join(bundle!, 'ens18.pcap'), join(directory, 'ens18'), 4);
  const { inputs, findings } = await analyzed(parts.toReversed());
  t.deepEqual([...new Set(inputs.map(({ node }) => node))], ['ens18']);
  t.deepEqual(
    findings.map(({ cause, node, interface: name, attempts }) => [cause, node, name, attempts.length]),
    [['wrong-gateway', 'ens18', 'ens18', 3]],
  );
});

test('numbered captures that were recorded at one time are of several nodes', async (t) => {
  const directory = scratch(t);
  const bundles = await unpackedBundles('rp-filter-intermittent', directory);
  const files = bundles.map((bundle, n) => {
    const path = join(directory, `capture${n}`);
    writeFileSync(path, readFileSync(join(bundle, 'any.pcap')));
    return path;
  });
  const { inputs } = await analyzed(files);
  t.deepEqual(
    inputs.map(({ node }) => node),
    ['capture0', 'capture1'],
  );
});

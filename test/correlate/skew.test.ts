import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { shift, unpack } from './recorded.js';

const QUIET = { vips: ['192.168.1.100'], keepGoing: false, attempts: 'all', warn: () => {} } as const;

/** All that must not depend on the clocks. */
function timeless(analysis: Analysis) {
  return {
    findings: analysis.findings.map(({ cause, confidence, severity, node, interface: name, fix }) => ({
      cause,
      confidence,
      severity,
      node,
      name,
      fix,
    })),
    attempts: analysis.attempts
      .map(({ client, server, outcome, tries, path }) => ({
        client,
        server,
        outcome,
        tries,
        path: path.map((s) => `${s.role} ${s.try} ${s.node} ${s.interface} ${s.direction} ${s.packet}`),
      }))
      .sort((a, b) => a.client.port! - b.client.port!),
    totals: analysis.totals,
  };
}

const SCENARIOS = ['rp-filter-strict', 'healthy-masquerade', 'refused-backend', 'rp-filter-intermittent'];
const SKEWS: [string, bigint, number][] = [
  ['37 s ahead with 40 ppm drift', 37_000_000_000n, 40],
  ['37 s behind with 40 ppm drift', -37_000_000_000n, -40],
  ['3 ms behind', -3_000_000n, 0],
  ['an hour ahead', 3_600_000_000_000n, 0],
];

for (const scenario of SCENARIOS) {
  test(`${scenario}: a node's clock that is off changes nothing but the times`, async (t) => {
    const directory = scratch(t);
    for (const node of ['node1', 'node2']) await unpack(fixture(scenario, `${node}.tar.gz`), directory);
    const file = scenario === 'refused-backend' ? 'any.pcap.gz' : 'any.pcap';
    const packed = await readFile(join(directory, 'node2', file));
    const pcap = file.endsWith('.gz') ? gunzipSync(packed) : packed;
    const truth = await analyze([join(directory, 'node1'), join(directory, 'node2')], QUIET);
    t.true(truth.attempts.length > 0);
    for (const [name, offset, drift] of SKEWS) {
      const skewed = join(directory, `skewed`);
      await rm(skewed, { recursive: true, force: true });
      await cp(join(directory, 'node2'), skewed, { recursive: true });
      await rm(join(skewed, file));
      await writeFile(join(skewed, 'any.pcap'), shift(pcap, offset, drift));
      const analysis = await analyze([join(directory, 'node1'), skewed], QUIET);
      t.deepEqual(timeless(analysis), timeless(truth), name);
      const [, clock] = analysis.clocks;
      const error = BigInt(clock!.offsetNs!) - BigInt(truth.clocks[1]!.offsetNs!) - offset;
      t.true(error > -1_000_000n && error < 1_000_000n, `${name}: off by ${error} ns`);
    }
  });
}

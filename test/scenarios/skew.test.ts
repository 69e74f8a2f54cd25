import { execFileSync } from 'node:child_process';
import { cp, stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { skewBundle } from '../correlate/skewed.js';
import { SCENARIOS } from '../lab/scenarios/index.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { bundlesIn, readTruth } from './truth.js';

/** What is found, by whatever clock. */
function found({ findings, totals }: Analysis) {
  return {
    totals,
    findings: findings.map(
      ({ cause, confidence, severity, node, interface: name, attempts, alternatives, slow }) => ({
        cause,
        confidence,
        severity,
        node,
        name,
        attempts: attempts.length,
        slow,
        alternatives: alternatives.map((alternative) => alternative.cause),
      }),
    ),
  };
}

/** The bundle's own directory, as a copy. */
async function unpacked(bundle: string, into: string): Promise<string> {
  if ((await stat(bundle)).isDirectory()) {
    const copy = join(into, bundle.split('/').at(-1)!);
    await cp(bundle, copy, { recursive: true });
    return copy;
  }
  execFileSync('tar', ['-xf', bundle, '-C', into]);
  return join(into, bundle.split('/').at(-1)!.split('.')[0]!);
}

for (const scenario of SCENARIOS) {
  const directory = fixture(scenario.name);
  const bundles = bundlesIn(directory);
  if (bundles.length < 2) continue;

  test.serial(
    `${scenario.name}: a clock that is 37 s off and drifts by 40 ppm changes no finding`,
    async (t) => {
      const options = {
        vips: [readTruth(directory).vip],
        keepGoing: false,
        attempts: 'all',
        warn: () => {},
      } as const;
      const expected = found(await analyze(bundles, options));
      const root = scratch(t);
      const skewed = await unpacked(bundles.at(-1)!, root);
      skewBundle(skewed, 37_000_000_000n, 40);
      const analysis = await analyze([...bundles.slice(0, -1), skewed], options);
      t.deepEqual(found(analysis), expected);
      if (process.env.SHOW) t.log(JSON.stringify(analysis.clocks));
    },
  );
}

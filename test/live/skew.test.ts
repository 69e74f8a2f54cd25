/** Nodes whose clocks disagree, recorded at once: what is found is the same. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import { live } from '../../src/live/live.js';
import { DEFAULTS } from '../../src/live/recording.js';
import type { Transport } from '../../src/live/transport.js';
import type { Analysis } from '../../src/model/analysis.js';
import { skewBundle } from '../correlate/skewed.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { found } from './found.js';

const REPLAY = fileURLToPath(new URL('./replay.js', import.meta.url));
const NODES = ['node1', 'node2'];
const SKEW_NS = 37_000_000_000n;

/** A node that sends what was recorded of it. */
function replaying(directory: string): Transport {
  return { name: 'replay', argv: () => [process.execPath, REPLAY, directory] };
}

function outcomes({ totals }: Analysis): unknown {
  return totals.map(({ vip, protocol, outcomes: counts }) => ({ vip, protocol, counts }));
}

const CASES: readonly [scenario: string, offset: bigint][] = [
  ['rp-filter-strict', SKEW_NS],
  ['untranslated-loose', -SKEW_NS],
  ['healthy-masquerade', SKEW_NS],
];
for (const [name, offset] of CASES) {
  test(`${name}: a clock that is ${offset / 1_000_000_000n} s off changes no finding`, async (t) => {
    t.timeout(120_000);
    const root = scratch(t);
    for (const bundle of bundlesIn(fixture(name))) execFileSync('tar', ['-xf', bundle, '-C', root]);
    const directories = NODES.map((node) => join(root, node));
    // No script sends them.
    for (const directory of directories) rmSync(join(directory, 'kube'), { recursive: true, force: true });
    const { vip } = readTruth(fixture(name));
    const options = { vips: [vip], keepGoing: false, attempts: 'default', warn: () => {} } as const;
    const expected = await analyze(directories, options);
    skewBundle(directories[1]!, offset, 0);
    const ended = new AbortController();
    const analysis = await live({
      nodes: NODES.map((node, i) => ({ name: node, transport: replaying(directories[i]!) })),
      recording: { ...DEFAULTS, seconds: 0, vips: [vip] },
      out: null,
      window: null,
      probe: null,
      version: '1',
      signal: ended.signal,
      onMessage: (message) => t.log(message),
      onView: ({ nodes }) => {
        if (nodes.every(({ packets }) => packets > 0)) ended.abort();
      },
    });
    t.deepEqual(found(analysis), found(expected));
    t.deepEqual(outcomes(analysis), outcomes(expected));
    const clock = analysis.clocks.find(({ node }) => node === NODES[1]);
    t.is(Math.round(Number(clock?.offsetNs) / 1e9), Number(offset / 1_000_000_000n));
  });
}

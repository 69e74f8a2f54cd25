import fc from 'fast-check';
import { compareArp, emptyComparison, REQUESTS } from './arp-differential.js';
import { arpGround, POLICY } from './arp-ground.js';
import { anySettings, combinations } from './arp-settings.js';
import { testOnSegment } from './gate.js';
import type { Settings } from './segment.js';

const test = testOnSegment();

// The model against the running kernel. RETURNPATH_ARP_SETTINGS asks for more than these settings at random, and
// `all` for every combination of the main ones as well.
const WANTED = process.env.RETURNPATH_ARP_SETTINGS ?? '16';
const SEED = Number(process.env.RETURNPATH_KERNEL_SEED ?? 1);

const drawn = fc.sample(anySettings, { numRuns: WANTED === 'all' ? 200 : Number(WANTED), seed: SEED });
const every = [...combinations()];
const tried: readonly Settings[] =
  WANTED === 'all' ? [...every, ...drawn] : [...every.filter((_, i) => i % 30 === SEED % 30), ...drawn];

for (const [name, policy] of [
  ['the default rules', []],
  ['policy rules', POLICY],
] as const) {
  test(`the model answers ARP as the kernel does, with ${name}`, async (t) => {
    t.timeout(3_600_000);
    const segment = await arpGround();
    try {
      segment.ip(segment.node, policy);
      const snapshot = segment.snapshot();
      const into = emptyComparison();
      for (const settings of tried) await compareArp(segment, snapshot, settings, REQUESTS, into);
      t.log(
        `${tried.length} settings, ${into.asked} requests, ${into.unsure} unsure`,
        Object.fromEntries(into.by),
      );
      t.deepEqual(into.mismatches.slice(0, 20), []);
      t.true(into.unsure < into.asked / 10, 'answers that rest on assumptions are not compared');
      for (const by of ['own-address', 'proxy', 'proxy-entry', 'none']) t.true(into.by.has(by), by);
    } finally {
      segment.remove();
    }
  });
}

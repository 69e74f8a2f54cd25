/** Each fix that is proposed for a recording, carried out and taken back: a real kernel is then as it was. */
import { existsSync } from 'node:fs';
import { analyze } from '../../src/analyze.js';
import type { Fix } from '../../src/model/analysis.js';
import { testSideBySide } from '../gates.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { Lanes } from './lanes.js';
import { statesWith } from './remedy.js';
import { SCENARIOS } from './scenarios/index.js';

const test = testSideBySide('nft', 'iptables');

const lanes = new Lanes(4);

/** Many recordings have one and the same fix, or one that differs in addresses and names alone. */
const seen = new Set<string>();

function isNew({ commands }: Fix): boolean {
  const kind = commands.map(({ command }) => command.replace(/[\w:]*[.:][\w.:/-]*|\d+/g, 'N')).join('\n');
  return !seen.has(kind) && seen.add(kind).size > 0;
}

test('what is proposed is taken back whole', async (t) => {
  t.timeout(600_000);
  let taken = 0;
  const check = async (name: string, fix: Fix) => {
    const scenario = SCENARIOS.find((one) => one.name === name)!;
    // What changes while the client runs would be different things.
    const { before, with: then, after } = await lanes.run(() => statesWith(scenario, fix));
    t.notDeepEqual(then, before, `${name}: ${JSON.stringify(fix.commands)}`);
    t.deepEqual(after, before, `${name}: ${JSON.stringify(fix.undo)}`);
    taken++;
  };
  const waiting: Promise<void>[] = [];
  for (const { name, meanwhile } of SCENARIOS) {
    if (meanwhile || !existsSync(fixture(name))) continue;
    const options = { vips: [readTruth(fixture(name)).vip], keepGoing: false, warn: () => {} };
    const { findings } = await analyze(bundlesIn(fixture(name)), { ...options, attempts: 'all' });
    for (const { fix } of findings) {
      // A rule of nft goes by a number that only the kernel tells.
      if (!fix?.undo || fix.undo.some(({ asks }) => asks) || !isNew(fix)) continue;
      waiting.push(check(name, fix));
    }
  }
  await Promise.all(waiting);
  t.true(taken > 12, `${taken} fixes`);
  t.log(`${taken} fixes`);
});

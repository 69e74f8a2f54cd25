/** Two nodes' captures of more connections than are kept whole: what is found is the same as if all were kept. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { generate, type Load } from '../bench/generate.js';
import { type SecondNode, writeSecondNode } from '../bench/second-node.js';

const LOAD: Load = {
  flows: 13_000,
  segments: 0,
  payload: 0,
  concurrent: 200,
  link: 'ethernet',
  gap: 200,
  beginnings: { unanswered: 2, refused: 1 },
  endings: { 'last ACK': 30, 'late FIN': 1, 'server resets': 1 },
  reused: 5,
};

/** What is found, in an order that does not depend on which attempts have which number. */
function found({ findings, totals, vips }: Analysis) {
  return {
    vips,
    totals: inOrder(totals),
    findings: inOrder(
      findings.map(
        ({ cause, confidence, severity, node, interface: name, vip, attempts, slow, ...rest }) => ({
          ...{ cause, confidence, severity, node, name, vip, slow },
          attempts: attempts.length,
          alternatives: rest.alternatives.map((alternative) => alternative.cause),
        }),
      ),
    ),
  };
}

function inOrder(values: readonly object[]): string[] {
  return values.map((value) => JSON.stringify(value)).sort();
}

const LAYOUTS: Record<string, SecondNode> = {
  'before and after NAT, with packets lost between': {
    ...{ nat: [172, 20], offset: 37_000_000, driftPpm: 40 },
    isLost: (packet) => packet % 211 === 0,
  },
  'on one way, with no NAT between': { offset: -2000, driftPpm: 0 },
};

for (const [title, second] of Object.entries(LAYOUTS)) {
  test.serial(title, async (t) => {
    t.timeout(120_000);
    const directory = await mkdtemp(join(tmpdir(), 'returnpath-sift-'));
    t.teardown(() => rm(directory, { recursive: true, force: true }));
    const [front, back] = [join(directory, 'front.pcap'), join(directory, 'back.pcap')];
    generate(front, LOAD);
    writeSecondNode(front, back, second);
    const options = { vips: [], keepGoing: false, warn: () => {} };
    const whole = await analyze([front, back], { ...options, attempts: 'all' });
    const sifted = await analyze([front, back], { ...options, attempts: 'default' });
    t.deepEqual(found(sifted), found(whole));
    t.true(sifted.findings.length > 0);
    const failed = ({ attempts }: Analysis) =>
      inOrder(attempts.filter((a) => a.outcome !== 'established').map(({ id: _, ...attempt }) => attempt));
    t.deepEqual(failed(sifted), failed(whole));
    const [, all] = whole.clocks;
    const [, few] = sifted.clocks;
    t.true(few!.matched < all!.matched / 2, `${few!.matched} of ${all!.matched} packets`);
    t.deepEqual({ ...few, matched: all!.matched }, all);
  });
}

/** That most attempts are read by themselves, and read again, makes no difference to what they are. */
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Attempt } from '../../src/correlate/attempt.js';
import { buildAttempt } from '../../src/correlate/build-attempt.js';
import { CapturePoints } from '../../src/correlate/capture-points.js';
import { correlate } from '../../src/correlate/correlate.js';
import { Coverage } from '../../src/correlate/coverage.js';
import { CaptureLegs } from '../../src/correlate/legs.js';
import { linkLegs } from '../../src/correlate/link.js';
import { inFull } from '../../src/correlate/lone-attempt.js';
import { loneRows } from '../../src/correlate/lone-rows.js';
import { mergeLegs } from '../../src/correlate/merge.js';
import { readInputs } from '../../src/correlate/read-inputs.js';
import type { Inputs } from '../../src/correlate/reading/inputs.js';
import { generate, type Load } from '../bench/generate.js';
import { scratch } from '../scratch.js';

const NO_VIPS = { named: [], backends: new Map() };

/** Connections of all kinds, more than attempts that hold what they read; some on ports that were used before. */
const LOAD: Load = {
  flows: 900,
  segments: 1,
  payload: 10,
  concurrent: 40,
  link: 'ethernet',
  reused: 20,
  beginnings: {
    unanswered: 20,
    'unanswered thrice': 10,
    refused: 10,
    'SYN again': 10,
    'SYN-ACK again': 5,
    'both again': 5,
    'reply lost': 5,
    unacknowledged: 5,
    rejected: 5,
    midstream: 5,
    'only the way in': 5,
    'only the way out': 5,
  },
};

async function read(t: ExecutionContext, seed: number): Promise<Inputs> {
  const path = join(scratch(t), 'eth0.pcap');
  generate(path, LOAD, seed);
  return readInputs([path], { keepGoing: false, keepsAll: true });
}

/** What a result shows of attempts, in an order of its own. */
function told(attempts: readonly Attempt[]): Attempt[] {
  const key = ({ client, server, firstTime }: Attempt) =>
    `${client.address} ${client.port} ${server.address} ${server.port} ${firstTime}`;
  return attempts
    .map((attempt) => ({ ...inFull(attempt), id: '' }))
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

for (const seed of [1, 2, 3]) {
  test(`attempts are the same as where all legs are merged and linked: seed ${seed}`, async (t) => {
    const { captures, nodes } = await read(t, seed);
    const [{ file, observations }] = captures as [Inputs['captures'][number]];
    const legs = new CaptureLegs(observations, new CapturePoints(file)).read();
    const coverage = new Coverage([{ file, lastTime: null }]);
    const groups = linkLegs(mergeLegs(legs));
    const expected = groups.map((group) => buildAttempt(group, NO_VIPS, (s) => s.time, coverage));
    const { attempts } = correlate(captures, nodes, NO_VIPS);
    t.true(attempts.length > 900);
    t.deepEqual(told(attempts), told(expected));
  });
}

test('an attempt that is looked at again, after many others, is what it was', async (t) => {
  const { captures, nodes } = await read(t, 4);
  const { attempts } = correlate(captures, nodes, NO_VIPS);
  const look = ({ legs, traces, others }: Attempt) => ({ legs, traces, others });
  const first = attempts.map(look);
  t.deepEqual(attempts.map(look), first);
});

test('what was seen twice is nowhere alone, what was seen once is', async (t) => {
  const { captures } = await read(t, 5);
  const [{ observations }] = captures as [Inputs['captures'][number]];
  const count = (marks: Uint8Array) => marks.reduce((sum, mark) => sum + mark, 0);
  const [once] = loneRows([observations]);
  t.true(count(once!) > 600, `${count(once!)} are alone`);
  t.true(count(once!) < observations.count, 'not those on ports that were used before');
  t.deepEqual(loneRows([observations, observations]).map(count), [0, 0]);
});

/** That most attempts are read by themselves, and read again, makes no difference to what they are. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Attempt } from '../../src/correlate/attempt.js';
import { buildAttempt } from '../../src/correlate/build-attempt.js';
import { CapturePoints } from '../../src/correlate/capture-points.js';
import { correlate } from '../../src/correlate/correlate.js';
import { Coverage } from '../../src/correlate/coverage.js';
import { CaptureLegs } from '../../src/correlate/legs.js';
import { linkLegs } from '../../src/correlate/link.js';
import { inFull } from '../../src/correlate/lone-attempt.js';
import { type DividedRows, divideRows } from '../../src/correlate/lone-rows.js';
import { mergeLegs } from '../../src/correlate/merge.js';
import { readInputs } from '../../src/correlate/read-inputs.js';
import type { Inputs } from '../../src/correlate/reading/inputs.js';
import { generate, type Load } from '../bench/generate.js';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { legsOf } from './legs.js';
import { connection, interleaved, tracked } from './track/connections.js';
import { ACK, RST, type Segment } from './track/wire.js';

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
    const legs = legsOf(observations, new CapturePoints(file));
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

/** What an attempt keeps, by itself and as its whole has it. */
function kept(attempt: Attempt) {
  const { client, server, vip, outcome, firstTime, tries, replies, delayNs } = attempt;
  return { client, server, vip, outcome, firstTime, tries, replies, delayNs };
}

test('what is told of a connection from the tables alone is what its packets tell', async (t) => {
  const outcomes = new Set<string>();
  for (const seed of [6, 7, 8]) {
    const { captures, nodes } = await read(t, seed);
    for (const attempt of correlate(captures, nodes, NO_VIPS).attempts) {
      t.deepEqual(kept(attempt), kept(inFull(attempt)));
      outcomes.add(attempt.outcome);
    }
  }
  const all = [
    'established',
    'no-reply',
    'refused',
    'unacknowledged',
    'reply-lost',
    'rejected',
    'reply-unseen',
  ];
  for (const outcome of all) t.true(outcomes.has(outcome), outcome);
});

test('the same of every recording', async (t) => {
  let plain = 0;
  let others = 0;
  const recorded = readdirSync(fixture()).filter((name) => existsSync(fixture(name, 'truth.json')));
  for (const bundle of recorded.flatMap((name) => bundlesIn(fixture(name)))) {
    const { captures, nodes } = await readInputs([bundle], { keepGoing: false, keepsAll: true });
    for (const capture of captures) {
      const legs = new CaptureLegs(capture.observations, new CapturePoints(capture.file));
      const [{ lone }] = divideRows([capture.observations]) as [DividedRows];
      const coverage = new Coverage([{ file: capture.file, lastTime: null }]);
      for (const row of lone) {
        const facts = legs.facts(row);
        if (!facts) {
          others++;
          continue;
        }
        plain++;
        const leg = legs.leg(row);
        const whole = buildAttempt([leg], NO_VIPS, (s) => s.time, coverage);
        const { outcome, firstTime, tries, replies, delayNs } = whole;
        t.deepEqual(facts, { outcome, firstTime, tries, replies, delayNs }, `${bundle} ${nodes}`);
        t.deepEqual(legs.ends(row), { client: leg.client, server: leg.server });
      }
    }
  }
  t.log(`${plain} told from the tables, ${others} looked at`);
  t.true(Math.min(plain, others) > 300);
});

const KINDS = ['SYN', 'SYN-ACK', 'ACK', 'RST', 'RST back', 'data back'] as const;

test('the same of packets in any order', async (t) => {
  const packets = fc.array(
    fc.record({ kind: fc.constantFrom(...KINDS), again: fc.boolean(), stamped: fc.boolean() }),
    { minLength: 1, maxLength: 7 },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(packets, { minLength: 1, maxLength: 12 }), async (connections) => {
      const { file, observations } = await tracked(interleaved(connections.map(packetsOf)));
      for (const attempt of correlate([{ file, observations }], ['n'], NO_VIPS).attempts) {
        t.deepEqual(kept(attempt), kept(inFull(attempt)));
      }
    }),
    { numRuns: 300 },
  );
});

/** @param again sent again as it is, as a copy or by a host that keeps the identification */
function packetsOf(
  steps: readonly { kind: (typeof KINDS)[number]; again: boolean; stamped: boolean }[],
  i: number,
): Segment[] {
  const [syn, synAck, ack, , back] = connection(i, 200) as [Segment, Segment, Segment, Segment, Segment];
  const by: Record<(typeof KINDS)[number], Segment> = {
    SYN: syn,
    'SYN-ACK': synAck,
    ACK: ack,
    RST: { ...ack, flags: RST },
    'RST back': { ...synAck, flags: RST | ACK },
    'data back': back,
  };
  return steps.map(({ kind, again, stamped }, n) => {
    const one = by[kind];
    const identification = again ? one.identification : (one.identification ?? 0) + n + 1;
    return { ...one, identification, ...(stamped ? {} : { options: [] }) };
  });
}

test('what was seen twice is nowhere alone, what was seen once is', async (t) => {
  const { captures } = await read(t, 5);
  const [{ observations }] = captures as [Inputs['captures'][number]];
  const [once] = divideRows([observations]) as [DividedRows];
  t.true(once.lone.length > 600, `${once.lone.length} are alone`);
  t.true(once.lone.length < observations.count, 'not those on ports that were used before');
  t.is(once.lone.length + once.others.length, observations.count);
  for (const { lone, others } of divideRows([observations, observations])) {
    t.deepEqual([lone.length, others.length], [0, observations.count]);
  }
});

test('where there is no memory to tell, none is alone', async (t) => {
  const { captures } = await read(t, 6);
  const tables = captures.map(({ observations }) => observations);
  const none = divideRows(tables, () => {
    throw new RangeError('WebAssembly.Memory(): could not allocate memory');
  });
  const sorted = (rows: readonly number[]) => [...rows].sort((a, b) => a - b);
  t.deepEqual(
    none.map(({ lone, others }) => [[...lone], sorted([...others])]),
    divideRows(tables).map(({ lone, others }) => [[], sorted([...lone, ...others])]),
  );
  t.throws(
    () =>
      divideRows(tables, () => {
        throw new TypeError('something else');
      }),
    { instanceOf: TypeError },
  );
});

import test from 'ava';
import fc from 'fast-check';
import { Clocks } from '../../src/correlate/clocks/clocks.js';
import { observeClocks } from '../../src/correlate/clocks/observe.js';
import { parseTime } from '../../src/model/time.js';
import { end, leg, sighting } from './legs.js';

const LEG = leg(end('203.0.113.9', 51_000), end('198.51.100.1', 443), 1);
const START = 1_780_000_000_000_000_000n;
const SECOND = 1e9;

/** What a node's clock shows, by the true time, ns since `START`. */
type Shows = (time: number) => bigint;

/** A clock as most captures have it, of microseconds. */
function clock(offset: number, driftPpm = 0, unit = 1000): Shows {
  return (time) => {
    const shown = START + BigInt(Math.round(time)) + BigInt(Math.round(offset + (time * driftPpm) / 1e6));
    return shown - (shown % BigInt(unit));
  };
}

/** What the reference shows: the true time. */
const TRUE: Shows = clock(0);

interface Packet {
  /** ns since `START` when it was sent. */
  sent: number;
  /** From each node to the next. */
  delays: number[];
}

/** Lets the clocks see a packet that went from node to node, a hop limit less at each. */
function pass(clocks: Clocks, way: readonly (readonly [string, Shows])[], { sent, delays }: Packet): void {
  let time = sent;
  const sightings = way.map(([node, shows], i) => {
    if (i > 0) time += delays[i - 1]!;
    return sighting('syn', LEG, { node, interface: 'eth0', direction: 'in', ttl: 64 - i, time: shows(time) });
  });
  clocks.observe(sightings);
}

/** Path delays of 10 us and more, some far more. */
const delay = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 10_000, max: 3_000_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 10_000, max: 300_000_000 }) },
);
const packet = (hops: number, span: number): fc.Arbitrary<Packet> =>
  fc.record({
    sent: fc.integer({ min: 0, max: span }),
    delays: fc.array(delay, { minLength: hops, maxLength: hops }),
  });
const offset = fc.integer({ min: -40 * SECOND, max: 40 * SECOND });
// Not `double`: of those, most are next to 0.
const drift = fc.integer({ min: -200_000, max: 200_000 }).map((thousandths) => thousandths / 1000);
const HOUR = 3600 * SECOND;
const span = fc.constantFrom(SECOND / 1000, SECOND, 30 * SECOND, HOUR);

/** Something that a node saw, at a time by its clock. */
const at = (node: string, time: bigint) => ({ ...sighting('syn', LEG, { node, time }) });

/** How far a node's clock is taken to be from what it shows. */
const errorAt = (clocks: Clocks, node: string, shows: Shows, time: number) =>
  Number(clocks.timeAt(node, at('a', TRUE(time)))! - shows(time));

/** What the resolution of the clocks leaves open. */
const CUT = 2000;

test('packets both ways: the truth is within the uncertainty at every time between them', (t) => {
  const given = span.chain((length) =>
    fc.record({
      length: fc.constant(length),
      forth: fc.array(packet(1, length), { minLength: 1, maxLength: 600 }),
      back: fc.array(packet(1, length), { minLength: 1, maxLength: 40 }),
      offset,
      drift,
    }),
  );
  fc.assert(
    fc.property(given, ({ forth, back, ...off }) => {
      const clocks = new Clocks(['a', 'b']);
      const [a, b] = [['a', TRUE] as const, ['b', clock(off.offset, off.drift)] as const];
      for (const one of forth) pass(clocks, [a, b], one);
      for (const one of back) pass(clocks, [b, a], one);
      const known = clocks.describe()[1]!;
      t.is(known.bound, undefined);
      t.is(known.wasSet, undefined);
      t.is(known.matched, forth.length + back.length);
      const seen = [...forth.map(({ sent }) => sent), ...back.map(({ sent, delays }) => sent + delays[0]!)];
      const [first, last] = [Math.min(...seen), Math.max(...seen)];
      for (const time of [first, (first + last) / 2, last]) {
        t.true(Math.abs(errorAt(clocks, 'b', b[1], time)) <= known.uncertaintyNs! + CUT);
        const there = clocks.timeAt('b', at('a', TRUE(time)))!;
        const back = clocks.aligned(at('b', there))! - TRUE(time);
        t.true(back >= -2n && back <= 2n);
      }
      if (known.driftPpm !== null) t.true(Math.abs(known.driftPpm) <= 500);
    }),
  );
});

test('drift is told where path delays do not hide it, and not where they do', (t) => {
  const measured = (length: number, driftPpm: number, jitter: number) => {
    const clocks = new Clocks(['a', 'b']);
    const [a, b] = [['a', TRUE] as const, ['b', clock(37 * SECOND, driftPpm)] as const];
    for (let i = 0; i <= 100; i++) {
      const delays = [40_000 + ((i * 7919) % 101) * jitter];
      pass(clocks, i % 2 === 0 ? [a, b] : [b, a], { sent: (length * i) / 100, delays });
    }
    return clocks.describe()[1]!;
  };
  const long = measured(600 * SECOND, 40, 10_000);
  t.true(Math.abs(long.driftPpm! - 40) < 1, `${long.driftPpm} ppm`);
  t.true(Math.abs(long.offsetNs! - 37 * SECOND) < 200_000, `${long.offsetNs} ns`);
  t.true(long.uncertaintyNs! < 500_000, `${long.uncertaintyNs} ns`);
  t.is(long.at, '2026-05-28T20:26:40.000000000Z');
  const short = measured(SECOND, 40, 10_000);
  t.is(short.driftPpm, null);
  t.true(short.uncertaintyNs! < 500_000, `${short.uncertaintyNs} ns`);
  // None is a drift as well, once it is known to be none.
  t.true(Math.abs(measured(600 * SECOND, 0, 10_000).driftPpm!) < 1);
});

test('packets one way bound the offset from that side alone', (t) => {
  const given = span.chain((length) =>
    fc.record({
      packets: fc.array(packet(1, length), { minLength: 1, maxLength: 300 }),
      forth: fc.boolean(),
      offset,
      drift,
    }),
  );
  fc.assert(
    fc.property(given, ({ packets, forth, ...off }) => {
      const clocks = new Clocks(['a', 'b']);
      const [a, b] = [['a', TRUE] as const, ['b', clock(off.offset, off.drift)] as const];
      for (const one of packets) pass(clocks, forth ? [a, b] : [b, a], one);
      const known = clocks.describe()[1]!;
      t.is(known.bound, forth ? 'at-most' : 'at-least');
      t.is(known.uncertaintyNs, null);
      const when = Number(parseTime(known.at!)! - START);
      const error = errorAt(clocks, 'b', b[1], when);
      t.true(forth ? error >= -CUT : error <= CUT, `${error} ns`);
    }),
  );
});

test('one way as well, a drift that lasts is told', (t) => {
  for (const forth of [true, false]) {
    const clocks = new Clocks(['a', 'b']);
    const [a, b] = [['a', TRUE] as const, ['b', clock(37 * SECOND, -40)] as const];
    for (let i = 0; i <= 300; i++) {
      const delays = [40_000 + ((i * 7919) % 101) * 10_000];
      pass(clocks, forth ? [a, b] : [b, a], { sent: i * SECOND, delays });
    }
    const known = clocks.describe()[1]!;
    t.true(Math.abs(known.driftPpm! + 40) < 2, `${known.driftPpm} ppm`);
  }
});

test('over other nodes: the truth is within the uncertainty, also where each two saw one way alone', (t) => {
  const given = span.chain((length) =>
    fc.record({
      length: fc.constant(length),
      round: fc.array(packet(3, length), { minLength: 1, maxLength: 60 }),
      offsets: fc.tuple(offset, offset),
      drifts: fc.tuple(drift, drift),
      nodes: fc.shuffledSubarray(['b', 'c'], { minLength: 2 }),
    }),
  );
  fc.assert(
    fc.property(given, ({ round, offsets, drifts, nodes }) => {
      const clocks = new Clocks(['a', ...nodes]);
      const shown = { b: clock(offsets[0], drifts[0]), c: clock(offsets[1], drifts[1]) };
      const way = [
        ['a', TRUE],
        ['b', shown.b],
        ['c', shown.c],
        ['a', TRUE],
      ] as const;
      for (const one of round) pass(clocks, way, one);
      for (const { node, uncertaintyNs, bound } of clocks.describe().slice(1)) {
        t.is(bound, undefined);
        // Of c nothing is known before the first packet comes to b.
        const times = round.map(({ sent, delays }) => (node === 'b' ? sent : sent + delays[0]!));
        for (const time of [Math.min(...times), Math.max(...times)]) {
          const error = errorAt(clocks, node, shown[node as 'b' | 'c'], time);
          t.true(Math.abs(error) <= uncertaintyNs! + 2 * CUT, `${error} ${uncertaintyNs}`);
        }
      }
    }),
  );
});

test('a clock that was set is noticed, and its uncertainty covers both times', (t) => {
  const given = fc.record({
    step: fc.integer({ min: 50_000_000, max: 40 * SECOND }),
    forward: fc.boolean(),
    offset,
    drift: fc.integer({ min: -20_000, max: 20_000 }).map((thousandths) => thousandths / 1000),
    at: fc.integer({ min: 200, max: 800 }).map((thousandths) => thousandths / 1000),
    jitter: fc.integer({ min: 0, max: 1_000_000 }),
  });
  fc.assert(
    fc.property(given, ({ step, forward, offset, drift, at, jitter }) => {
      const clocks = new Clocks(['a', 'b', 'c']);
      const length = 30 * SECOND;
      const before = clock(offset, drift);
      const after = clock(offset + (forward ? step : -step), drift);
      const shows: Shows = (time) => (time < at * length ? before : after)(time);
      const [a, b, c] = [
        ['a', TRUE],
        ['b', shows],
        ['c', clock(-5 * SECOND)],
      ] as const;
      for (let i = 0; i <= 100; i++) {
        const delays = [40_000 + (((i * 7919) % 101) * jitter) / 100, 50_000];
        pass(clocks, i % 2 === 0 ? [a, b, c] : [c, b, a], { sent: (length * i) / 100, delays });
        pass(clocks, i % 2 === 0 ? [a, c] : [c, a], { sent: (length * i) / 100, delays });
      }
      const [, set, steady] = clocks.describe();
      t.true(set!.wasSet);
      // Beside the step, drift is not told from what bends the bounds.
      const most = set!.uncertaintyNs! + CUT + (Math.abs(drift) / 1e6) * length;
      for (const time of [0, 0.1, 0.9, 0.99]) {
        const error = errorAt(clocks, 'b', shows, time * length);
        t.true(Math.abs(error) <= most, `${error} ${most}`);
      }
      t.is(steady!.wasSet, undefined);
      t.true(steady!.uncertaintyNs! < 20_000_000);
      t.true(Math.abs(steady!.offsetNs! + 5 * SECOND) <= steady!.uncertaintyNs! + CUT);
    }),
  );
});

test('a clock that was set is noticed from a round over other nodes as well', (t) => {
  const clocks = new Clocks(['a', 'b', 'c']);
  const set: Shows = (time) => clock(time < 5 * SECOND ? 0 : 4 * SECOND)(time);
  const way = [
    ['a', TRUE],
    ['b', clock(0)],
    ['c', set],
    ['a', TRUE],
  ] as const;
  for (let i = 0; i < 10; i++) pass(clocks, way, { sent: i * SECOND, delays: [50_000, 50_000, 50_000] });
  const [, , third] = clocks.describe();
  t.true(third!.wasSet);
  for (const time of [0, 9 * SECOND]) {
    t.true(Math.abs(errorAt(clocks, 'c', set, time)) <= third!.uncertaintyNs! + CUT);
  }
});

test('nodes that no packet joins to the first are not placed', (t) => {
  const clocks = new Clocks(['a', 'b', 'c']);
  const [b, c] = [['b', clock(5e6)] as const, ['c', clock(9e6)] as const];
  pass(clocks, [b, c], { sent: 0, delays: [0] });
  pass(clocks, [c, b], { sent: 0, delays: [0] });
  const unknown = { offsetNs: null, uncertaintyNs: null, driftPpm: null, matched: 0 };
  t.deepEqual(clocks.describe(), [
    { node: 'a', offsetNs: 0, uncertaintyNs: 0, driftPpm: 0, matched: 0 },
    { node: 'b', ...unknown },
    { node: 'c', ...unknown },
  ]);
  t.is(clocks.aligned(at('b', START)), START);
  t.is(clocks.timeAt('b', at('a', START)), null);
  t.is(clocks.timeAt('b', at('b', START)), START);
  t.false(clocks.areJoined('a', 'b'));
  // But they are placed against each other.
  t.true(clocks.areJoined('b', 'c'));
  t.is(clocks.timeAt('c', at('b', START + 5_000_000n)), START + 9_000_000n);
});

test('what was seen both sent the same way by two nodes joins them without a bound', (t) => {
  const clocks = new Clocks(['a', 'b', 'c']);
  const [a, b, c] = [
    ['a', TRUE],
    ['b', clock(3 * SECOND)],
    ['c', clock(7 * SECOND)],
  ] as const;
  pass(clocks, [a, b], { sent: 0, delays: [10_000] });
  pass(clocks, [c, b], { sent: SECOND, delays: [10_000] });
  const [, , third] = clocks.describe();
  t.true(Math.abs(third!.offsetNs! - 7 * SECOND) < 100_000);
  t.is(third!.uncertaintyNs, null);
  t.is(third!.bound, undefined);
});

test('an answer that another node saw comes after what it answers', (t) => {
  const clocks = new Clocks(['out', 'back']);
  const shows = clock(37 * SECOND);
  const way = leg(end('10.0.0.5', 40_000), end('192.168.1.100', 80), 1);
  const ack = (time: number) => ({
    ...sighting('syn', way, { node: 'out', time: TRUE(time), timestamp: 1002, echo: 5000 }),
    kind: 'ack' as const,
  });
  way.sightings = [
    sighting('syn', way, { node: 'out', time: TRUE(0), timestamp: 1000 }),
    // Sent again: which of the two the reply answers, its echo tells.
    sighting('syn', way, { node: 'out', time: TRUE(SECOND), timestamp: 2000, identification: 8 }),
    sighting('syn-ack', way, { node: 'back', time: shows(300_000), timestamp: 5000, echo: 1000 }),
    ack(900_000),
  ];
  observeClocks([[way]], clocks);
  const [, back] = clocks.describe();
  t.is(back!.matched, 2);
  t.true(back!.uncertaintyNs! < 460_000);
  t.true(Math.abs(back!.offsetNs! - 37 * SECOND) <= back!.uncertaintyNs!);
});

test('packets that nothing tells apart are not taken for each other', (t) => {
  const clocks = new Clocks(['a', 'b']);
  const way = leg(end('10.0.0.5', 40_000), end('192.168.1.100', 80), 1);
  const plain = { timestamp: null, identification: null, interface: 'eth0' };
  way.sightings = [
    sighting('syn', way, { node: 'a', ttl: 64, time: TRUE(0) }),
    sighting('syn', way, { node: 'b', ttl: 63, time: TRUE(100_000) }),
    // Sent twice, and the first of them is not in a's capture.
    sighting('syn-ack', way, { ...plain, node: 'b', ttl: 64, time: TRUE(200_000) }),
    sighting('syn-ack', way, { ...plain, node: 'b', ttl: 64, time: TRUE(200_000 + SECOND) }),
    sighting('syn-ack', way, { ...plain, node: 'a', ttl: 63, time: TRUE(300_000 + SECOND) }),
  ];
  observeClocks([[way]], clocks);
  const [, b] = clocks.describe();
  t.is(b!.matched, 1);
  t.is(b!.bound, 'at-most');
});

/** Which log lines are whose packets': properties of the assignment by time. */
import test from 'ava';
import fc from 'fast-check';
import { shareLines } from '../../src/diagnose/line-shares.js';
import { logShift } from '../../src/diagnose/log-shift.js';

const MILLISECOND = 1_000_000;

/** Attempts one after the other, that each send again about once a second. */
const attempts = fc.array(
  fc.record({
    /** Before each of its packets, ms. */
    gaps: fc.array(fc.integer({ min: 900, max: 1300 }), { minLength: 1, maxLength: 4 }),
    dropped: fc.boolean(),
  }),
  { minLength: 1, maxLength: 8 },
);
const shift = fc.integer({ min: -300, max: 300 });
/** Of a line against its packet, ms. */
const jitter = fc.integer({ min: 0, max: 10 });

type Attempts = { gaps: number[]; dropped: boolean }[];

function packetsOf(all: Attempts) {
  let time = 0;
  return all.flatMap(({ gaps, dropped }, owner) =>
    gaps.map((gap) => {
      time += gap * MILLISECOND;
      return { owner, dropped, time };
    }),
  );
}

/** The lines that the kernel writes, by a clock that is off. */
function linesOf(all: Attempts, off: number, late: number): number[] {
  return packetsOf(all)
    .filter(({ dropped }) => dropped)
    .map(({ time }, i) => time + (off + (i % 2) * late) * MILLISECOND);
}

/** How many lines each attempt has. */
function counts(all: Attempts, lines: readonly number[]): [own: number, shared: number][] {
  const packets = packetsOf(all);
  const { shift: found, fits } = logShift([{ packets: packets.map(({ time }) => time), lines }]);
  if (!fits) throw new Error('the lines fit no packets');
  const shares = shareLines(
    packets,
    lines.map((time) => time + found),
  );
  return all.map((_, owner) => [
    shares.get(owner)!.own.flat().length,
    shares.get(owner)!.shared.flat().length,
  ]);
}

test('each line is its own attempt’s, however far the log’s clock is off; without its lines an attempt has none', (t) => {
  fc.assert(
    fc.property(attempts, shift, jitter, (all, off, late) => {
      const truth = all.map(({ gaps, dropped }) => [dropped ? gaps.length : 0, 0]);
      t.deepEqual(counts(all, linesOf(all, 0, late)), truth as [number, number][]);
      t.deepEqual(counts(all, linesOf(all, off, late)), truth as [number, number][]);
    }),
  );
});

test('of packets at one time each has a line where there are as many; else it is nobody’s, but where all are of one', (t) => {
  const at = (ms: number, owner: string) => ({ owner, time: ms * MILLISECOND });
  const ends = (owners: string, lines: number[]) => {
    const packets = [...owners].map((owner, i) => at(1000 + 10 * i, owner));
    const shares = shareLines(
      packets,
      lines.map((ms) => ms * MILLISECOND),
    );
    return [...shares].map(
      ([owner, { own, shared }]) => `${owner} ${own.flat().length} ${shared.flat().length}`,
    );
  };
  t.deepEqual(ends('ab', [1001, 1011]), ['a 2 0', 'b 2 0']);
  t.deepEqual(ends('ab', [1001]), ['a 0 1', 'b 0 1']);
  t.deepEqual(ends('aa', [1001]), ['a 1 0']);
  t.deepEqual(ends('a', [1201]), ['a 0 0']);
});

test('whole seconds, and another clock altogether, fit no packets', (t) => {
  const packets = [0, 1130, 2260, 3390, 4520].map((ms) => ms * MILLISECOND);
  const coarse = [0, 1000, 2000, 3000, 4000].map((ms) => ms * MILLISECOND);
  t.false(logShift([{ packets, lines: coarse }]).fits);
  t.false(logShift([{ packets: packets.slice(0, 1), lines: [600 * MILLISECOND] }]).fits);
  t.true(logShift([{ packets, lines: packets.map((time) => time + 240 * MILLISECOND) }]).fits);
});

test('the log of a node that is long up may be further off', (t) => {
  const packets = [0, 107, 218, 1031, 1127, 1223, 2055].map((ms) => ms * MILLISECOND);
  const lines = packets.slice(0, 6).map((time) => time - 640 * MILLISECOND);
  t.not(logShift([{ packets, lines }]).shift, 640 * MILLISECOND);
  t.deepEqual(logShift([{ packets, lines }], 700 * MILLISECOND), { shift: 640 * MILLISECOND, fits: true });
});

test('a flood is told as fast', (t) => {
  const packets = Array.from({ length: 200_000 }, (_, i) => i * 50_000);
  const lines = Array.from({ length: 5000 }, (_, i) => i * 2 * MILLISECOND + 1000);
  const begin = process.hrtime.bigint();
  t.true(logShift([{ packets, lines }]).fits);
  t.true(process.hrtime.bigint() - begin < 3_000_000_000n);
});

import test from 'ava';
import fc from 'fast-check';
import { inOrder, mergeByTime, type Timed } from '../../../src/ingest/capture/time-order.js';

type Packet = Timed & { capture: number; number: number };

const WINDOW = 5;

/** Captures in batches, each packet with its place. */
const captures = fc
  .array(fc.array(fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 8 }), { maxLength: 6 }), {
    maxLength: 5,
  })
  .map((all) =>
    all.map((batches, capture) => {
      let number = 0;
      return batches.map((times) =>
        times.map((time): Packet => ({ time: BigInt(time), capture, number: ++number })),
      );
    }),
  );

async function* given<T>(items: readonly T[]) {
  yield* items;
}

async function merged(all: Packet[][][], window: number) {
  let late = 0;
  const packets: Packet[] = [];
  const sources = all.map((batches) => inOrder(given(batches), () => late++, window));
  for await (const some of mergeByTime(sources)) packets.push(...some);
  return { packets, late };
}

const key = ({ capture, number }: Packet) => `${capture} ${number}`;

test('no packet is lost, and none is made', async (t) => {
  await fc.assert(
    fc.asyncProperty(captures, async (all) => {
      const { packets } = await merged(all, WINDOW);
      t.deepEqual(packets.map(key).sort(), all.flat(2).map(key).sort());
    }),
  );
});

test('what the window holds is in order; of one time, as it was given', async (t) => {
  await fc.assert(
    fc.asyncProperty(captures, async (all) => {
      const { packets, late } = await merged(all, Number.POSITIVE_INFINITY);
      const ordered = all
        .flat(2)
        .sort((a, b) => Number(a.time - b.time) || a.capture - b.capture || a.number - b.number);
      t.deepEqual(packets, ordered);
      t.is(late, 0);
    }),
  );
});

test('captures that are in order need no window', async (t) => {
  await fc.assert(
    fc.asyncProperty(captures, async (all) => {
      const sorted = all.map((batches) => [
        batches.flat().sort((a, b) => Number(a.time - b.time) || a.number - b.number),
      ]);
      const { packets, late } = await merged(sorted, 0);
      t.is(late, 0);
      for (let i = 1; i < packets.length; i++) t.true(packets[i - 1]!.time <= packets[i]!.time);
    }),
  );
});

test('what comes too late for the window is told', async (t) => {
  const times = [10, 11, 12, 13, 14, 15, 16, 1, 17];
  const packets = times.map((time, i): Packet => ({ time: BigInt(time), capture: 0, number: i + 1 }));
  const { packets: out, late } = await merged([packets.map((packet) => [packet])], 2);
  t.is(late, 1);
  t.is(out.length, times.length);
});

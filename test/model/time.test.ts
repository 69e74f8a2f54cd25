import test from 'ava';
import fc from 'fast-check';
import { formatTime, toNanoseconds } from '../../src/model/time.js';

test('a time is written as Date does, with nine digits', (t) => {
  // All that a Date can hold.
  const most = 8_640_000_000_000;
  const seconds = fc.oneof(
    fc.integer({ min: -most, max: most - 1 }),
    fc.integer({ min: 0, max: 4_294_967_295 }),
  );
  const property = fc.property(seconds, fc.nat(999_999_999), (whole, rest) => {
    const date = new Date(whole * 1000).toISOString().replace('.000Z', '');
    t.is(formatTime(toNanoseconds(whole, rest)), `${date}.${String(rest).padStart(9, '0')}Z`);
  });
  fc.assert(property, { numRuns: 2000 });
  t.is(formatTime(toNanoseconds(most + 1, 0)), '@8640000000001.000000000Z');
});

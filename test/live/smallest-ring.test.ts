import test from 'ava';
import { smallestRing } from '../../src/live/engines/smallest-ring.js';

const GIGABYTE = 2 ** 30;

test('few interfaces have rings of 8 MB at the least, on a small machine as well', (t) => {
  t.is(smallestRing(4, 64 * GIGABYTE), 8 * 2 ** 20);
  t.is(smallestRing(16, 4 * GIGABYTE), 8 * 2 ** 20);
});

test('the rings of many together take no more than an eighth of the memory', (t) => {
  for (const interfaces of [100, 600, 3000]) {
    t.true(2 * interfaces * smallestRing(interfaces, 4 * GIGABYTE) <= GIGABYTE / 2);
  }
});

import test from 'ava';
import fc from 'fast-check';
import { Likeness } from '../../src/correlate/likeness.js';

const values = fc.array(fc.integer({ min: -40, max: 40 }), { maxLength: 60 });

test('each item is given the first that is like it, also where unlike ones share a hash', (t) => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 9 }), (items, divisor) => {
      const hashes = Int32Array.from(items, (item) => item % divisor);
      const { first } = new Likeness(hashes, (a, b) => items[a] === items[b]);
      t.deepEqual(
        [...first],
        items.map((item) => items.indexOf(item)),
      );
    }),
  );
});

test('those are shared that one of another owner has as well', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 3 }))),
      (items) => {
        const alike = new Likeness(Int32Array.from(items, ([hash]) => hash * 0x1000_0000));
        const shared = alike.shared((a, b) => items[a]![1] !== items[b]![1]);
        t.deepEqual(
          [...shared],
          items.map(([hash, owner]) => Number(items.some(([other, its]) => other === hash && its !== owner))),
        );
      },
    ),
  );
});

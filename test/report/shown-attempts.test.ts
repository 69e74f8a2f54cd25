/** Which attempts of very many a report shows: found side by side in two lists, as if each had been looked up. */
import test from 'ava';
import fc from 'fast-check';
import { OUTCOMES } from '../../src/model/analysis.js';
import { exemplarOf, listedOf } from '../../src/report/shown-attempts.js';

const ground = fc
  .array(
    fc.record({
      outcome: fc.constantFrom(...OUTCOMES),
      isListed: fc.boolean(),
      isOwn: fc.boolean(),
      hasPath: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  .map((attempts) => {
    const all = attempts.map((attempt, i) => ({ id: `a${i + 1}`, ...attempt }));
    return {
      own: all.filter(({ isOwn }) => isOwn).map(({ id }) => id),
      // All that a finding names are listed, or none.
      listed: all.filter(({ isListed, isOwn }) => isListed || isOwn),
    };
  });

test("a finding's attempts among those that are listed", (t) => {
  fc.assert(
    fc.property(ground, ({ own, listed }) => {
      const named = new Set(own);
      const found = [...listedOf({ attempts: own }, listed)];
      t.deepEqual(
        found,
        listed.filter(({ id }) => named.has(id)),
      );
    }),
  );
});

test('the one that stands for all failed if any did, and is the first of those with a path', (t) => {
  fc.assert(
    fc.property(ground, ({ own, listed }) => {
      const named = new Set(own);
      const shown = listed.filter(({ id, hasPath }) => named.has(id) && hasPath);
      const expected = shown.find(({ outcome }) => outcome !== 'established') ?? shown[0] ?? null;
      t.is(
        exemplarOf({ attempts: own }, listed, ({ hasPath }) => hasPath),
        expected,
      );
    }),
  );
});

test('where none is listed, none is found', (t) => {
  t.deepEqual([...listedOf({ attempts: ['a1', 'a2'] }, [])], []);
});

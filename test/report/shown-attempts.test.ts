/** Which attempts of very many a report shows. */
import test from 'ava';
import fc from 'fast-check';
import { OUTCOMES } from '../../src/model/analysis.js';
import { safeAnalysis } from '../../src/report/safe-analysis.js';
import { exemplarOf, listedOf } from '../../src/report/shown-attempts.js';
import { exemplar } from '../../src/report/terminal/finding.js';
import { slow } from './samples.js';

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
      // A report lists some of a finding's attempts alone, and not always the first.
      listed: all.filter(({ isListed }) => isListed),
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
      const withPath = listed.filter(({ hasPath }) => hasPath);
      t.is(exemplarOf(listedOf({ attempts: own }, withPath)), expected);
    }),
  );
});

test('where none is listed, none is found', (t) => {
  t.deepEqual([...listedOf({ attempts: ['a1', 'a2'] }, [])], []);
});

test('a finding whose first attempt the report does not list still has its path', (t) => {
  const base = slow();
  const [late] = base.attempts.filter(({ delayNs }) => delayNs !== null && delayNs > 0);
  const failed = Array.from({ length: 40 }, (_, i) => ({
    ...{ ...late!, id: `a${i + 2}`, outcome: 'no-reply' as const, delayNs: null },
  }));
  const attempts = [{ ...late!, id: 'a1' }, ...failed];
  const finding = { ...base.findings[0]!, attempts: attempts.map(({ id }) => id) };
  const { safe } = safeAnalysis({ ...base, attempts, findings: [finding] }, (text) => text);
  t.false(safe.attempts.some(({ id }) => id === 'a1'));
  t.is(exemplar(safe.findings[0]!, safe)?.id, 'a2');
});

/** A cause is asked of the attempts alone that it can explain. None that failed may be left without any. */
import test from 'ava';
import type { Attempt } from '../../src/correlate/attempt.js';
import { Clocks } from '../../src/correlate/clocks/clocks.js';
import { type Cause, suspicionOf } from '../../src/diagnose/cause.js';
import { DiagnosisContext } from '../../src/diagnose/context.js';
import { diagnose } from '../../src/diagnose/diagnose.js';
import { CAUSE_REGISTRY } from '../../src/diagnose/registry.js';
import { type Symptom, symptomOf } from '../../src/diagnose/symptom.js';
import { OUTCOMES } from '../../src/model/analysis.js';

/** Nothing failed, as far as was seen. */
const HEALTHY: readonly Symptom[] = ['established', 'reply-unseen', 'reply-only', 'midstream'];

test('whatever failed is explained by the last one where no other does', (t) => {
  const last = CAUSE_REGISTRY.at(-1)!;
  t.is(last.id, 'undetermined');
  const failing = [...OUTCOMES, 'slow' as const].filter((symptom) => !HEALTHY.includes(symptom));
  t.deepEqual([...last.symptoms].sort(), failing.sort());
  t.is(last.applies, undefined);
});

test('each has a symptom, and none twice', (t) => {
  for (const { id, symptoms } of CAUSE_REGISTRY) {
    t.true(symptoms.length > 0, id);
    t.is(new Set(symptoms).size, symptoms.length, id);
  }
});

const attempt = (outcome: Attempt['outcome'], delayNs: bigint | null = null) =>
  ({ id: 'a1', outcome, delayNs, vip: null }) as unknown as Attempt;

test('a connection that was made after lost packets has a symptom of its own', (t) => {
  t.is(symptomOf(attempt('established', 0n)), 'established');
  t.is(symptomOf(attempt('established', 3_000_000_000n)), 'slow');
  t.is(symptomOf(attempt('no-reply')), 'no-reply');
});

for (const [what, symptoms, applies, asked] of [
  ['with the symptom', ['no-reply'], undefined, true],
  ['with the symptom, where the inputs tell enough', ['no-reply'], true, true],
  ['with another symptom', ['refused'], undefined, false],
  ['with the symptom, where the inputs tell nothing', ['no-reply'], false, false],
] as const) {
  test(`an attempt ${what}: ${asked ? 'a cause is asked' : 'no cause is asked'}`, (t) => {
    let count = 0;
    const one = attempt('no-reply');
    const context = new DiagnosisContext([one], ['n1'], [], [], new Clocks([]));
    const cause: Cause = {
      id: 'filtered',
      symptoms,
      ...(applies === undefined ? {} : { applies: () => applies }),
      examine() {
        count++;
        return null;
      },
      conclude: () => t.fail() as never,
    };
    t.is(suspicionOf(cause, one, context), null);
    t.is(count, asked ? 1 : 0);
    const { findings, explained } = diagnose(context, [cause]);
    t.is(count, asked ? 2 : 0);
    t.deepEqual([findings, explained], [[], [undefined]]);
  });
}

import { Ajv2020 } from 'ajv/dist/2020.js';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Analysis } from '../../src/model/analysis.js';
import { InputError } from '../../src/model/errors.js';
import { renderJson } from '../../src/report/json.js';
import { firstViolation } from '../../src/report/schema/check.js';
import { parseAnalysis } from '../../src/report/schema/parse-analysis.js';
import schema from '../../src/report/schema.json' with { type: 'json' };
import { healthy, rpFilter } from './sample.js';
import { SAMPLES } from './samples.js';

const FILE = 'before.json';
const parse = (text: string) => parseAnalysis(Buffer.from(text), FILE);

function assertRefused(t: ExecutionContext, octets: Uint8Array | string, reason: RegExp): void {
  const error = t.throws(() => parseAnalysis(Buffer.from(octets as string), FILE), {
    instanceOf: InputError,
  });
  t.regex(error!.message, reason);
  t.true(error!.message.startsWith(`${FILE}: `));
  t.notRegex(error!.message, /\n/);
}

for (const [name, make] of Object.entries(SAMPLES)) {
  test(`${name}: what was printed is read back`, (t) => t.deepEqual(parse(renderJson(make())), make()));
}

test('fields that a later version adds are kept', (t) => {
  const given = { ...healthy(), later: { a: [1] } } as Analysis;
  t.is(renderJson(parse(renderJson(given))), renderJson(given));
});

test('cut off anywhere: said so', (t) => {
  const text = renderJson(rpFilter()).trimEnd();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: text.length - 1 }), (length) => {
      assertRefused(t, text.slice(0, length), /: is cut off: its JSON ends in the middle$/);
    }),
    { numRuns: 500 },
  );
});

test('damaged in the middle: said so, and what is wrong', (t) => {
  assertRefused(t, renderJson(rpFilter()).replace('"clocks":', '"clocks"'), /: is damaged: .*JSON/);
  assertRefused(t, `${renderJson(rpFilter())}}`, /: is damaged: /);
  const octets = Buffer.from(renderJson(rpFilter()));
  octets[octets.indexOf('node1')] = 0xff;
  assertRefused(t, octets, /: is damaged: it is not UTF-8 throughout$/);
});

const OTHERS: [name: string, text: string, reason: RegExp][] = [
  ['nothing', '', /: is empty$/],
  ['white space', ' \n', /: is no analysis: what `analyze --format json` prints is wanted here$/],
  ['a capture', '\xd4\xc3\xb2\xa1', /: is no analysis: /],
  ['a text report', 'OK       No fault found\n', /: is no analysis: /],
  ['a list', '[]', /: is no analysis: /],
  ['other JSON', '{"kind":"List"}', /: is JSON, but no analysis: it does not name its schema$/],
  [
    'a later version',
    '{"schema":"returnpath-analysis/2"}',
    /: is of the version returnpath-analysis\/2, and this returnpath reads returnpath-analysis\/1$/,
  ],
  [
    'an inspection',
    '{"schema":"returnpath-inspection/1"}',
    /: is no analysis: its schema is returnpath-inspection\/1/,
  ],
  ['a field that is missing', '{"schema":"returnpath-analysis/1"}', /: it should have the field inputs$/],
  [
    'a field of another type',
    renderJson(rpFilter()).replace('"cause": "rp-filter"', '"cause": "gremlins"'),
    /: findings\[0\]\.cause should be one of rp-filter, /,
  ],
];

for (const [name, text, reason] of OTHERS) {
  test(`${name}: refused with the reason`, (t) => assertRefused(t, Buffer.from(text, 'latin1'), reason));
}

const accepts = new Ajv2020({ strict: false }).compile(schema);

/** Every place in a value: the object or list, and the key in it. */
function places(value: unknown): [holder: Record<string, unknown>, key: string][] {
  if (value === null || typeof value !== 'object') return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [
    [holder, key] as [Record<string, unknown>, string],
    ...places(holder[key]),
  ]);
}

const CHANGES: unknown[] = [
  undefined,
  null,
  '',
  'x',
  'node1',
  -1,
  0,
  1,
  1.5,
  70_000,
  true,
  [],
  {},
  [null],
  [{}],
];

test('any change: taken and refused just as the schema says', (t) => {
  const makes = Object.entries(SAMPLES).filter(([name]) => name !== 'ten-thousand');
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...makes), fc.nat(), fc.constantFrom(...CHANGES), ([, make], nth, change) => {
      const given = structuredClone(make());
      const all = places(given);
      const [holder, key] = all[nth % all.length]!;
      if (change === undefined) delete holder[key];
      else holder[key] = change;
      // A list with a hole is no JSON.
      const value = JSON.parse(JSON.stringify(given));
      const isTaken = firstViolation(value) === null;
      if (!isTaken) refused++;
      return isTaken === accepts(value);
    }),
    { numRuns: 1000 },
  );
  t.true(refused > 100);
});

import { Ajv2020 } from 'ajv/dist/2020.js';
import test from 'ava';
import fc from 'fast-check';
import {
  ANALYSIS_SCHEMA,
  type Analysis,
  CAUSES,
  CONFIDENCES,
  OUTCOMES,
  PROBE_RESULTS,
  SEVERITIES,
} from '../../src/model/analysis.js';
import schema from '../../src/report/schema.json' with { type: 'json' };
import { anyAnalysis } from './arbitrary.js';
import { rpFilter } from './sample.js';
import { SAMPLES } from './samples.js';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);

for (const [name, make] of Object.entries(SAMPLES)) {
  test(`${name} fits the schema`, (t) => {
    t.true(validate(make()), JSON.stringify(validate.errors));
  });
}

test('whatever the types allow fits the schema', (t) => {
  fc.assert(
    fc.property(anyAnalysis, (given) => {
      t.true(validate(given), JSON.stringify(validate.errors));
    }),
    { numRuns: 200 },
  );
});

/** A field that the schema does not tell of, by its path; null where there is none. */
function undescribed(value: unknown, node: Node, path = ''): string | null {
  const target = resolved(node);
  if (value === null || typeof value !== 'object') return null;
  for (const [key, item] of Object.entries(value)) {
    const inner = Array.isArray(value) ? target.items : target.properties?.[key];
    const found = inner ? undescribed(item, inner, `${path}/${key}`) : `${path}/${key}`;
    if (found !== null) return found;
  }
  return null;
}

interface Node {
  $ref?: string;
  anyOf?: Node[];
  items?: Node;
  properties?: Record<string, Node>;
}

function resolved(node: Node): Node {
  const { $ref, anyOf } = node;
  if (anyOf) return resolved(anyOf[0]!);
  return $ref === undefined
    ? node
    : resolved((schema.$defs as Record<string, Node>)[$ref.split('/').at(-1)!]!);
}

test('whatever the types allow is told of by the schema, optional fields too', (t) => {
  fc.assert(
    fc.property(anyAnalysis, (given) => {
      t.is(undescribed(given, schema as Node), null);
    }),
  );
  t.is(undescribed({ ...rpFilter(), extra: 1 }, schema as Node), '/extra');
});

test('the closed lists are those of the model', (t) => {
  const { outcome, cause, confidence, severity, total, probedConnection } = schema.$defs;
  t.is(schema.properties.schema.const, ANALYSIS_SCHEMA);
  t.deepEqual(outcome.enum, [...OUTCOMES]);
  t.deepEqual(cause.enum, [...CAUSES]);
  t.deepEqual(confidence.enum, [...CONFIDENCES]);
  t.deepEqual(severity.enum, [...SEVERITIES]);
  t.deepEqual(total.properties.outcomes.required, [...OUTCOMES]);
  t.deepEqual(probedConnection.properties.result.enum, [...PROBE_RESULTS]);
});

test('fields may be added', (t) => {
  const given = rpFilter();
  Object.assign(given, { extra: 1 });
  Object.assign(given.findings[0]!, { extra: 1 });
  Object.assign(given.attempts[0]!.path[0]!, { extra: 1 });
  t.true(validate(given));
});

/** A change to an analysis that breaks it, by the path of the error that must be reported. */
const BROKEN: [string, (given: Analysis) => unknown][] = [
  ['/schema', (a) => Object.assign(a, { schema: 'returnpath-analysis/2' })],
  ['', (a) => Reflect.deleteProperty(a, 'gaps')],
  ['/inputs/0', (a) => Reflect.deleteProperty(a.inputs[0]!, 'dropped')],
  ['/inputs/0/packets', (a) => Object.assign(a.inputs[0]!, { packets: -1 })],
  ['/inputs/0/firstTime', (a) => Object.assign(a.inputs[0]!, { firstTime: '2026-01-31T23:59:59.123456Z' })],
  [
    '/inputs/0/lastTime',
    (a) => Object.assign(a.inputs[0]!, { lastTime: '2026-01-31T23:59:59.123456789+01:00' }),
  ],
  ['/clocks/1/offsetNs', (a) => Object.assign(a.clocks[1]!, { offsetNs: 1.5 })],
  ['/vips/0/source', (a) => Object.assign(a.vips[0]!, { source: 'guess' })],
  ['/totals/0/outcomes', (a) => Reflect.deleteProperty(a.totals[0]!.outcomes, 'refused')],
  ['/totals/0/outcomes', (a) => Object.assign(a.totals[0]!.outcomes, { vanished: 1 })],
  ['/attempts/0/outcome', (a) => Object.assign(a.attempts[0]!, { outcome: 'lost' })],
  ['/attempts/0/id', (a) => Object.assign(a.attempts[0]!, { id: 'a 1' })],
  ['/attempts/0/client/port', (a) => Object.assign(a.attempts[0]!.client, { port: 65_536 })],
  ['/attempts/0/path/0/packet', (a) => Object.assign(a.attempts[0]!.path[0]!, { packet: 0 })],
  ['/attempts/0/path/0/direction', (a) => Object.assign(a.attempts[0]!.path[0]!, { direction: 'up' })],
  ['/findings/0/cause', (a) => Object.assign(a.findings[0]!, { cause: 'gremlins' })],
  ['/findings/0/confidence', (a) => Object.assign(a.findings[0]!, { confidence: 'certain' })],
  ['/findings/0/severity', (a) => Object.assign(a.findings[0]!, { severity: 'fatal' })],
  ['/findings/0/evidence/0/line', (a) => Object.assign(a.findings[0]!.evidence[0]!, { line: 0 })],
  ['/findings/0/fix', (a) => Reflect.deleteProperty(a.findings[0]!.fix!, 'risk')],
  [
    '/findings/0/alternatives/0/cause',
    (a) => Object.assign(a.findings[0]!.alternatives[0]!, { cause: null }),
  ],
];

for (const [i, [path, damage]] of BROKEN.entries()) {
  test(`broken analysis ${i} is refused at ${path || 'the top'}`, (t) => {
    const given = rpFilter();
    damage(given);
    t.false(validate(given));
    t.true(validate.errors!.some((error) => error.instancePath === path));
  });
}

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import type { Analysis } from '../../src/model/analysis.js';
import { jsonChunks, renderJson } from '../../src/report/json.js';
import { ROOT } from '../support.js';
import { anyAnalysis } from './arbitrary.js';
import { hostile } from './hostile.js';
import { healthy, rpFilter, tenThousand } from './sample.js';
import { SAMPLES } from './samples.js';

/** The same value with the keys of every object the other way round. */
function reversed<T>(value: T): T;
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => reversed(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

for (const [name, make] of Object.entries(SAMPLES)) {
  test(`${name}: JSON parses back to the analysis`, (t) => {
    t.true(isDeepStrictEqual(JSON.parse(renderJson(make())), make()));
  });
}

test('any analysis: JSON parses back, whatever the strings, and controls no terminal', (t) => {
  fc.assert(
    fc.property(anyAnalysis, (given) => {
      const text = renderJson(given);
      t.true(isDeepStrictEqual(JSON.parse(text), JSON.parse(JSON.stringify(given))));
      return !/[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text);
    }),
    { numRuns: 200 },
  );
});

test('any analysis: the text does not depend on the order in which objects were built', (t) => {
  fc.assert(
    fc.property(anyAnalysis, (given) => renderJson(reversed(given)) === renderJson(given)),
    { numRuns: 100 },
  );
  t.is(renderJson(reversed(rpFilter())), renderJson(rpFilter()));
});

test('keys come in the order of the contract, two spaces deep, with a newline at the end', (t) => {
  t.is(renderJson(reversed(rpFilter())), `${JSON.stringify(rpFilter(), null, 2)}\n`);
  t.is(renderJson(reversed(healthy())), `${JSON.stringify(healthy(), null, 2)}\n`);
});

test('fields that the schema does not know are kept, after those that it knows', (t) => {
  const given = { extra: { b: 1, a: [] }, ...healthy() } as Analysis;
  const parsed = JSON.parse(renderJson(given));
  t.deepEqual(parsed, given);
  t.is(Object.keys(parsed).at(-1), 'extra');
});

test('chunks are the same text, one attempt or finding in each', (t) => {
  const chunks = [...jsonChunks(tenThousand())];
  t.is(chunks.join(''), renderJson(tenThousand()));
  t.true(Math.max(...chunks.map((chunk) => chunk.length)) < 50_000);
});

test('terminal controls in names are escaped and survive', (t) => {
  const text = renderJson(hostile());
  t.true(text.includes('\\u009b31m'));
  t.true(text.includes('\\u202egnp.exe\\u200b'));
  t.true(text.includes('\\udb40\\udc41'));
});

test('JSON does not load what only the terminal report needs', (t) => {
  const url = (file: string) => pathToFileURL(join(ROOT, 'dist', 'src', 'report', file)).href;
  const script = (file: string) =>
    `await import(${JSON.stringify(url(file))});
     const { _cache } = (await import('node:module')).default;
     process.stdout.write(Object.keys(_cache).join('\\n'));`;
  const loaded = (file: string) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script(file)], { encoding: 'utf8' });
  t.notRegex(loaded('json.js'), /cli-table3|picocolors/);
  t.regex(loaded('terminal.js'), /cli-table3/);
});

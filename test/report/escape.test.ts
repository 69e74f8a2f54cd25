import test from 'ava';
import fc from 'fast-check';
import { escapeAll, escapeLines, escapeText } from '../../src/report/escape.js';

test('plain text and commands are left alone', (t) => {
  for (const text of ['', 'eth0', "printf '%s\\n' a | tee /etc/x", 'Bücher — 漢字 … 😀 Ελλάδα']) {
    t.is(escapeText(text), text);
  }
});

test('what a terminal acts on, or does not show, is spelt out', (t) => {
  const pairs: [string, string][] = [
    ['\u001b[31m', '\\x1b[31m'],
    ['a\r\nb\tc', 'a\\x0d\\x0ab\\x09c'],
    ['\u007f\u009b\u0000', '\\x7f\\x9b\\x00'],
    ['\u202eabc\u2066', '\\u202eabc\\u2066'],
    ['\u200b\u200d\ufeff\u00ad', '\\u200b\\u200d\\ufeff\\xad'],
    ['\u2028\u2029\u00a0\u3000', '\\u2028\\u2029\\xa0\\u3000'],
    ['\ud83d', '\\ud83d'],
    ['\udc00\ud800', '\\udc00\\ud800'],
    ['e\u0301\ufe0f', 'e\\u0301\\ufe0f'],
    ['\u{e0041}\u{10ffff}', '\\u{e0041}\\u{10ffff}'],
  ];
  for (const [text, expected] of pairs) t.is(escapeText(text), expected);
});

test('escaping twice changes nothing, and leaves nothing unsafe', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
      const once = escapeText(String.fromCharCode(...units));
      t.is(escapeText(once), once);
      return !/[\p{C}\p{M}\p{Zl}\p{Zp}]/u.test(once);
    }),
  );
});

test('text of several lines keeps its line feeds alone', (t) => {
  t.is(escapeLines('a\n\u001bb\r\n'), 'a\n\\x1bb\\x0d\n');
});

test('every string of a value is escaped, keys too, and nothing else is changed', (t) => {
  const given = { a: ['\u001b', 1, null, true], '\u0007': { c: '\u202e' } };
  t.deepEqual(escapeAll(given), { a: ['\\x1b', 1, null, true], '\\x07': { c: '\\u202e' } } as never);
  t.deepEqual(given, { a: ['\u001b', 1, null, true], '\u0007': { c: '\u202e' } });
});

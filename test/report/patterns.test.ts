import test from 'ava';
import type { Pattern } from '../../src/model/analysis.js';
import { renderTerminal } from '../../src/report/terminal.js';
import { rpFilter } from './sample.js';

function rendered(patterns: Pattern[]): string {
  const analysis = rpFilter();
  analysis.findings[0]!.patterns = patterns;
  return renderTerminal(analysis, { columns: 80, color: false });
}

const PATTERN: Pattern = {
  by: 'backend-node',
  rows: [
    { value: 'another node', failed: 1200, slow: 0, made: 0 },
    { value: 'same node', failed: 0, slow: 0, made: 4 },
  ],
  summary: 'Fails when the backend is on another node: 1,200 of 1,200; works when it is not: 4 of 4.',
};

test('a sentence and a table, before the path', (t) => {
  const text = rendered([PATTERN]);
  t.regex(
    text,
    /\nNot always\n {2}Fails when the backend is on another node: 1,200 of 1,200; works when it is\n {2}not: 4 of 4\.\n/,
  );
  t.regex(
    text,
    /\n {4}backend node {2}failed {2}made\n {4}-+ {2}-+ {2}-+\n {4}another node {3}1,200 {5}0\n {4}same node {10}0 {5}4\n/,
  );
  t.true(text.indexOf('Not always') < text.indexOf('Path of'));
});

test('slow connections have a column where there are any', (t) => {
  const [first, second] = PATTERN.rows;
  t.regex(
    rendered([{ ...PATTERN, rows: [{ ...first!, slow: 3 }, second!] }]),
    /node {2}failed {2}slow {2}made\n/,
  );
});

test('none is not spoken of', (t) => {
  t.notRegex(rendered([]), /Not always/);
});

test('values of the captures cannot move the cursor', (t) => {
  const text = rendered([{ ...PATTERN, rows: [{ ...PATTERN.rows[0]!, value: 'n\x1b[2Jx\nFAULT' }] }]);
  t.false(text.includes('\x1b'));
  t.true(text.includes('n\\x1b[2Jx\\x0aFAULT'));
});

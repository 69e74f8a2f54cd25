/**
 * The text reports of the samples, kept as `test/report/golden/*.txt`. After a wanted change:
 *
 *     npx tsc && UPDATE_GOLDEN=1 npx ava dist/test/report/golden.test.js && git diff test/report/golden
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { renderTerminal } from '../../src/report/terminal.js';
import { ROOT } from '../support.js';
import { rpFilter } from './sample.js';
import { SAMPLES } from './samples.js';

const DIRECTORY = join(ROOT, 'test', 'report', 'golden');

const GOLDENS = new Map(
  Object.entries(SAMPLES).map(([name, make]) => [
    `${name}.txt`,
    () => renderTerminal(make(), { columns: 80, color: false }),
  ]),
);
GOLDENS.set('rp-filter-120.txt', () => renderTerminal(rpFilter(), { columns: 120, color: false }));
GOLDENS.set('rp-filter-color.txt', () =>
  renderTerminal(rpFilter(), { columns: 80, color: true }).replaceAll('\u001b', '<ESC>'),
);

for (const [file, render] of GOLDENS) {
  test(`${file} has not drifted`, (t) => {
    const path = join(DIRECTORY, file);
    const text = render();
    if (process.env.UPDATE_GOLDEN) writeFileSync(path, text);
    t.is(text, readFileSync(path, 'utf8'));
  });
}

test('every golden file is of a sample', (t) => {
  t.deepEqual(readdirSync(DIRECTORY).sort(), [...GOLDENS.keys()].sort());
});

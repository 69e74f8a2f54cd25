import { createHash } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import type { Analysis } from '../../src/model/analysis.js';
import { renderHtml } from '../../src/report/html.js';
import { anyAnalysis } from './arbitrary.js';
import { HOSTILE, hostile, MARKUP } from './hostile.js';
import { finding, rpFilter, tenThousand } from './sample.js';
import { probed, SAMPLES } from './samples.js';

function html(analysis: Analysis): string {
  return [...renderHtml(analysis, { application: 'returnpath test' })].join('');
}

/** The texts of a page without its own style and script, tags taken out. */
function textOf(page: string): string {
  const body = page.slice(page.indexOf('<body>'), page.lastIndexOf('<script>'));
  return body
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

/** Names of the elements of a page, each once. */
function elementsOf(page: string): Set<string> {
  return new Set([...page.matchAll(/<([a-zA-Z!][^\s>]*)/g)].map((match) => match[1]!));
}

test('a policy lets nothing load and nothing run but the page’s own style and script', (t) => {
  const page = html(rpFilter());
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
  const hash = (tag: string) => {
    const own = page.slice(page.indexOf(`<${tag}>`) + tag.length + 2, page.lastIndexOf(`</${tag}>`));
    return `sha256-${createHash('sha256').update(own).digest('base64')}`;
  };
  t.is(
    policy,
    `default-src 'none'; style-src '${hash('style')}'; script-src '${hash('script')}'; base-uri 'none'; form-action 'none'`,
  );
  t.notRegex(page, /\s(src|style|on\w+)=/);
  t.notRegex(page, /href="(?!#)/);
});

test('the verdict and the fix come first', (t) => {
  const text = textOf(html(rpFilter()));
  const at = (words: string) => text.indexOf(words);
  t.true(at('reverse-path check') > 0);
  t.true(at('reverse-path check') < at('Fix:'));
  t.true(at('Fix:') < at('Hop by hop'));
  t.true(at('Hop by hop') < at('Proof'));
});

for (const [name, make] of Object.entries(SAMPLES)) {
  test(`${name} is one page of known elements, with unique ids and links that lead somewhere`, (t) => {
    const page = html(make());
    t.true(page.length < 1_000_000);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
    t.deepEqual(ids, [...new Set(ids)]);
    for (const [, anchor] of page.matchAll(/ href="#([^"]*)"/g)) t.true(ids.includes(anchor!), anchor);
    for (const [, names] of page.matchAll(/ aria-labelledby="([^"]*)"/g))
      for (const one of names!.split(' ')) t.true(ids.includes(one), one);
  });
}

test('markup in any text stays text', (t) => {
  const plain = elementsOf(html(hostile('')));
  const page = html(hostile(MARKUP));
  t.deepEqual([...elementsOf(page)].sort(), [...plain].sort());
  t.is(page.match(/<script/g)!.length, 1);
  t.true(textOf(page).includes(MARKUP));
});

test('controls and marks that reorder text are spelt out', (t) => {
  const page = html(hostile(HOSTILE));
  t.notRegex(page, /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
  t.true(textOf(page).includes('\\x1b]0;owned\\x07'));
  t.true(textOf(page).includes('\\u202e'));
});

test('whatever the types allow is a page of the same elements and no unsafe character', (t) => {
  const known = elementsOf(
    Object.values(SAMPLES)
      .map((make) => html(make()))
      .join(''),
  );
  for (const name of ['path', 'figure', 'figcaption', 'h4', 'strong', 'code', 'ol']) known.add(name);
  fc.assert(
    fc.property(anyAnalysis, (given) => {
      const page = html(given);
      t.notRegex(page, /(?!\n)[\p{C}\p{Zl}\p{Zp}]/u);
      for (const name of elementsOf(page)) t.true(known.has(name), name);
    }),
    { numRuns: 40 },
  );
});

test('of a flood some attempts are listed, and the rest is counted', (t) => {
  const flood = tenThousand();
  const page = html(flood);
  const rows = page.match(/<tr data-vip/g)!.length;
  t.true(rows > 100 && rows < flood.attempts.length);
  const more = (flood.attempts.length - rows).toLocaleString('en-US').replaceAll(',', '[, \u202f]?');
  t.regex(textOf(page), new RegExp(`… and ${more} more`));
});

test('a fault without a fix says what is to be done', (t) => {
  const page = html({
    ...rpFilter(),
    findings: [finding({ cause: 'refused', severity: 'fault', fix: null })],
  });
  t.regex(textOf(page).replace(/\s+/g, ' '), /Fix: none in the network: have the backend listen there/);
});

test('connections that were opened on purpose are told, and who answered ARP', (t) => {
  const text = textOf(html(probed()));
  t.regex(text, /7 of 8 connections from here to 192\.168\.1\.100:80: 2 made, 1 refused/);
  t.regex(text, /40007\s+made\s+840\.0 us\s+unacknowledged\s+a9/);
  t.regex(text, /When node1 asks on eth0, 2 MACs answer ARP/);
  t.notRegex(textOf(html(rpFilter())), /Probe/);
});

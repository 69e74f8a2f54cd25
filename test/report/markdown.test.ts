import test from 'ava';
import fc from 'fast-check';
import MarkdownIt from 'markdown-it';
import type { Analysis } from '../../src/model/analysis.js';
import { escapeLines, escapeText } from '../../src/report/escape.js';
import { code, fence, paragraph, prose } from '../../src/report/markdown/inline.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { anyAnalysis } from './arbitrary.js';
import { HOSTILE, hostile } from './hostile.js';
import { analysis, finding, healthy, rpFilter, tenThousand, undetermined } from './sample.js';
import { probed, SAMPLES } from './samples.js';

/** Everything that may act, acts: markup of HTML, and addresses that are none by markup. */
const parser = new MarkdownIt({ html: true, linkify: true });

type Token = ReturnType<typeof parser.parse>[number];

function flat(tokens: readonly Token[]): Token[] {
  return tokens.flatMap((token) => [token, ...flat(token.children ?? [])]);
}

const parse = (text: string) => flat(parser.parse(text, {}));

const ALLOWED = new Set([
  ...['paragraph_open', 'paragraph_close', 'heading_open', 'heading_close', 'inline', 'text', 'text_special'],
  ...['strong_open', 'strong_close', 'code_inline', 'fence'],
  ...['bullet_list_open', 'bullet_list_close', 'list_item_open', 'list_item_close'],
]);

/** What forges look for in what is no code: mentions, references, commits, emoji, addresses, mathematics, entities. */
const LOOKED_UP = /[@#<>&$~^`|{}[\]*_\\=]|:[\w+-]+:|\w![\d]|[A-Z]+-\d|\b[0-9a-f]{7,}\b|\/|\w\.\w|[^ -~]/i;

function acting(text: string): string[] {
  return parse(text).flatMap((token) => {
    if (!ALLOWED.has(token.type)) return [`${token.type}: ${token.content}`];
    const own = token.content.replace(/^\d+\.(?=\s|$)/, '').replace(/\d+[.,]\d+/g, '');
    return token.type === 'text' && LOOKED_UP.test(own) ? [`text: ${token.content}`] : [];
  });
}

const HOSTILE_MARKUP = [
  '@everyone <!channel> <@U123>',
  '![x](https://evil.example/x.png) [y](javascript:alert(1))',
  '<img src=x onerror=alert(1)><script>alert(1)</script>',
  '```\n</pre>\n# Owned\n```',
  '````` `` ` ```` ~~~',
  'https://evil.example www.evil.example a@evil.example',
  '#1 !2 GH-3 owner/repo#4 PROJ-5 deadbeefcafe :smile: :100: &copy; $x$ | a | \\',
  '1. one\n2) two\n- three\n+ four\n> five\n***\n===\n    six',
  '[ref]: https://evil.example\n[ref]',
  '\u202e@gro \u200b@x \u001b[31m',
  HOSTILE,
];

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(...HOSTILE_MARKUP),
  fc
    .array(fc.constantFrom(...'`*_[]()<>@#!|~:.-+1aB \\&$/'.split('')), { maxLength: 30 })
    .map((letters) => letters.join('')),
);

test('any text, escaped, as prose: nothing of it acts, and every word of it is there', (t) => {
  fc.assert(
    fc.property(anyText, (text) => {
      const escaped = escapeText(text);
      for (const shown of [paragraph(escaped), `- **Where:** ${prose(escaped)}`]) {
        t.deepEqual(acting(shown), [], JSON.stringify(shown));
      }
      const words = parse(`x ${prose(escaped)}`)
        .map((token) => (token.type === 'text' || token.type === 'code_inline' ? token.content : ''))
        .join('');
      // What stands between backticks is code, and says the same without them.
      t.is(words.replace(/[ `]/g, ''), `x${escaped.replace(/[ `]/g, '')}`);
    }),
    { numRuns: 2000 },
  );
});

test('any text as code: one piece of code that says just that', (t) => {
  fc.assert(
    fc.property(anyText, (text) => {
      const escaped = escapeText(text);
      const [only, ...others] = parse(`x ${code(escaped)} x`).filter((token) => token.type === 'code_inline');
      t.is(others.length, 0);
      t.is(only!.content, escaped.trim() === '' ? '-' : escaped);
    }),
    { numRuns: 1000 },
  );
});

test('any lines as a block: nothing ends it before its end', (t) => {
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      const lines = texts.flatMap((text) => escapeLines(text).split('\n'));
      const tokens = parse(`before\n\n${fence(lines)}\n\nafter`);
      const blocks = tokens.filter((token) => token.type === 'fence');
      t.is(blocks.length, 1);
      t.is(blocks[0]!.content, lines.map((line) => `${line}\n`).join(''));
    }),
    { numRuns: 1000 },
  );
});

test('sentences read as such: places are code, words are words', (t) => {
  t.is(
    prose('See (`arping -D -c 3 -I eth0 10.0.0.1`), then node2; a lone ` is code.'),
    'See (`arping -D -c 3 -I eth0 10.0.0.1`), then `node2`; a lone `` ` `` is code.',
  );
  t.is(
    prose('node2 drops requests for 192.168.1.100 on flannel.1 (max of all=1), by its check.'),
    '`node2` drops requests for `192.168.1.100` on `flannel.1` (max of `all=1`), by its check.',
  );
  t.is(
    prose('SYN 10.0.0.5:1 > 10.0.0.6:2, seen in ip_rcv(), 1,234 of 5'),
    'SYN `10.0.0.5:1 > 10.0.0.6:2`, seen in `ip_rcv()`, 1,234 of 5',
  );
});

for (const [name, make] of Object.entries(SAMPLES)) {
  test(`${name}: Markdown that parses, in which nothing acts`, (t) => {
    t.deepEqual(acting(renderMarkdown(make())), []);
  });
}

test('any analysis: nothing acts, nothing controls a terminal, and the length is kept', (t) => {
  fc.assert(
    fc.property(anyAnalysis, fc.integer({ min: 200, max: 8000 }), (given, maxLength) => {
      const text = renderMarkdown(given, { maxLength });
      t.true(text.length <= maxLength, `${text.length} of ${maxLength}`);
      t.deepEqual(acting(text), []);
      t.notRegex(text, /[^\P{C}\n]|[\p{Zl}\p{Zp}\p{M}]/u);
    }),
    { numRuns: 200 },
  );
});

/** Texts of `hostile()` with markup in them too. */
function poisoned(): Analysis {
  const markup = HOSTILE_MARKUP.join(' ');
  return JSON.parse(JSON.stringify(hostile()).replaceAll('gnp.exe', JSON.stringify(markup).slice(1, -1)));
}

test('hostile names, log lines and commands are shown and do nothing', (t) => {
  const text = renderMarkdown(poisoned());
  t.deepEqual(acting(text), []);
  const blocks = parse(text).filter((token) => token.type === 'fence');
  t.true(blocks.some((block) => block.content.includes('<script>alert(1)</script>')));
  t.notRegex(text, /\u202e|\u200b/);
});

test('the diagram is of the one language, whatever the names', (t) => {
  const text = renderMarkdown(poisoned());
  const [diagram] = parse(text).filter((token) => token.info === 'mermaid');
  const LABEL = '(?:[A-Za-z0-9 .,:/_?()-]|#\\d+;|<br/>)+';
  const LINE = new RegExp(
    `^(?:sequenceDiagram|    participant (?:c|n\\d+) as ${LABEL}|    Note over (?:c|n\\d+): ${LABEL}|    (?:c|n\\d+)--?>>n\\d+: ${LABEL})$`,
  );
  const lines = diagram!.content.trimEnd().split('\n');
  t.true(lines.length > 5);
  for (const line of lines) t.regex(line, LINE);
});

test('the diagram of the path: client, nodes, what went between, where it was lost', (t) => {
  const [diagram] = parse(renderMarkdown(rpFilter())).filter((token) => token.info === 'mermaid');
  t.is(
    diagram!.content,
    `sequenceDiagram
    participant c as client 192.168.50.20:40001
    participant n1 as node1
    participant n2 as node2
    c->>n1: SYN 192.168.50.20:40001 to 192.168.1.100:80
    Note over n1: SYN in eth0, out flannel.1, out eth0
    n1->>n2: SYN 192.168.50.20:40001 to 10.244.2.10:8080<br/>in vxlan 1 192.168.1.11 #62; 192.168.1.12
    Note over n2: SYN in eth0, in flannel.1
    Note over n2: X lost here: rp-filter (confirmed)
`,
  );
});

test('the verdict and the fix come first', (t) => {
  const [verdict, fix, caution, title] = renderMarkdown(rpFilter()).split('\n\n');
  t.is(
    verdict,
    '**FAULT:** rp-filter (confirmed): `node2` drops requests for `192.168.1.100` on `flannel.1` by its reverse-path check. 4 of 4 connections failed.',
  );
  t.is(fix, '**Fix:** Use loose reverse-path checks on `flannel.1` of `node2`.');
  t.regex(caution!, /^\*\*CAUTION:\*\* 1 of 2 capture files is incomplete/);
  t.is(title, '## FAULT 1 of 1: rp-filter (confirmed) on `node2 flannel.1`');
  t.regex(renderMarkdown(healthy()), /^\*\*OK:\*\* No fault found: 5 of 5 connections/);
});

test('commands are whole, in blocks that can be copied', (t) => {
  const scripts = parse(renderMarkdown(rpFilter())).filter((token) => token.info === 'sh');
  const { commands, undo } = rpFilter().findings[0]!.fix!;
  for (const { command } of [...commands, ...undo!]) {
    t.true(scripts.some((script) => script.content.split('\n').includes(command)));
  }
  const gaps = undetermined().gaps.flatMap((gap) => gap.capture ?? []);
  t.true(gaps.length > 0);
  const asked = parse(renderMarkdown(undetermined())).filter((token) => token.info === 'sh');
  for (const capture of gaps) t.true(asked.some((script) => script.content === `${capture}\n`));
});

test('shortened: what matters least goes first, and is named', (t) => {
  const whole = renderMarkdown(rpFilter());
  t.notRegex(whole, /Left out/);
  const without = (maxLength: number) => renderMarkdown(rpFilter(), { maxLength });
  t.is(without(whole.length), whole);
  const less = without(whole.length - 1);
  t.regex(less, /\n\nLeft out, for \d+ characters at most: the attempts; `--format text` has all\.\n$/);
  t.notRegex(less, /## Attempts/);
  t.regex(less, /## Inputs/);
  const chat = without(2200);
  t.regex(chat, /^\*\*FAULT/);
  t.regex(chat, /sysctl -w/);
  t.notRegex(chat, /```mermaid|### Ruled out|## Inputs/);
  t.regex(chat, /Left out, .*the proof of finding 1.*the diagram of finding 1/);
  t.regex(
    without(300),
    /^\*\*FAULT.*\n\n\*\*Fix.*\n\nLeft out, for 300 characters at most: \d+ parts of \d+/,
  );
});

test('shortened: no character is cut in two', (t) => {
  const findings = [finding({ node: '\u{20bb7}'.repeat(400), interface: 'eth0' })];
  for (let maxLength = 120; maxLength < 124; maxLength++) {
    t.notRegex(renderMarkdown(analysis({ findings }), { maxLength }), /\p{Surrogate}/u, `${maxLength}`);
  }
});

test('shortened: of many findings the first keep theirs', (t) => {
  const findings = Array.from({ length: 4 }, (_, i) =>
    finding({ id: `f${i}`, summary: `${'ABCD'[i]}story ${'word '.repeat(90)}` }),
  );
  const text = renderMarkdown(analysis({ findings }), { maxLength: 2500 });
  t.regex(text, /Astory word/);
  t.notRegex(text, /Dstory word/);
  t.regex(text, /the summary of finding 4/);
});

test('what GitHub takes is never exceeded', (t) => {
  const findings = Array.from({ length: 200 }, (_, i) =>
    finding({ id: `f${i}`, summary: 'a long story, '.repeat(60) }),
  );
  const text = renderMarkdown({ ...tenThousand(), findings });
  t.true(text.length <= 65_536);
  t.regex(text, /Left out/);
});

test('connections that were opened on purpose are told, and who answered ARP', (t) => {
  const text = renderMarkdown(probed());
  t.regex(text, /\n## Probe\n\n```\n7 of 8 connections from here to 192\.168\.1\.100:80: 2 made, 1 refused/);
  t.regex(text, /\n {6}40007 {2}made .* unacknowledged {2}a9/);
  t.regex(text, /When node1 asks on eth0, 2 MACs answer ARP/);
  t.notRegex(renderMarkdown(rpFilter()), /Probe/);
});

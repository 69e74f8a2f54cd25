/**
 * Escaped text (see `escape.ts`) as Markdown that nothing of it can act in. A backslash keeps characters from markup,
 * but not from what GitHub, GitLab and Slack look for afterwards (@name, #1, !1, GH-1, :smile:, www.example.com): code
 * alone is left in peace by all of them. So plain words stay prose, and the rest is code.
 */

/** Words of letters, as `SYN-ACK` and `node's`, and numbers; nothing that is looked up anywhere. */
const PLAIN = /^(?:[A-Za-z]+(?:['-][A-Za-z]+)*|\d{1,3}(?:,\d{3})*(?:\.\d{1,3})?%?)?$/;
/** What GitHub takes for a commit. */
const COMMIT = /^[0-9a-f]{7,}$/i;
/** A command in its backticks, which is one piece of code however its words read, or what stands between two spaces. */
const TOKEN = /["'(]*`[^`\s][^`]*`[.,;:!?"')]*(?= |$)|[^ ]+/g;
/** What stands between backticks, and the punctuation around them. */
const QUOTED = /^(["'(]*)`([^`\s][^`]*)`([.,;:!?"')]*)$/;
/** A word, and the punctuation of sentences around it. */
const WORD = /^(["'(]*)(.*?(?:\(\))?)([.,;:!?"')]*)$/;

/** One line of prose, to stand behind something: at the start of a line, `1.` would be a list. */
export function prose(text: string): string {
  const pieces: string[] = [];
  // Words that follow each other are one piece of code.
  let open: string[] = [];
  let before = '';
  const close = (after: string) => {
    if (open.length > 0) pieces.push(`${before}${code(open.join(' '))}${after}`);
    open = [];
  };
  for (const token of text.match(TOKEN) ?? []) {
    const quoted = QUOTED.exec(token);
    if (quoted) {
      close('');
      pieces.push(`${quoted[1]}${code(quoted[2]!)}${quoted[3]}`);
      continue;
    }
    const [, left, word, right] = WORD.exec(token) as unknown as [string, string, string, string];
    if (PLAIN.test(word) && !COMMIT.test(word)) {
      close('');
      pieces.push(token);
      continue;
    }
    if (left !== '') close('');
    if (open.length === 0) before = left;
    open.push(word);
    if (right !== '') close(right);
  }
  close('');
  return pieces.join(' ');
}

/** Prose with a line of its own. */
export function paragraph(text: string): string {
  return prose(text).replace(/^(\d+)(?=[.)])/, '`$1`');
}

/** Escaped text as code, whatever backticks are in it. */
export function code(text: string): string {
  if (text.trim() === '') return code('-');
  const fence = '`'.repeat(longestRun(text) + 1);
  const pad = /^[` ]|[` ]$/.test(text) ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

/**
 * Lines of escaped text as a block of code that they cannot end.
 *
 * @param language `sh`, `mermaid`; empty for plain text
 */
export function fence(lines: readonly string[], language = ''): string {
  const marks = '`'.repeat(Math.max(3, longestRun(lines.join('\n')) + 1));
  return [`${marks}${language}`, ...lines, marks].join('\n');
}

function longestRun(text: string): number {
  return Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
}

/**
 * Setting escaped text (no controls, no combining marks: see `escape.ts`) in columns of a terminal.
 */

/**
 * Characters that take two columns: Unicode's East Asian Width W and F, and emoji. The ranges are rounded up, for
 * a line that is a column short is no harm and one that is a column long is broken by the terminal.
 */
function isWide(character: string): boolean {
  // Made when it is needed: it takes milliseconds, and most texts are plain ASCII.
  return /[\u1100-\u115f\u2329\u232a\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f100}-\u{1faff}\u{20000}-\u{3fffd}]|\p{Extended_Pictographic}|\p{Emoji_Presentation}/u.test(
    character,
  );
}

const ASCII = /^[ -~]*$/;

/** The columns that one line of escaped text takes. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += isWide(character) ? 2 : 1;
  return width;
}

/**
 * Breaks one line of escaped text at spaces into lines of at most `width` columns (2 or more); a word that is
 * longer is broken where the line ends. The `>` of a flow stays with what it points to.
 */
export function wrap(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const [token] of text.matchAll(/ *(?:> )?[^ ]+/g)) {
    const columns = displayWidth(token);
    if (used + columns <= width) {
      line += token;
      used += columns;
      continue;
    }
    if (used > 0) lines.push(line);
    const pieces = chop(token.trimStart(), width);
    line = pieces.pop()!;
    used = displayWidth(line);
    lines.push(...pieces);
  }
  lines.push(line);
  return lines;
}

function chop(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const character of word) {
    const columns = displayWidth(character);
    if (used + columns > width) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += character;
    used += columns;
  }
  pieces.push(piece);
  return pieces;
}

/**
 * Wraps `text` beside a label: the first line starts with `label`, those that follow are indented to the same
 * column.
 *
 * @param indent columns from the left edge to the text; the label is padded to it, or followed by one space
 * @param paint applied to the label alone
 */
export function labelled(
  label: string,
  text: string,
  width: number,
  indent: number,
  paint: (label: string) => string = (same) => same,
): string[] {
  const room = Math.max(indent, displayWidth(label) + 1);
  const [first = '', ...rest] = wrap(text, width - room);
  const head = paint(label) + ' '.repeat(room - displayWidth(label)) + first;
  return [head, ...rest.map((line) => ' '.repeat(room) + line)];
}

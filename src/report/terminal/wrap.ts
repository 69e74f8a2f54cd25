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
 * longer is broken where it is parted, as after the colon before a port. The `>` of a flow stays with what it points to.
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

/** What is kept together before all else ends here: an address before its port, a name before what it is in. */
const PIECE = /[^.:/,\u2192]*[.:/,\u2192]+|[^.:/,\u2192]+/g;

function piecesOf(word: string): string[] {
  return word.match(PIECE) ?? [word];
}

/** What a text asks of the width of its lines. */
export interface Needs {
  /** So that its words stay whole. */
  word: number;
  /** So that none takes more than two lines. */
  half: number;
  /** So that short words stay whole, and others are broken where they are parted. */
  piece: number;
}

/** A time of the day, the name of a packet or an interface: shorter than an address with its port. */
const SHORT_WORD = 12;

/** @param longest of the words that count as such: longer ones are broken before any of these are */
export function needsOf(text: string, longest: number): Needs {
  const needs = { word: 0, half: 0, piece: 0 };
  for (const one of text.split(' ')) {
    const width = displayWidth(one);
    const isShort = width <= SHORT_WORD;
    const pieces = isShort ? [width] : piecesOf(one).map(displayWidth);
    const half = isShort ? width : halfOf(pieces, width);
    needs.piece = Math.max(needs.piece, Math.min(SHORT_WORD, Math.max(...pieces)));
    if (half <= longest) needs.half = Math.max(needs.half, half);
    if (width <= longest) needs.word = Math.max(needs.word, width);
  }
  needs.half = Math.max(needs.half, needs.piece);
  needs.word = Math.max(needs.word, needs.half);
  return needs;
}

/** The longer of two lines where they are as near to each other as the pieces let them be. */
function halfOf(pieces: readonly number[], width: number): number {
  let best = width;
  let first = 0;
  for (const piece of pieces) {
    first += piece;
    best = Math.min(best, Math.max(first, width - first));
  }
  return best;
}

/** Lines of a word that is longer than one: broken after signs that part it, else wherever the line ends. */
function chop(word: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  const add = (text: string, columns: number) => {
    if (used + columns > width) {
      lines.push(line);
      line = '';
      used = 0;
    }
    line += text;
    used += columns;
  };
  for (const piece of piecesOf(word)) {
    const columns = displayWidth(piece);
    if (columns <= width) add(piece, columns);
    else for (const character of piece) add(character, displayWidth(character));
  }
  lines.push(line);
  return lines;
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

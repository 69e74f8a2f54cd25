/**
 * Captures, logs, host names and file names hold whatever an attacker or a fault put there. Nothing of it may
 * move the cursor, ring, recolour, hide or reorder the text of a report, so all of it passes here first.
 */
import { mapTexts } from '../model/texts.js';

/**
 * What has no glyph of its own: controls (C0, DEL, C1), format characters (bidi overrides, zero-width), private
 * and unassigned code points, lone surrogates, line and paragraph separators, spaces other than U+0020, and
 * combining marks, which a terminal draws over what stands before them.
 */
function unsafe(): RegExp {
  // Made when it is needed: it takes a millisecond, and most texts are plain ASCII.
  return /[\p{C}\p{M}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
}

const PRINTABLE_ASCII = /^[ -~]*$/;

/**
 * One line of text in which every unsafe character, line feeds among them, stands as `\x1b`, `\u202e` or
 * `\u{e0001}`. A backslash that was there before is left alone, so that commands can be copied.
 */
export function escapeText(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text : text.replace(unsafe(), escapeCharacter);
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/** One way of escaping a line. */
export type Escape = (text: string) => string;

/** The same for what takes ASCII alone: other letters are spelt out too, and the ellipsis is three points. */
export function escapeToAscii(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  return text.replaceAll('\u2026', '...').replace(/[^ -~]/gu, escapeCharacter);
}

/** The same for text of several lines: line feeds stay. */
export function escapeLines(text: string, spell: Escape = escapeText): string {
  return text.split('\n').map(spell).join('\n');
}

/** A copy of a plain value (objects, arrays, scalars) in which every string has passed `spell`. */
export function escapeAll<T>(value: T, spell: Escape = escapeText): T {
  return mapTexts(value, spell);
}

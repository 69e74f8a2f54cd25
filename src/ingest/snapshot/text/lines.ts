import { InputError } from '../../../model/errors.js';
import type { Entry } from '../json.js';

/** A line of a listing, without the blanks at its ends. */
export interface Line {
  /** From 1. */
  number: number;
  text: string;
}

/** The lines that are not empty. With `ip -o`, a backslash stands where else a line ends. */
export function linesOf(text: string): Line[] {
  return text.split('\n').flatMap((line, i) => {
    // An alias is any text, and the last that one would take apart.
    const parts = /^\s*alias\s/.test(line) ? [line] : line.split(/\\(?=\s)/);
    return parts.flatMap((part) => (part.trim() === '' ? [] : { number: i + 1, text: part.trim() }));
  });
}

/** What stands on the line, as `ip -j` would have printed it. */
export function entryOf(fields: Record<string, unknown>, line: Line, file: string): Entry {
  return { fields, file, place: `line ${line.number}` };
}

/** An error of one line that names the place. */
export function notA(what: string, line: Line, file: string): InputError {
  const excerpt = line.text.length > 60 ? `${line.text.slice(0, 60)}…` : line.text;
  return new InputError(file, null, `line ${line.number}: not ${what}: ${excerpt}`);
}

import { InputError } from '../../../model/errors.js';
import type { Line } from './lines.js';

/** The words of a line, from left to right. */
export class Words {
  readonly #words: string[];
  readonly #line: Line;
  readonly #file: string;
  #at = 0;

  constructor(line: Line, file: string) {
    this.#words = line.text.split(/\s+/).filter((word) => word !== '');
    this.#line = line;
    this.#file = file;
  }

  /** The next one, which stays; null at the end. */
  peek(): string | null {
    return this.#words[this.#at] ?? null;
  }

  /** @throws InputError at the end, where a listing was cut off */
  next(): string {
    const word = this.#words[this.#at++];
    if (word !== undefined) return word;
    throw new InputError(
      this.#file,
      null,
      `line ${this.#line.number}: ends too early, behind "${this.#words.at(-1) ?? ''}"`,
    );
  }

  /** Takes the last one away, unless it is the value of one of `names`. */
  takeLast(names: ReadonlyMap<string, string>): string | null {
    const last = this.#words.length - 1;
    return last < this.#at || names.has(this.#words[last - 1] ?? '') ? null : this.#words.pop()!;
  }

  /** Passes over what stands before the first of `words`. */
  skipTo(...words: readonly string[]): void {
    while (this.peek() !== null && !words.includes(this.peek()!)) this.#at++;
  }
}

/**
 * Reads the words that name a value into fields.
 *
 * @param names of the fields, by word
 * @param other takes a word that names none of them. Words that it knows nothing of change no decision
 * @throws InputError where a value is missing
 */
export function readValues(
  words: Words,
  names: ReadonlyMap<string, string>,
  fields: Record<string, unknown>,
  other: (word: string) => void = () => {},
): void {
  while (words.peek() !== null) {
    const word = words.next();
    const name = names.get(word);
    if (name === undefined) other(word);
    else fields[name] = words.next();
  }
}

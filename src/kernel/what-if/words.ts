import { Refusal } from './refusal.js';

/** The words of a command, taken one after the other as iproute2 takes them. */
export class Words {
  private readonly words: readonly string[];
  private at = 0;

  constructor(words: readonly string[]) {
    this.words = words;
  }

  /** The next word, which stays; null at the end. */
  peek(): string | null {
    return this.words[this.at] ?? null;
  }

  /** The next word. @throws Refusal at the end */
  next(): string {
    const word = this.words[this.at];
    if (word === undefined) {
      throw new Refusal('Command line is not complete', `a value is missing after '${this.words.at(-1)}'`);
    }
    this.at++;
    return word;
  }

  /** Takes the next word if it is this one. */
  skip(word: string): boolean {
    if (this.peek() !== word) return false;
    this.at++;
    return true;
  }
}

/** matches() of iproute2's lib/utils.c: whether a word is short for a full one. */
export function isShortFor(word: string, full: string): boolean {
  return word !== '' && full.startsWith(word);
}

/** The first of the full words that this one is short for; null where it is for none. */
export function expand<T extends string>(word: string, full: readonly T[]): T | null {
  return full.find((name) => isShortFor(word, name)) ?? null;
}

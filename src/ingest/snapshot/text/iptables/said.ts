/** What `iptables -nvL` says of one match or target, and the options of iptables-save that say the same. */

export type Groups = Readonly<Record<string, string | undefined>>;

export interface Saying {
  pattern: RegExp;
  /** @returns null where it is not as known */
  options: (groups: Groups, family: 4 | 6) => string | null;
}

/** @param words an expression for all of it, up to a blank or the end */
export function saying(words: RegExp | string, options: Saying['options']): Saying {
  const source = typeof words === 'string' ? words : words.source;
  return { pattern: new RegExp(`^(?:${source})(?= |$)`, 'i'), options };
}

/** What is said first in `text`; null where that is not known. */
export function firstSaid(
  sayings: readonly Saying[],
  text: string,
  family: 4 | 6,
): { options: string; length: number } | null {
  for (const { pattern, options } of sayings) {
    const found = pattern.exec(text);
    const said = found && options(found.groups ?? {}, family);
    if (found && said != null) return { options: said, length: found[0].length };
  }
  return null;
}

/** The exclamation mark of an option, where one was said. */
export function bang(text: string | undefined): string {
  return text === undefined || text.trim() === '' ? '' : '! ';
}

/** A value and perhaps a mask, decimal or hexadecimal. */
export const MARK = '(?:0x[0-9a-f]+|\\d+)(?:\\/(?:0x[0-9a-f]+|\\d+))?';

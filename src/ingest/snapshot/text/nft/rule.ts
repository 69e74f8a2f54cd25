import { readStatement } from './statements.js';
import { Cursor, type Token, Unread } from './tokens.js';

export interface NftRule {
  handle?: number;
  comment?: string;
  /** What cannot be read is the last of these: `{"unread": WORDS}`. */
  expr: unknown[];
}

/**
 * @param line the rule's tokens
 * @param family of its table
 * @param text the whole listing
 */
export function readRule(line: readonly Token[], family: string, text: string): NftRule {
  const rule: NftRule = { expr: [] };
  const handle = line.findLast(({ kind }) => kind === 'handle');
  if (handle) rule.handle = Number(handle.text);
  const cursor = new Cursor(line.filter(({ kind }) => kind !== 'handle'));
  while (!cursor.ended) {
    const before = cursor.peek()!;
    try {
      if (cursor.take('comment')) rule.comment = cursor.name();
      else rule.expr.push(readStatement(cursor, family));
    } catch (error) {
      if (!(error instanceof Unread)) throw error;
      const rest = text.slice(before.start, cursor.tokens.at(-1)!.end);
      rule.expr.push({ unread: rest.replaceAll(/\s+/g, ' ').trim() });
      break;
    }
  }
  return rule;
}

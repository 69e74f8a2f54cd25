/** Expressions of `nft list ruleset`, and the elements of sets, in the shape of libnftables-json(5). */

import { readCounter, readLast, readLimit, readQuota } from './rates.js';
import { readSelector } from './selectors.js';
import { type Cursor, Unread } from './tokens.js';
import { readDuration, readValue } from './values.js';

/** Operators as signs and as words, the loosest first. */
const BINARY: readonly Readonly<Record<string, string>>[] = [
  { '|': '|', or: '|' },
  { '^': '^', xor: '^' },
  { '&': '&', and: '&' },
  { '<<': '<<', lshift: '<<', '>>': '>>', rshift: '>>' },
];

/** A selector, a value, a set, or what a map makes of one. */
export function readExpression(cursor: Cursor): unknown {
  const key = readConcatenation(cursor);
  return cursor.take('map') ? { map: { key, data: readElementsOrName(cursor) } } : key;
}

/** As the right-hand side of a match has it: `established,related` is a list. */
export function readRight(cursor: Cursor): unknown {
  const first = readExpression(cursor);
  if (!cursor.is(',')) return first;
  const values = [first];
  while (cursor.take(',')) values.push(readExpression(cursor));
  return values;
}

/** `ip saddr . tcp dport` */
function readConcatenation(cursor: Cursor): unknown {
  const parts = [readBinary(cursor, 0)];
  while (cursor.take('.')) parts.push(readBinary(cursor, 0));
  return parts.length === 1 ? parts[0] : { concat: parts };
}

/** `@name`, or elements in braces. */
export function readElementsOrName(cursor: Cursor): unknown {
  return cursor.take('{') ? { set: readElements(cursor) } : cursor.name();
}

function readBinary(cursor: Cursor, level: number): unknown {
  const operators = BINARY[level];
  if (!operators) return readPrimary(cursor);
  let left = readBinary(cursor, level + 1);
  for (;;) {
    const token = cursor.peek();
    if (token?.kind !== 'word' || !Object.hasOwn(operators, token.text)) return left;
    cursor.at++;
    left = { [operators[token.text]!]: [left, readBinary(cursor, level + 1)] };
  }
}

function readPrimary(cursor: Cursor): unknown {
  if (cursor.take('(')) {
    const inner = readRight(cursor);
    cursor.expect(')');
    return inner;
  }
  if (cursor.take('{')) return { set: readElements(cursor) };
  return readSelector(cursor, readConcatenation) ?? readValue(cursor);
}

/** The elements of a set or map, from behind `{` to behind `}`; a map's are pairs. */
export function readElements(cursor: Cursor): unknown[] {
  const elements: unknown[] = [];
  while (!cursor.take('}')) {
    elements.push(readElement(cursor));
    if (!cursor.take(',') && !cursor.is('}')) throw new Unread('elements without a comma between them');
  }
  return elements;
}

function readElement(cursor: Cursor): unknown {
  const key = readKey(cursor);
  return cursor.take(':') ? [key, readData(cursor)] : key;
}

/** With what is told of an element beside its value: within `{"elem": …}`. */
function readKey(cursor: Cursor): unknown {
  return readKeyWith(cursor, (more) => {
    if (cursor.take('counter')) more.counter = readCounter(cursor);
    else if (cursor.take('limit')) more.limit = readLimit(cursor);
    else if (cursor.take('quota')) more.quota = readQuota(cursor);
    else if (cursor.take('last')) more.last = readLast(cursor);
    else return false;
    return true;
  });
}

/** The key that a rule puts into a set, whose statements stand apart. */
export function readAddedKey(cursor: Cursor): unknown {
  return readKeyWith(cursor, () => false);
}

/** @param readMore reads what else may follow; false where nothing did */
function readKeyWith(cursor: Cursor, readMore: (more: Record<string, unknown>) => boolean): unknown {
  const val = readConcatenation(cursor);
  const more: Record<string, unknown> = {};
  for (;;) {
    if (cursor.take('timeout')) more.timeout = readDuration(cursor);
    else if (cursor.take('expires')) more.expires = readDuration(cursor);
    else if (cursor.take('comment')) more.comment = cursor.name();
    else if (!readMore(more)) break;
  }
  return Object.keys(more).length === 0 ? val : { elem: { val, ...more } };
}

const VERDICTS = new Set(['accept', 'drop', 'continue', 'return', 'queue']);
const JUMPS = new Set(['jump', 'goto']);

/** A verdict, or a value. */
function readData(cursor: Cursor): unknown {
  return readVerdict(cursor) ?? readConcatenation(cursor);
}

/** Null where none comes next. */
export function readVerdict(cursor: Cursor): unknown {
  const word = cursor.takeOne(VERDICTS);
  if (word !== null) return { [word]: null };
  const jump = cursor.takeOne(JUMPS);
  return jump === null ? null : { [jump]: { target: cursor.name() } };
}

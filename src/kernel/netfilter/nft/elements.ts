/** The elements of sets and maps, and of whatever stands on a match's right-hand side: all of them patterns. */
import { UNKNOWN, type Value } from './expression.js';
import { integer, kindOf, list, record } from './json.js';
import { type Atom, bitwise, type DataType } from './types.js';

/** One value, a range with both ends, the beginning of a name, or anything. */
export type Pattern =
  | { kind: 'range'; low: Atom; high: Atom }
  | { kind: 'beginning'; text: string }
  | { kind: 'any' };

export interface Element<T> {
  /** One for each part of the key. */
  patterns: readonly Pattern[];
  data: T;
}

/** Null where the value is none of this type. */
export function parsePattern(value: unknown, type: DataType): Pattern | null {
  const kind = kindOf(value);
  if (kind?.[0] === 'prefix') return parsePrefix(kind[1], type);
  if (kind?.[0] === 'range') {
    const [low, high] = list(kind[1]).map((end) => type.parse(end));
    return low === null || low === undefined || high === null || high === undefined
      ? null
      : { kind: 'range', low, high };
  }
  if (value === '*') return { kind: 'any' };
  if (type.bits === 0 && typeof value === 'string' && value.endsWith('*')) {
    // nft writes a name that really ends in an asterisk with a backslash.
    return value.endsWith('\\*')
      ? exactly(`${value.slice(0, -2)}*`)
      : { kind: 'beginning', text: value.slice(0, -1) };
  }
  const atom = type.parse(value);
  return atom === null ? null : exactly(atom);
}

export function exactly(value: Atom): Pattern {
  return { kind: 'range', low: value, high: value };
}

function parsePrefix(body: unknown, type: DataType): Pattern | null {
  const prefix = record(body);
  const address = type.parse(prefix?.addr);
  const length = integer(prefix?.len);
  if (address === null || length === null || length < 0 || length > type.bits) return null;
  const host = (1n << BigInt(type.bits - length)) - 1n;
  const low = bitwise('&', address, ((1n << BigInt(type.bits)) - 1n) ^ host, type.bits);
  const high = bitwise('|', address, host, type.bits);
  return low === null || high === null ? null : { kind: 'range', low, high };
}

/**
 * One pattern for each part of the key.
 *
 * @param value `{"concat": […]}`, or a single value; either within `{"elem": {"val": …}}` where it has a timeout,
 *   comment or counter
 */
export function parseKey(value: unknown, types: readonly DataType[]): Pattern[] | null {
  const [kind, body] = kindOf(value) ?? [];
  if (kind === 'elem') return parseKey(record(body)?.val, types);
  if (value === '*') return types.map(() => ({ kind: 'any' }));
  const parts = kind === 'concat' ? list(body) : [value];
  if (parts.length !== types.length) return null;
  const patterns = parts.map((part, i) => parsePattern(part, types[i]!));
  return patterns.includes(null) ? null : (patterns as Pattern[]);
}

export class ElementTable<T> {
  /** Elements that could not be read: one of them may be what is looked for. */
  readonly unread: number;
  private readonly exact = new Map<Atom, T>();
  /** Of a single number each, in order. */
  private readonly ranges: { low: number; high: number; data: T }[] = [];
  private readonly others: Element<T>[] = [];
  private readonly elements: readonly Element<T>[];
  private any: { data: T } | null = null;

  constructor(elements: readonly Element<T>[], unread = 0) {
    this.elements = elements;
    this.unread = unread;
    for (const element of elements) this.add(element);
    this.ranges.sort((a, b) => a.low - b.low);
  }

  private add(element: Element<T>): void {
    const { patterns, data } = element;
    const [first] = patterns;
    if (patterns.every((pattern) => pattern.kind === 'any')) {
      this.any ??= { data };
    } else if (patterns.every((pattern) => pattern.kind === 'range' && pattern.low === pattern.high)) {
      const key = keyOf(patterns.map((pattern) => (pattern as { low: Atom }).low));
      if (!this.exact.has(key)) this.exact.set(key, data);
    } else if (patterns.length === 1 && first!.kind === 'range' && typeof first!.low === 'number') {
      this.ranges.push({ low: first!.low, high: Number(first!.high), data });
    } else this.others.push(element);
  }

  /** Undefined where no element matches. */
  find(key: readonly Atom[]): T | undefined {
    const exact = this.exact.get(keyOf(key));
    if (exact !== undefined) return exact;
    if (this.ranges.length > 0) {
      const range = this.rangeOf(key[0]!);
      if (range !== undefined) return range;
    }
    const other = this.others.find(({ patterns }) => patterns.every((pattern, i) => fits(pattern, key[i]!)));
    return other ? other.data : this.any?.data;
  }

  /** Whether an element might match, whatever the values are that are not known. */
  mayHave(key: readonly Value[]): boolean {
    if (this.unread > 0) return true;
    return this.elements.some(({ patterns }) =>
      patterns.every((pattern, i) => key[i] === UNKNOWN || fits(pattern, key[i] as Atom)),
    );
  }

  /** How many of the numbers from 0 to `count` - 1 match an element; for keys of one number alone. */
  share(count: number): number {
    let numbers = 0;
    for (const { patterns } of this.elements) {
      const pattern = patterns[0]!;
      if (pattern.kind === 'any') return count;
      if (pattern.kind !== 'range') continue;
      const from = Number(pattern.low);
      const to = Math.min(Number(pattern.high), count - 1);
      if (to >= from) numbers += to - from + 1;
    }
    return Math.min(numbers, count);
  }

  private rangeOf(value: Atom): T | undefined {
    if (typeof value !== 'number') return undefined;
    let from = 0;
    let to = this.ranges.length - 1;
    while (from <= to) {
      const middle = (from + to) >> 1;
      const { low, high, data } = this.ranges[middle]!;
      if (value < low) to = middle - 1;
      else if (value > high) from = middle + 1;
      else return data;
    }
    return undefined;
  }
}

function keyOf(key: readonly Atom[]): Atom {
  return key.length === 1 ? key[0]! : key.join(' ');
}

function fits(pattern: Pattern, value: Atom): boolean {
  if (pattern.kind === 'any') return true;
  if (pattern.kind === 'beginning') return typeof value === 'string' && value.startsWith(pattern.text);
  // Comparing a name with a number is never true, in either direction.
  return value >= pattern.low && value <= pattern.high;
}

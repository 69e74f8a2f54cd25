/** What stands on the right of a match. */
import { ElementTable, type Pattern, parseKey } from './elements.js';
import { type Expression, UNKNOWN, type Value } from './expression.js';
import { kindOf, text } from './json.js';
import { assumption, findElements, MEMBERS, type Scope } from './scope.js';
import { type Atom, CT_STATE, CT_STATUS, type DataType } from './types.js';

/** What the left-hand side has to be like. */
export interface Test {
  /** UNKNOWN where that depends on a value that is not known, or on an element that cannot be read. */
  holds: (values: readonly Value[]) => boolean | typeof UNKNOWN;
  /** How many of the numbers from 0 to `count` - 1 pass; null where that is not told. */
  share: ((count: number) => number) | null;
  /** Null where nothing is. */
  assumes: string | null;
  /** The bits that are looked at; null for all. */
  bits: number | null;
}

/** @returns null where it cannot be read */
export function compileTest(operator: string, left: Expression, right: unknown, scope: Scope): Test | null {
  const type = left.types[0]!;
  const single = left.types.length === 1;
  if ((operator === 'in' || operator === '!') && single && !isElements(right)) {
    return bitTest(type, right, operator === '!');
  }
  // Older listings have `==` for any of several flags; a state is never two at once.
  if (operator === '==' && Array.isArray(right) && (type === CT_STATE || type === CT_STATUS)) {
    return bitTest(type, right, false);
  }
  if (RELATIONS.has(operator)) return single ? relation(operator, type, right) : null;
  if (operator !== '==' && operator !== 'in' && operator !== '!=') return null;
  const negated = operator === '!=';
  if (isSet(right)) {
    const found = findElements(right, left.types, scope, MEMBERS, () => true);
    return found && memberTest(found.table, negated, assumption(found));
  }
  const patterns = parseKey(right, left.types);
  return patterns && memberTest(new ElementTable([{ patterns, data: true }]), negated, null);
}

function isSet(right: unknown): boolean {
  return text(right)?.startsWith('@') || kindOf(right)?.[0] === 'set';
}

function isElements(right: unknown): boolean {
  const kind = kindOf(right)?.[0];
  return isSet(right) || kind === 'range' || kind === 'prefix';
}

/** Any of these bits, or none. */
function bitTest(type: DataType, right: unknown, none: boolean): Test | null {
  const bits = type.parse(right);
  if (typeof bits !== 'number') return null;
  const holds = ([value]: readonly Value[]) =>
    value === UNKNOWN ? UNKNOWN : ((Number(value) & bits) === 0) === none;
  return { holds, share: null, assumes: null, bits };
}

const RELATIONS = new Set(['<', '>', '<=', '>=']);

function relation(operator: string, type: DataType, right: unknown): Test | null {
  const parsed = type.parse(right);
  if (parsed === null || typeof parsed === 'string') return null;
  const value = BigInt(parsed);
  const all = (1n << BigInt(type.bits)) - 1n;
  const range = (low: bigint, high: bigint): Pattern =>
    typeof parsed === 'number'
      ? { kind: 'range', low: Number(low), high: Number(high) }
      : { kind: 'range', low, high };
  const inclusive = operator.endsWith('=') ? 0n : 1n;
  const pattern = operator.startsWith('<') ? range(0n, value - inclusive) : range(value + inclusive, all);
  return memberTest(new ElementTable([{ patterns: [pattern], data: true }]), false, null);
}

function memberTest(table: ElementTable<boolean>, negated: boolean, assumes: string | null): Test {
  return {
    holds: (values) => {
      if (values.includes(UNKNOWN)) return table.mayHave(values) ? UNKNOWN : negated;
      if (table.find(values as readonly Atom[])) return !negated;
      return table.unread > 0 ? UNKNOWN : negated;
    },
    share: (count) => (negated ? count - table.share(count) : table.share(count)),
    assumes,
    bits: null,
  };
}

/** The kinds of expressions: a row each. */
import { compileCt } from './ct.js';
import {
  DRAWS,
  type Draw,
  type Expression,
  selector,
  UNKNOWN,
  unknownSelector,
  type Value,
} from './expression.js';
import { compileFib } from './fib.js';
import { integer, type JsonObject, kindOf, list, record, text } from './json.js';
import { compileMeta } from './meta.js';
import { compilePayload } from './payload.js';
import { assumption, findElements, type Scope, UNREAD } from './scope.js';
import { type Atom, bitwise, type DataType, numbers } from './types.js';

/** What an expression's place asks of it. */
interface Place {
  /** The other side of the match, which tells what a fib expression asks for. */
  right?: unknown;
  /** The type that the value is put to use as: constants and a map's data are read as such. */
  wanted?: DataType;
}

type Compile = (body: JsonObject, scope: Scope, place: Place) => Expression;

const KINDS: Readonly<Record<string, Compile>> = {
  payload: compilePayload,
  meta: (body) => compileMeta(text(body.key) ?? '?'),
  ct: (body, scope) => compileCt(body, scope.family),
  fib: (body, _scope, { right }) => compileFib(body, right),
  // Its packets are spread evenly; where the counter stands is not in a snapshot.
  numgen: (body) => numgen(body, body.mode === 'inc' ? 'in turn' : 'random'),
  jhash: (body, scope) => hash(body, compileExpression(body.expr, scope)),
  symhash: (body) => hash(body, null),
  map: compileMap,
};

/** Never fails: what is not known gives UNKNOWN and says why. */
export function compileExpression(value: unknown, scope: Scope, place: Place = {}): Expression {
  if (place.wanted && place.wanted.parse(value) !== null) return constant(value, place.wanted);
  const [kind, body] = kindOf(value) ?? [];
  if (kind === undefined || kind === 'set' || kind === 'range' || kind === 'prefix') {
    return constant(value, place.wanted);
  }
  if (kind === 'concat')
    return concatenation(list(body).map((part) => compileExpression(part, scope, place)));
  if (BINARY.has(kind)) return compileBinary(kind, list(body), scope, place);
  const compile = Object.hasOwn(KINDS, kind) ? KINDS[kind]! : null;
  const fields = record(body);
  return compile && fields ? compile(fields, scope, place) : unknownSelector(`"${kind}" is not modelled`);
}

function constant(value: unknown, wanted: DataType | undefined): Expression {
  const atom = wanted?.parse(value) ?? null;
  if (atom === null || !wanted) return unknownSelector(`${JSON.stringify(value) ?? '?'} cannot be read`);
  return selector(wanted, () => atom);
}

/** Whether a value of the packet is meant, and no constant. */
export function isSelector(value: unknown): boolean {
  const [kind, body] = kindOf(value) ?? [];
  if (kind === undefined) return false;
  if (BINARY.has(kind) || kind === 'concat') return list(body).some(isSelector);
  return Object.hasOwn(KINDS, kind);
}

/** Several values as one key. */
function concatenation(parts: readonly Expression[]): Expression {
  const draws = parts.filter((part) => part.draw);
  if (draws.length > 1) return unknownSelector('more than one random number at once is not modelled');
  return {
    types: parts.flatMap((part) => part.types),
    read: (packet, node, draw) => {
      const values: Value[] = [];
      for (const part of parts) {
        const read = part.read(packet, node, draw);
        if (read === null) return null;
        values.push(...read);
      }
      return values;
    },
    draw: draws[0]?.draw ?? null,
    unsure: parts.find((part) => part.unsure !== null)?.unsure ?? null,
    neverKnown: parts.every((part) => part.neverKnown),
    assumes: parts.find((part) => part.assumes !== null)?.assumes ?? null,
    knownBits: parts.every((part) => part.knownBits === null) ? null : 0,
    wayBack: parts.some((part) => part.wayBack),
  };
}

const BINARY = new Set(['&', '|', '^', '<<', '>>']);

/** `{"&": [A, B]}`, of more than two as well. */
function compileBinary(
  operator: string,
  operands: readonly unknown[],
  scope: Scope,
  place: Place,
): Expression {
  const [first, ...others] = operands;
  const left = compileExpression(first, scope, place);
  if (operator === '>>' && left.types[0]!.name === 'dscp' && Number(others[0]) === 2 && isIPv4Dscp(first)) {
    // The listing tells of the shift by which nft takes the DSCP out of its octet.
    return left;
  }
  if (SUBOCTET.has(left.types[0]!.name) && operator === '>>') {
    return unknownSelector(`"${operator}" on a part of an octet is not modelled`);
  }
  return others.reduce((result: Expression, operand) => combine(operator, result, operand, scope), left);
}

const SUBOCTET = new Set(['dscp', 'ecn', 'nibble']);

function isIPv4Dscp(value: unknown): boolean {
  return record(record(value)?.payload)?.protocol === 'ip';
}

function combine(operator: string, left: Expression, operand: unknown, scope: Scope): Expression {
  const type = left.types[0]!;
  const shift = operator === '<<' || operator === '>>';
  const right = compileExpression(operand, scope, { wanted: shift ? numbers('integer', 32) : type });
  if (left.draw && right.draw) return unknownSelector('more than one random number at once is not modelled');
  const mask = operator === '&' ? type.parse(operand) : null;
  const masked = typeof mask === 'number' && left.knownBits !== null && (mask & ~left.knownBits) === 0;
  const bits = type.bits;
  return {
    types: [type],
    read: (packet, node, draw) => {
      const a = left.read(packet, node, draw)?.[0];
      const b = right.read(packet, node, draw)?.[0];
      if (a === undefined || b === undefined) return null;
      if (a === UNKNOWN || b === UNKNOWN) return [UNKNOWN];
      return [bitwise(operator, a, b, bits) ?? UNKNOWN];
    },
    draw: left.draw ?? right.draw,
    unsure: left.unsure ?? right.unsure,
    neverKnown: left.neverKnown || right.neverKnown,
    assumes: left.assumes ?? right.assumes,
    knownBits: masked ? null : (left.knownBits ?? right.knownBits),
    wayBack: left.wayBack || right.wayBack,
  };
}

function numgen(body: JsonObject, word: string): Expression {
  const count = integer(body.mod) ?? 0;
  const offset = integer(body.offset) ?? 0;
  if (count < 1) return unknownSelector(`a number modulo ${count} cannot be read`);
  const draw: Draw | null = count > 1 ? { count, word } : null;
  return selector(numbers('integer', 32), () => null, {
    read: (_packet, _node, drawn) => [(draw ? drawn : 0) + offset],
    draw,
  });
}

/** A hash of the packet, of which a snapshot does not tell the seed: it may be any number. */
function hash(body: JsonObject, of: Expression | null): Expression {
  const number = numgen(body, 'hash');
  if (!of) return number;
  if (of.draw) return unknownSelector('more than one random number at once is not modelled');
  return {
    ...number,
    read: (packet, node, draw) => (of.read(packet, node, 0) ? number.read(packet, node, draw) : null),
  };
}

/** `ip saddr map { 10.0.0.1 : 5 }`: the data of the element, which is read as what it is put to use as. */
function compileMap(body: JsonObject, scope: Scope, { wanted }: Place): Expression {
  const key = compileExpression(body.key, scope);
  if (!wanted) return unknownSelector('a map in this place is not modelled');
  const parse = (data: unknown): Atom | null => wanted.parse(data);
  const found = findElements(body.data, key.types, scope, `data ${wanted.name}`, parse);
  if (!found) return unknownSelector('its map is not in the listing');
  const { table } = found;
  return {
    ...key,
    types: [wanted],
    read: (packet, node, draw) => {
      const values = key.read(packet, node, draw);
      if (values === null) return null;
      if (values.includes(UNKNOWN)) return table.mayHave(values) ? [UNKNOWN] : null;
      const data = table.find(values as Atom[]);
      if (data !== undefined) return [data];
      return table.unread > 0 ? [UNKNOWN] : null;
    },
    unsure: key.unsure ?? (table.unread > 0 ? UNREAD : null),
    assumes: key.assumes ?? assumption(found),
    knownBits: null,
  };
}

/**
 * What becomes of an expression that chance may decide: each result with the number of draws that give it.
 *
 * @param same tells results apart by a key
 */
export function overDraws<T>(
  draw: Draw | null,
  evaluate: (draw: number) => T,
  same: (result: T) => unknown = (result) => result,
): { result: T; draws: number }[] {
  if (!draw) return [{ result: evaluate(0), draws: 1 }];
  const found = new Map<unknown, { result: T; draws: number }>();
  for (let i = 0; i < Math.min(draw.count, DRAWS); i++) {
    const result = evaluate(i);
    const key = same(result);
    const group = found.get(key);
    if (group) group.draws++;
    else found.set(key, { result, draws: 1 });
  }
  return [...found.values()];
}

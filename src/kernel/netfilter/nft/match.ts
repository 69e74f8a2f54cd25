/** The match statement: `{"match": {"op": "==", "left": …, "right": …}}`. */

import type { FilterPacket } from '../packet.js';
import type { Branch, FilterNode, Step } from '../rule-set.js';
import { chanceText, DRAWS, type Expression, UNKNOWN } from './expression.js';
import { compileExpression, isSelector, overDraws } from './expressions.js';
import { record, text } from './json.js';
import { compileTest, type Test } from './right.js';
import { doubt, type Scope, UNREAD } from './scope.js';
import { match, RANK, rankOf, type Statement } from './statement.js';

export function compileMatch(body: unknown, scope: Scope): Statement {
  const fields = record(body);
  const right = fields?.right;
  const left = compileExpression(fields?.left, scope, { right });
  const operator = text(fields?.op) ?? '==';
  if (left.neverKnown) return unsureMatch(left, left.unsure!, scope);
  if (isSelector(right)) return compareSelectors(operator, left, right, scope);
  const test = compileTest(operator, left, right, scope);
  if (!test) return unsureMatch(left, `${JSON.stringify(right) ?? 'nothing'} cannot be read`, scope);
  if (left.knownBits !== null && (test.bits === null || (test.bits & ~left.knownBits) !== 0)) {
    return unsureMatch(left, 'it asks for bits that a snapshot does not tell', scope);
  }
  const decide = (packet: FilterPacket, node: FilterNode, draw: number): boolean => {
    const values = left.read(packet, node, draw);
    if (values === null) return false;
    const assumes = left.assumes ?? test.assumes;
    if (assumes !== null) doubt(scope, node, assumes);
    const holds = test.holds(values);
    if (holds !== UNKNOWN) return holds;
    doubt(scope, node, `${left.unsure ?? UNREAD}: taken as no match`);
    return false;
  };
  const step: Step = left.draw
    ? chanceStep(left, test, decide, scope)
    : (packet, node) => decide(packet, node, 0);
  return match(step, test.assumes === null ? rankOf(left) : RANK.unsure, left.wayBack);
}

/** Taken as no match; with no word where the packet has no such thing at all. */
function unsureMatch(left: Expression, why: string, scope: Scope): Statement {
  const step: Step = (packet, node) => {
    if (left.read(packet, node, 0) !== null) doubt(scope, node, `${why}: taken as no match`);
    return false;
  };
  return match(step, RANK.unsure, left.wayBack);
}

/** `fib saddr oif != iif`: two of the packet's values, which newer versions of nft compare. */
function compareSelectors(operator: string, left: Expression, other: unknown, scope: Scope): Statement {
  const right = compileExpression(other, scope, { wanted: left.types[0]! });
  if (left.draw || right.draw || right.neverKnown || (operator !== '==' && operator !== '!=')) {
    return unsureMatch(left, right.unsure ?? `"${operator}" of two selectors is not modelled`, scope);
  }
  const step: Step = (packet, node) => {
    const values = left.read(packet, node, 0);
    const others = right.read(packet, node, 0);
    if (values === null || others === null) return false;
    if (!values.includes(UNKNOWN) && !others.includes(UNKNOWN)) {
      return values.every((value, i) => value === others[i]) === (operator === '==');
    }
    doubt(scope, node, `${left.unsure ?? right.unsure}: taken as no match`);
    return false;
  };
  return match(step, Math.max(rankOf(left), rankOf(right)), left.wayBack || right.wayBack);
}

function chanceStep(
  left: Expression,
  test: Test,
  decide: (packet: FilterPacket, node: FilterNode, draw: number) => boolean,
  scope: Scope,
): Step {
  const { count, word } = left.draw!;
  const branch = (draws: number, result: boolean): Branch => ({
    text: chanceText(word, draws, count),
    chance: draws / count,
    result,
  });
  return (packet, node) => {
    let matching: number;
    if (count <= DRAWS) {
      const groups = overDraws(left.draw, (draw) => decide(packet, node, draw));
      matching = groups.find(({ result }) => result)?.draws ?? 0;
    } else if (test.share && left.read(packet, node, count - 1)?.[0] === count - 1) {
      matching = test.share(count);
    } else {
      doubt(scope, node, `a random number of ${count} is not modelled here: taken as no match`);
      return false;
    }
    if (matching === 0 || matching === count) return matching > 0;
    return [branch(matching, true), branch(count - matching, false)];
  };
}

/** `{"vmap": {"key": …, "data": …}}`: a verdict by the packet's value. */

import type { FilterPacket } from '../packet.js';
import type { FilterNode, Step } from '../rule-set.js';
import { chanceText, DRAWS, UNKNOWN } from './expression.js';
import { compileExpression, overDraws } from './expressions.js';
import { record } from './json.js';
import { assumption, doubt, findElements, type Scope, UNREAD } from './scope.js';
import { effect, type Statement } from './statement.js';
import type { Atom } from './types.js';
import { parseVerdict, type Said } from './verdict.js';

export function compileVmap(body: unknown, scope: Scope): Statement {
  const fields = record(body);
  const key = compileExpression(fields?.key, scope);
  const refuse = (why: string): Statement =>
    effect((packet, node) => {
      if (key.read(packet, node, 0) !== null) doubt(scope, node, `${why}: taken as no match`);
      return false;
    });
  if (key.neverKnown) return refuse(key.unsure!);
  const parse = (value: unknown) => parseVerdict(value, scope.chains);
  const found = findElements<Said>(fields?.data, key.types, scope, 'verdict', parse);
  if (!found) return refuse('its map is not in the listing');
  if (key.knownBits !== null) return refuse('it asks for bits that a snapshot does not tell');
  const { table } = found;
  const assumes = key.assumes ?? assumption(found);
  const lookUp = (packet: FilterPacket, node: FilterNode, draw: number): Said | false => {
    const values = key.read(packet, node, draw);
    if (values === null) return false;
    if (assumes !== null) doubt(scope, node, assumes);
    const verdict = values.includes(UNKNOWN) ? undefined : table.find(values as readonly Atom[]);
    if (verdict !== undefined) return verdict;
    if ((values.includes(UNKNOWN) || table.unread > 0) && table.mayHave(values)) {
      doubt(scope, node, `${key.unsure ?? UNREAD}: taken as no match`);
    }
    return false;
  };
  const { draw } = key;
  if (draw && draw.count > DRAWS) return refuse(`a random number of ${draw.count} is not modelled here`);
  const step: Step = (packet, node) => {
    const groups = overDraws(draw, (drawn) => lookUp(packet, node, drawn));
    if (!draw || groups.length === 1) return groups[0]!.result;
    return groups.map(({ result, draws }) => ({
      text: chanceText(draw.word, draws, draw.count),
      chance: draws / draw.count,
      result,
    }));
  };
  return { ...effect(step), wayBack: key.wayBack };
}

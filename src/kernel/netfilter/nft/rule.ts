import { countOf } from '../rule-counts.js';
import type { Rule, Step } from '../rule-set.js';
import type { JsonObject } from './json.js';
import { text } from './json.js';
import type { Scope } from './scope.js';
import type { Statement } from './statement.js';
import { compileStatement } from './statements.js';
import { ruleText } from './text.js';
import { marksCheck } from './verdict.js';

/** @param scope of the rule's table; its `place` is that of this rule */
export function compileRule(rule: JsonObject, scope: Scope): Rule {
  const expressions = Array.isArray(rule.expr) ? rule.expr : [];
  const statements = inOrder(expressions.map((expression) => compileStatement(expression, scope)));
  const steps = stepsOf(statements);
  const handle = typeof rule.handle === 'number' ? ` (handle ${rule.handle})` : '';
  const said = ruleText(expressions, text(rule.comment));
  return {
    steps,
    source: { file: 'nft.json', line: null, text: `${said}${handle}`, packets: countOf(expressions) },
    onlyDrops: dropsAlone(expressions),
  };
}

/**
 * Whether nothing but matches, limits, counters and logs comes with a `drop` or `reject`. A set that packets are put into
 * is told to change wherever it is asked for.
 */
function dropsAlone(expressions: readonly unknown[]): boolean {
  const kinds = expressions.flatMap((e) => (e !== null && typeof e === 'object' ? Object.keys(e) : ['']));
  const drops = kinds.some((kind) => kind === 'drop' || kind === 'reject');
  return drops && kinds.every((kind) => HARMLESS.has(kind));
}

const HARMLESS: ReadonlySet<string> = new Set([
  'match',
  'counter',
  'log',
  'limit',
  'quota',
  'ct count',
  'set',
  'meter',
  'drop',
  'reject',
  'comment',
]);

/**
 * Between one effect and the next the order of matches makes no difference, so what is known comes before what is
 * not: a doubt is then told only where all else matches. What comes after the last effect decides nothing.
 */
function inOrder(statements: readonly Statement[]): Statement[] {
  const ordered: Statement[] = [];
  let matches: Statement[] = [];
  for (const statement of statements) {
    if (statement.kind === 'neutral') continue;
    if (statement.kind !== 'effect') {
      matches.push(statement);
      continue;
    }
    ordered.push(...sorted(matches), statement);
    matches = [];
  }
  // What is not known at all may be an effect.
  const decides = matches.some(({ kind }) => kind === 'unknown');
  return decides ? [...ordered, ...sorted(matches)] : ordered;
}

function sorted(matches: readonly Statement[]): Statement[] {
  return matches.toSorted((a, b) => a.rank - b.rank);
}

function stepsOf(statements: readonly Statement[]): Step[] {
  const check = statements.some((statement) => statement.wayBack);
  let steps: Step[] = [];
  for (const statement of statements.toReversed()) {
    const step = statement.step(steps);
    steps = [check && statement.kind === 'effect' ? marksCheck(step) : step, ...steps];
  }
  return steps;
}

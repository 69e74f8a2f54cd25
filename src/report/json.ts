import type { Analysis } from '../model/analysis.js';
import schema from './schema.json' with { type: 'json' };

/** The part of JSON Schema that our own schema is written in. */
interface SchemaNode {
  $ref?: string;
  anyOf?: SchemaNode[];
  items?: SchemaNode;
  properties?: Record<string, SchemaNode>;
}

const ROOT = schema as SchemaNode;
const DEFINITIONS = schema.$defs as Record<string, SchemaNode>;

/**
 * Legal in JSON, yet a terminal acts on them: DEL, C1 controls, format characters, line separators.
 * `JSON.stringify` has escaped the C0 controls and lone surrogates already.
 */
const UNSAFE = /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;

/**
 * The analysis as JSON, two spaces deep, keys in the order of the schema, with a newline at the end. It parses
 * back to an equal object, and holds no character that a terminal acts on.
 */
export function renderJson(analysis: Analysis): string {
  return [...jsonChunks(analysis)].join('');
}

/**
 * The text of `renderJson`, an array element a chunk: an analysis of a million attempts is longer than the
 * longest string that V8 can hold.
 */
export function* jsonChunks(analysis: Analysis): Generator<string> {
  let separator = '{';
  for (const [key, value] of orderedEntries(analysis, ROOT)) {
    yield `${separator}\n  ${JSON.stringify(key)}: `;
    if (Array.isArray(value) && value.length > 0) {
      yield* arrayChunks(value, ROOT.properties?.[key]?.items);
    } else {
      yield print(value, ROOT.properties?.[key], '  ');
    }
    separator = ',';
  }
  yield '\n}\n';
}

function* arrayChunks(items: unknown[], node: SchemaNode | undefined): Generator<string> {
  let separator = '[';
  for (const item of items) {
    yield `${separator}\n    ${print(item, node, '    ')}`;
    separator = ',';
  }
  yield '\n  ]';
}

/** `indent` goes before every line but the first. No string holds a raw line feed once it is JSON. */
function print(value: unknown, node: SchemaNode | undefined, indent: string): string {
  return JSON.stringify(inOrder(value, node), null, 2)
    .replaceAll('\n', `\n${indent}`)
    .replace(UNSAFE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return text;
}

/** A copy whose objects have the schema's keys first and in its order, whatever order they were built in. */
function inOrder(value: unknown, node: SchemaNode | undefined): unknown {
  const known = resolve(node);
  if (Array.isArray(value)) return value.map((item) => inOrder(item, known?.items));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    orderedEntries(value, known).map(([key, item]) => [key, inOrder(item, known?.properties?.[key])]),
  );
}

function orderedEntries(value: object, node: SchemaNode | undefined): [string, unknown][] {
  const given = Object.entries(value);
  const known = Object.keys(node?.properties ?? {});
  if (known.length === 0) return given;
  const fields = new Map(given);
  const first = known
    .filter((key) => fields.has(key))
    .map((key): [string, unknown] => [key, fields.get(key)]);
  return [...first, ...given.filter(([key]) => !known.includes(key))];
}

function resolve(node: SchemaNode | undefined): SchemaNode | undefined {
  const target = node?.anyOf?.[0] ?? node;
  return target?.$ref === undefined ? target : DEFINITIONS[target.$ref.slice('#/$defs/'.length)];
}

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
/** Nearly all strings of an analysis, and this is quickly seen. */
const PRINTABLE_ASCII = /^[ -~]*$/;

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
  for (const [key, value] of members(analysis, ROOT)) {
    const node = ROOT.properties?.[key];
    yield `${separator}\n  ${scalar(key)}: `;
    if (Array.isArray(value) && value.length > 0) {
      yield* arrayChunks(value, node?.items);
    } else {
      yield print(value, node, '  ');
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

/** As `JSON.stringify(value, null, 2)` prints it, but for the order of keys; `indent` is that of its first line. */
function print(value: unknown, node: SchemaNode | undefined, indent: string): string {
  if (value === null || typeof value !== 'object') return scalar(value);
  const known = resolve(node);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const items = value.map((item) => print(item, known?.items, inner));
    return `[\n${inner}${items.join(`,\n${inner}`)}\n${indent}]`;
  }
  let text = '';
  for (const [key, item] of members(value, known)) {
    text += `${text === '' ? '{' : ','}\n${inner}${scalar(key)}: ${print(item, known?.properties?.[key], inner)}`;
  }
  return text === '' ? '{}' : `${text}\n${indent}}`;
}

function scalar(value: unknown): string {
  const text = JSON.stringify(value);
  return PRINTABLE_ASCII.test(text) ? text : text.replace(UNSAFE, escapeCharacter);
}

function escapeCharacter(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return text;
}

/** What an object holds: the schema's keys first, in its order, whatever order the object was built in. */
function members(value: object, node: SchemaNode | undefined): [string, unknown][] {
  const properties = node?.properties ?? {};
  const fields = value as Record<string, unknown>;
  const known = Object.keys(properties).filter(
    (key) => fields[key] !== undefined && Object.hasOwn(fields, key),
  );
  const added = Object.keys(fields).filter(
    (key) => fields[key] !== undefined && !Object.hasOwn(properties, key),
  );
  return [...known, ...added].map((key) => [key, fields[key]]);
}

function resolve(node: SchemaNode | undefined): SchemaNode | undefined {
  const target = node?.anyOf?.[0] ?? node;
  return target?.$ref === undefined ? target : DEFINITIONS[target.$ref.slice('#/$defs/'.length)];
}

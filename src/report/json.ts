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
function unsafe(): RegExp {
  return /[\x7f-\x9f\p{Cf}\u2028\u2029]/gu;
}

const PRINTABLE_ASCII = /^[ -~]*$/;
/** Nearly all strings of an analysis: printed as they are. */
const PLAIN = /^[ !#-[\]-~]*$/;

/**
 * The analysis as JSON, two spaces deep, keys in the order of the schema, with a newline at the end. It parses
 * back to an equal object, and holds no character that a terminal acts on.
 */
export function renderJson(analysis: Analysis): string {
  return [...jsonChunks(analysis)].join('');
}

/** Any other plain value in the same layout, its keys in their own order. */
export function renderValue(value: object): string {
  return `${print(value, undefined, '')}\n`;
}

/**
 * The text of `renderJson`, an array element a chunk: an analysis of a million attempts is longer than the
 * longest string that V8 can hold.
 */
export function* jsonChunks(analysis: Analysis): Generator<string> {
  let separator = '{';
  const fields: Record<string, unknown> = { ...analysis };
  const { keys } = layoutOf(ROOT);
  for (const key of [...keys, ...addedKeys(fields, keys)]) {
    const value = fields[key];
    if (value === undefined) continue;
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
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    const { items } = resolve(node) ?? {};
    let text = '[';
    for (const item of value) text += `${text === '[' ? '' : ','}\n${inner}${print(item, items, inner)}`;
    return `${text}\n${indent}]`;
  }
  const { keys, labels, nodes } = layoutOf(node);
  const fields = value as Record<string, unknown>;
  let text = '';
  let printed = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const item = fields[key];
    if (item === undefined || !Object.hasOwn(fields, key)) continue;
    text += `${printed++ === 0 ? '{' : ','}\n${inner}${labels[i]}: ${print(item, nodes[i], inner)}`;
  }
  const all = Object.keys(fields);
  if (printed < all.length) {
    for (const key of addedKeys(fields, keys)) {
      text += `${printed++ === 0 ? '{' : ','}\n${inner}${scalar(key)}: ${print(fields[key], undefined, inner)}`;
    }
  }
  return printed === 0 ? '{}' : `${text}\n${indent}}`;
}

/** An object's keys by the schema, in its order. */
interface Layout {
  keys: readonly string[];
  /** As they are printed. */
  labels: readonly string[];
  nodes: readonly (SchemaNode | undefined)[];
}

const NO_LAYOUT: Layout = { keys: [], labels: [], nodes: [] };
const layouts = new Map<SchemaNode, Layout>();

function layoutOf(node: SchemaNode | undefined): Layout {
  if (!node) return NO_LAYOUT;
  let layout = layouts.get(node);
  if (!layout) {
    const properties = Object.entries(resolve(node)?.properties ?? {});
    const keys = properties.map(([key]) => key);
    layout = { keys, labels: keys.map(scalar), nodes: properties.map(([, inner]) => inner) };
    layouts.set(node, layout);
  }
  return layout;
}

/** What an object holds beside the keys of its schema. */
function addedKeys(fields: Record<string, unknown>, known: readonly string[]): string[] {
  return Object.keys(fields).filter((key) => fields[key] !== undefined && !known.includes(key));
}

function scalar(value: unknown): string {
  if (typeof value === 'string' && PLAIN.test(value)) return `"${value}"`;
  const text = JSON.stringify(value);
  return PRINTABLE_ASCII.test(text) ? text : text.replace(unsafe(), escapeCharacter);
}

function escapeCharacter(character: string): string {
  let text = '';
  for (let i = 0; i < character.length; i++) {
    text += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }
  return text;
}

function resolve(node: SchemaNode | undefined): SchemaNode | undefined {
  const target = node?.anyOf?.[0] ?? node;
  return target?.$ref === undefined ? target : DEFINITIONS[target.$ref.slice('#/$defs/'.length)];
}

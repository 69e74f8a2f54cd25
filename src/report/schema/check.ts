/** Holds a value against the published JSON Schema: the keywords that ours is written in, and no others. */
import schema from '../schema.json' with { type: 'json' };

interface SchemaNode {
  $ref?: string;
  anyOf?: SchemaNode[];
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  pattern?: string;
  minLength?: number;
  minimum?: number;
  maximum?: number;
  items?: SchemaNode;
  required?: string[];
  properties?: Record<string, SchemaNode>;
  additionalProperties?: boolean | SchemaNode;
}

/** Where a value is not as the schema has it, and how. */
export interface Violation {
  /** `findings[0].cause`; '' for the whole. */
  path: string;
  /** What it should be, as `should be a string`. */
  why: string;
}

const ROOT = schema as SchemaNode;
const DEFINITIONS = schema.$defs as Record<string, SchemaNode>;

/** The first place where a parsed JSON value is no analysis by the schema; null where it is one. */
export function firstViolation(value: unknown): Violation | null {
  return check(value, ROOT, '');
}

function check(value: unknown, given: SchemaNode, path: string): Violation | null {
  const node = resolve(given);
  if (node.anyOf) {
    const [first, ...others] = node.anyOf.map((choice) => check(value, choice, path));
    // Ours are all of the form "this, or null".
    return [first, ...others].includes(null) ? null : (first ?? null);
  }
  const why = scalarViolation(value, node);
  if (why !== null) return { path, why };
  if (Array.isArray(value)) return checkItems(value, node, path);
  return value !== null && typeof value === 'object'
    ? checkFields(value as Record<string, unknown>, node, path)
    : null;
}

function checkItems(items: unknown[], { items: node }: SchemaNode, path: string): Violation | null {
  if (!node) return null;
  for (const [i, item] of items.entries()) {
    const found = check(item, node, `${path}[${i}]`);
    if (found) return found;
  }
  return null;
}

function checkFields(
  fields: Record<string, unknown>,
  { required = [], properties = {}, additionalProperties }: SchemaNode,
  path: string,
): Violation | null {
  for (const key of required) {
    if (!Object.hasOwn(fields, key)) return { path, why: `should have the field ${key}` };
  }
  for (const [key, value] of Object.entries(fields)) {
    const node = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    const inner = path === '' ? key : `${path}.${key}`;
    if (node === false) return { path: inner, why: 'should not be there' };
    const found = typeof node === 'object' ? check(value, node, inner) : null;
    if (found) return found;
  }
  return null;
}

/** What is wrong with the value itself, whatever is in it; null where nothing is. */
function scalarViolation(value: unknown, node: SchemaNode): string | null {
  const { type, enum: choices, pattern, minLength, minimum, maximum } = node;
  if ('const' in node && value !== node.const) return `should be ${JSON.stringify(node.const)}`;
  if (choices && !choices.includes(value)) return `should be one of ${choices.join(', ')}`;
  const types = type === undefined ? null : [type].flat();
  if (types && !types.some((name) => isOfType(value, name)))
    return `should be ${types.map(named).join(' or ')}`;
  if (typeof value === 'string') {
    if (pattern !== undefined && !compiled(pattern).test(value)) return `should be like ${pattern}`;
    if (minLength !== undefined && value.length < minLength) return 'should not be empty';
  }
  if (typeof value === 'number') {
    if (minimum !== undefined && value < minimum) return `should be at least ${minimum}`;
    if (maximum !== undefined && value > maximum) return `should be at most ${maximum}`;
  }
  return null;
}

function isOfType(value: unknown, name: string): boolean {
  if (name === 'null') return value === null;
  if (name === 'array') return Array.isArray(value);
  if (name === 'integer') return Number.isInteger(value);
  if (name === 'object') return value !== null && typeof value === 'object' && !Array.isArray(value);
  return typeof value === name;
}

function named(type: string): string {
  if (type === 'null') return type;
  return `${/^[aio]/.test(type) ? 'an' : 'a'} ${type}`;
}

const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  let regexp = patterns.get(pattern);
  if (!regexp) {
    regexp = new RegExp(pattern, 'u');
    patterns.set(pattern, regexp);
  }
  return regexp;
}

function resolve(node: SchemaNode): SchemaNode {
  return node.$ref === undefined ? node : DEFINITIONS[node.$ref.slice('#/$defs/'.length)]!;
}

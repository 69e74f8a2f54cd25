/** Selectors and values in nft's own syntax. */
import { type JsonObject, kindOf, list, record, text } from './json.js';

/** How values of a selector are written: names in quotes, marks as hexadecimal numbers. */
export type Style = 'name' | 'mark' | 'plain';

/** Elements of a set beyond these are counted. */
const SHOWN = 12;

/** Loosest first. */
const OPERATORS = ['|', '^', '&', '<<', '>>'];
const SHIFTS = new Set(['<<', '>>']);
const BARE_META = new Set(['iif', 'oif', 'iifname', 'oifname', 'iifgroup', 'oifgroup']);
const NAMES = new Set(['iif', 'oif', 'iifname', 'oifname', 'iifgroup', 'oifgroup', 'iifkind', 'oifkind']);
const QUOTED = new Set([
  'ct helper',
  'osf name',
  'meta ibrname',
  'meta obrname',
  'meta day',
  'meta hour',
  'meta time',
]);

export function styleOf(value: unknown): Style {
  const [kind, body] = kindOf(value) ?? [];
  if (kind === 'map' || OPERATORS.includes(kind ?? '')) return styleOf(list(record(body)?.key ?? body)[0]);
  const key = text(record(body)?.key);
  if ((kind === 'meta' || kind === 'ct') && key === 'mark') return 'mark';
  if (kind === 'fib') return text(record(body)?.result)?.startsWith('oif') ? 'name' : 'plain';
  return (kind === 'meta' && NAMES.has(key ?? '')) || QUOTED.has(`${kind} ${key}`) ? 'name' : 'plain';
}

/** The styles of a concatenation's parts. */
export function stylesOf(value: unknown): Style[] {
  const [kind, body] = kindOf(value) ?? [];
  return kind === 'concat' ? list(body).map(styleOf) : [styleOf(value)];
}

type Write = (body: JsonObject, whole: unknown) => string;

const SELECTORS: Readonly<Record<string, Write>> = {
  payload: ({ tunnel, protocol, field, base, offset, len }) => {
    if (base !== undefined) return `@${base},${offset},${len}`;
    return words(tunnel, protocol, field);
  },
  meta: ({ key }) => (BARE_META.has(String(key)) ? String(key) : `meta ${key}`),
  ct: ({ key, dir, family }) => words('ct', dir, family, key),
  fib: ({ result, flags }) => `fib ${list(flags).join(' . ')} ${result}`,
  numgen: ({ mode, mod, offset }) => `numgen ${mode} mod ${mod}${offset ? ` offset ${offset}` : ''}`,
  jhash: ({ expr, mod, seed, offset }) =>
    words('jhash', valueText(expr), 'mod', mod, seed && `seed ${hex(seed)}`, offset && `offset ${offset}`),
  symhash: ({ mod, offset }) => words('symhash mod', mod, offset && `offset ${offset}`),
  map: ({ key, data }) => `${valueText(key)} map ${setText(data, stylesOf(key))}`,
  socket: ({ key }) => `socket ${key}`,
  osf: ({ key }) => `osf ${key}`,
  rt: ({ family, key }) => words('rt', family, key),
  exthdr: ({ name, field }) => (field === undefined ? `exthdr ${name}` : `${name} ${field}`),
  'tcp option': ({ name, field }) => words('tcp option', name, field),
  'ip option': ({ name, field }) => words('ip option', name, field),
  prefix: ({ addr, len }) => `${addr}/${len}`,
  elem: ({ val, timeout, comment }) =>
    words(valueText(val), timeout && `timeout ${timeout}s`, comment && `comment ${JSON.stringify(comment)}`),
};

/** Any expression on one line; JSON for what has no known form. */
export function valueText(value: unknown, styles: readonly Style[] = ['plain']): string {
  const style = styles[0] ?? 'plain';
  if (typeof value === 'boolean') return value ? 'exists' : 'missing';
  if (typeof value === 'string') return style === 'name' && value !== '0' ? `"${value}"` : value;
  if (typeof value === 'number') return style === 'mark' ? hex(value) : String(value);
  if (Array.isArray(value)) return value.map((member) => valueText(member)).join(',');
  const [kind, body] = kindOf(value) ?? [];
  if (kind === undefined) return JSON.stringify(value) ?? '';
  if (OPERATORS.includes(kind)) return operationText(kind, list(body));
  if (kind === 'concat')
    return list(body)
      .map((part, i) => valueText(part, [styles[i] ?? 'plain']))
      .join(' . ');
  if (kind === 'range')
    return list(body)
      .map((end) => valueText(end, styles))
      .join('-');
  if (kind === 'set') return setText(value, styles);
  const fields = record(body);
  const write = Object.hasOwn(SELECTORS, kind) ? SELECTORS[kind]! : null;
  if (kind === 'elem' && fields) return SELECTORS.elem!({ ...fields, val: fields.val }, value);
  return write && fields ? write(fields, value) : JSON.stringify(value);
}

/** `@name`, or `{ a, b : verdict }`. */
export function setText(value: unknown, styles: readonly Style[], data?: (data: unknown) => string): string {
  const elements = record(value)?.set;
  if (elements === undefined) return valueText(value);
  const all = list(elements);
  const shown = all.slice(0, SHOWN).map((element) => {
    if (!Array.isArray(element)) return valueText(element, styles);
    const [key, target] = element;
    return `${valueText(key, styles)} : ${data ? data(target) : valueText(target)}`;
  });
  const more = all.length > SHOWN ? `, … ${all.length - SHOWN} more` : '';
  return `{ ${shown.join(', ')}${more} }`;
}

function operationText(operator: string, operands: readonly unknown[]): string {
  // A shift is by a number of bits.
  const style = SHIFTS.has(operator) ? 'plain' : styleOf(operands[0]);
  const flags = operands.every((operand) => typeof operand === 'string');
  return operands
    .map((operand) => {
      const inner = kindOf(operand)?.[0] ?? '';
      if (Array.isArray(operand)) return `(${operand.join(' | ')})`;
      const said = valueText(operand, [flags ? 'plain' : style]);
      const loose = OPERATORS.includes(inner) && OPERATORS.indexOf(inner) < OPERATORS.indexOf(operator);
      return loose ? `(${said})` : said;
    })
    .join(` ${operator} `);
}

/** Joins what is there. */
export function words(...parts: unknown[]): string {
  return parts
    .filter((part) => part !== undefined && part !== null && part !== false && part !== '' && part !== 0)
    .join(' ');
}

function hex(value: unknown): string {
  return `0x${Number(value).toString(16)}`;
}

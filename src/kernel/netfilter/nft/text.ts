/** A rule in nft's own syntax, on one line, as people know it from `nft list ruleset`. */
import { type JsonObject, kindOf, list, record } from './json.js';
import { setText, styleOf, stylesOf, valueText, words } from './text-values.js';

/** @param statements the rule's `expr`; what has no known form is written as JSON */
export function ruleText(statements: readonly unknown[], comment: string | null): string {
  const said = statements.map(writtenOrJson);
  if (comment !== null) said.push(`comment ${JSON.stringify(comment)}`);
  return said.join(' ');
}

/** A damaged listing may hold an object where a word belongs, which has no text (`{"toString": 1}` throws). */
function writtenOrJson(statement: unknown): string {
  try {
    return statementText(statement);
  } catch (error) {
    if (error instanceof TypeError) return JSON.stringify(statement);
    throw error;
  }
}

type Write = (body: JsonObject) => string;

const verdict = (kind: string) => () => kind;
const toChain =
  (kind: string): Write =>
  (body) =>
    `${kind} ${body.target}`;

const STATEMENTS: Readonly<Record<string, Write>> = {
  match: matchText,
  accept: verdict('accept'),
  drop: verdict('drop'),
  continue: verdict('continue'),
  return: verdict('return'),
  notrack: verdict('notrack'),
  last: verdict('last'),
  jump: toChain('jump'),
  goto: toChain('goto'),
  reject: rejectText,
  vmap: ({ key, data }) => `${valueText(key)} vmap ${setText(data, stylesOf(key), statementText)}`,
  mangle: ({ key, value }) => `${valueText(key)} set ${mangled(key, value)}`,
  dnat: (body) => natText('dnat', body),
  snat: (body) => natText('snat', body),
  masquerade: (body) => natText('masquerade', body),
  redirect: (body) => natText('redirect', body),
  tproxy: (body) => natText('tproxy', body),
  counter: ({ map }) => (map === undefined ? 'counter' : `counter name ${valueText({ map })}`),
  quota: ({ val, val_unit, inv }) => words('quota', inv && 'over', val, val_unit),
  limit: limitText,
  log: ({ prefix, group, snaplen, level }) =>
    words(
      'log',
      prefix && `prefix ${JSON.stringify(prefix)}`,
      numbered('group', group),
      numbered('snaplen', snaplen),
      level && `level ${level}`,
    ),
  queue: ({ num, flags }) =>
    words('queue', num !== undefined && `num ${valueText(num)}`, list(flags).join(',')),
  'ct count': ({ val, inv }) => words('ct count', inv && 'over', val),
  set: updateText,
  map: updateText,
  meter: ({ name, key, stmt }) =>
    `meter ${name} { ${words(valueText(key), ...list(stmt).map(statementText))} }`,
  flow: ({ op, flowtable }) => `flow ${op} ${flowtable}`,
  dup: ({ addr, dev }) => words('dup to', addr && valueText(addr), dev && `device ${valueText(dev)}`),
  fwd: ({ dev }) => `fwd to ${valueText(dev, ['name'])}`,
};

/** Of those whose body is a name: `{"counter": "c1"}`. */
const NAMED: Readonly<Record<string, string>> = {
  counter: 'counter name',
  limit: 'limit name',
  quota: 'quota name',
  'ct helper': 'ct helper set',
  'ct timeout': 'ct timeout set',
  'ct expectation': 'ct expectation set',
};

function statementText(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  const [kind, body] = kindOf(statement) ?? [];
  if (kind === undefined) return JSON.stringify(statement) ?? '';
  if (kind === 'unread' && typeof body === 'string') return body;
  if (typeof body === 'string' && Object.hasOwn(NAMED, kind)) return `${NAMED[kind]} "${body}"`;
  const write = Object.hasOwn(STATEMENTS, kind) ? STATEMENTS[kind]! : null;
  const fields = body === null ? {} : record(body);
  return write && fields ? write(fields) : JSON.stringify(statement);
}

/** Without an operator, flags mean any of them; so an exact match has its `==` told. */
const FLAGS = new Set(['tcp flags', 'ct state', 'ct status', 'ct label']);

function matchText({ op, left, right }: JsonObject): string {
  const selector = valueText(left);
  const isSet = kindOf(right)?.[0] === 'set' || (typeof right === 'string' && right.startsWith('@'));
  const plain = op === 'in' || (op === '==' && (isSet || !(FLAGS.has(selector) || / [&|^] /.test(selector))));
  const value = isSet && typeof right === 'string' ? right : valueText(right, stylesOf(left));
  return words(selector, plain ? '' : op, value === '' ? '""' : value);
}

function mangled(key: unknown, value: unknown): string {
  const [kind, body] = kindOf(value) ?? [];
  const style = styleOf(key);
  if (kind !== 'map') return valueText(value, [style]);
  const map = record(body);
  return `${valueText(map?.key)} map ${setText(map?.data, stylesOf(map?.key), (data) => valueText(data, [style]))}`;
}

function rejectText({ type, expr }: JsonObject): string {
  if (type === undefined || (type === 'icmpx' && expr === 'port-unreachable')) return 'reject';
  return words('reject with', type, expr);
}

function natText(kind: string, { family, addr, port, flags, type_flags }: JsonObject): string {
  const prefix = list(type_flags).includes('prefix') ? 'prefix' : '';
  const address = addr === undefined ? '' : valueText(addr);
  const bracketed =
    port !== undefined && typeof addr === 'string' && addr.includes(':') ? `[${address}]` : address;
  const to = port === undefined ? bracketed : `${bracketed}:${valueText(port)}`;
  const shown = list(flags).filter((flag) => flag !== 'netmap');
  return words(kind, family, prefix, to && `to ${to}`, shown.join(','));
}

function limitText({ rate, rate_unit, per, inv, burst, burst_unit }: JsonObject): string {
  const unit = rate_unit === undefined || rate_unit === 'packets' ? '' : ` ${rate_unit}`;
  // The default.
  const more =
    burst === undefined || burst === 5 || burst === 0 ? '' : `burst ${burst} ${burst_unit ?? 'packets'}`;
  return words('limit rate', inv && 'over', `${rate}${unit}/${per}`, more);
}

function updateText({ op, elem, set, map, data, stmt }: JsonObject): string {
  const inner = words(
    valueText(elem),
    ...list(stmt).map(statementText),
    data !== undefined && `: ${valueText(data)}`,
  );
  return `${op} ${set ?? map} { ${inner} }`;
}

function numbered(word: string, value: unknown): string {
  return value === undefined ? '' : `${word} ${value}`;
}

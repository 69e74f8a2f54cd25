/** Statements of `nft list ruleset` in the shape of libnftables-json(5). */

import { readAddedKey, readElementsOrName, readExpression, readRight, readVerdict } from './expressions.js';
import { readNat } from './nat.js';
import { readCounter, readLast, readLimit, readQuota } from './rates.js';
import { type Cursor, Unread } from './tokens.js';

type Read = (cursor: Cursor, family: string) => unknown;

const nat =
  (kind: string): Read =>
  (cursor) => ({ [kind]: readNat(cursor) });

const STATEMENTS: Readonly<Record<string, Read>> = {
  notrack: () => ({ notrack: null }),
  dnat: nat('dnat'),
  snat: nat('snat'),
  masquerade: nat('masquerade'),
  redirect: nat('redirect'),
  tproxy: nat('tproxy'),
  reject: (cursor, family) => ({ reject: readReject(cursor, family) }),
  queue: (cursor) => ({ queue: readQueue(cursor) }),
  counter: (cursor) => ({ counter: named(cursor) ?? readCounter(cursor) }),
  limit: (cursor) => ({ limit: named(cursor) ?? readLimit(cursor) }),
  quota: (cursor) => ({ quota: named(cursor) ?? readQuota(cursor) }),
  last: (cursor) => ({ last: readLast(cursor) }),
  log: (cursor) => ({ log: readLog(cursor) }),
  flow: (cursor) => ({ flow: { op: cursor.name(), flowtable: cursor.name() } }),
  add: update('add'),
  update: update('update'),
  delete: update('delete'),
  meter: readMeter,
  dup: readDup,
  fwd: readFwd,
  synproxy: readSynproxy,
};

/** One statement. @throws Unread */
export function readStatement(cursor: Cursor, family: string): unknown {
  const token = cursor.current();
  if (token.kind === 'xt') {
    cursor.at++;
    // iptables writes targets in capital letters, matches in small ones.
    return { xt: { type: token.text === token.text.toUpperCase() ? 'target' : 'match', name: token.text } };
  }
  if (token.kind === 'word' && Object.hasOwn(STATEMENTS, token.text)) {
    cursor.at++;
    return STATEMENTS[token.text]!(cursor, family);
  }
  if (cursor.is('ct') && cursor.is('count', 1)) return readCount(cursor);
  return readVerdict(cursor) ?? readMatch(cursor);
}

const OPERATORS = new Set(['==', '!=', '<', '>', '<=', '>=', '!']);
const WORD_OPERATORS: Readonly<Record<string, string>> = {
  eq: '==',
  ne: '!=',
  lt: '<',
  gt: '>',
  le: '<=',
  ge: '>=',
};
const CT_OBJECTS = new Set(['helper', 'timeout', 'expectation']);

/** A match, or what begins like one: `… vmap …`, `… set …`. */
function readMatch(cursor: Cursor): unknown {
  const before = cursor.at;
  const left = readExpression(cursor);
  if (typeof left !== 'object') {
    cursor.at = before;
    throw new Unread(`${left} is no statement`);
  }
  if (cursor.take('vmap')) return { vmap: { key: left, data: readElementsOrName(cursor) } };
  if (cursor.take('set')) return readSet(cursor, left);
  const word = cursor.takeOne(new Set([...OPERATORS, ...Object.keys(WORD_OPERATORS)]));
  const right = readRight(cursor);
  // `tcp flags syn / syn,ack`: those of the second that are set are the first.
  if (cursor.take('/')) {
    return { match: { op: word ?? '==', left: { '&': [left, readRight(cursor)] }, right } };
  }
  const op = word === null ? implied(left, right) : (WORD_OPERATORS[word] ?? word);
  return { match: { op, left, right } };
}

/** Without an operator, flags mean any of them. */
function implied(left: unknown, right: unknown): string {
  const isSet = (typeof right === 'object' && right !== null && 'set' in right) || /^@/.test(String(right));
  return isFlags(left) && !isSet ? 'in' : '==';
}

const FLAGS = new Set(['state', 'status', 'label', 'event', 'flags']);

function isFlags(left: unknown): boolean {
  const { ct, payload } = left as { ct?: { key: string }; payload?: { protocol?: string; field?: string } };
  if (payload) return payload.protocol === 'tcp' && payload.field === 'flags';
  return ct !== undefined && FLAGS.has(ct.key);
}

function readSet(cursor: Cursor, key: unknown): unknown {
  const { ct } = key as { ct?: { key: string } };
  if (ct && CT_OBJECTS.has(ct.key)) return { [`ct ${ct.key}`]: readRight(cursor) };
  return { mangle: { key, value: readRight(cursor) } };
}

function readCount(cursor: Cursor): unknown {
  cursor.at += 2;
  const inv = cursor.take('over');
  const val = cursor.number();
  return { 'ct count': inv ? { val, inv } : { val } };
}

/** The object that `counter name "c1"` names, or what a map gives; null where none is. */
function named(cursor: Cursor): unknown {
  if (!cursor.take('name')) return null;
  return cursor.peek()?.kind === 'string' ? cursor.name() : readExpression(cursor);
}

const REJECT_DEFAULT: Readonly<Record<string, string>> = { ip: 'icmp', ip6: 'icmpv6' };

function readReject(cursor: Cursor, family: string): unknown {
  if (!cursor.take('with')) return { type: REJECT_DEFAULT[family] ?? 'icmpx', expr: 'port-unreachable' };
  const type = cursor.name();
  if (type === 'tcp') {
    cursor.expect('reset');
    return { type: 'tcp reset' };
  }
  cursor.take('type');
  return { type, expr: cursor.name() };
}

const QUEUE_FLAGS = new Set(['bypass', 'fanout']);

/** `num 0-3 bypass,fanout`; newer: `flags bypass to 0-3`. */
function readQueue(cursor: Cursor): unknown {
  const flags: string[] = [];
  const read: Record<string, unknown> = {};
  const readFlags = () => {
    for (let flag = cursor.takeOne(QUEUE_FLAGS); flag !== null; flag = cursor.takeOne(QUEUE_FLAGS)) {
      flags.push(flag);
      cursor.take(',');
    }
  };
  if (cursor.take('flags')) readFlags();
  if (cursor.take('num') || cursor.take('to')) read.num = readExpression(cursor);
  readFlags();
  if (flags.length > 0) read.flags = oneOrAll(flags);
  return Object.keys(read).length === 0 ? null : read;
}

const LOG_NUMBERS = new Set(['group', 'snaplen', 'queue-threshold']);

function readLog(cursor: Cursor): unknown {
  const read: Record<string, unknown> = {};
  const flags: string[] = [];
  for (;;) {
    const number = cursor.takeOne(LOG_NUMBERS);
    if (number !== null) read[number] = cursor.number();
    else if (cursor.take('prefix')) read.prefix = cursor.name();
    else if (cursor.take('level')) read.level = cursor.name();
    else if (cursor.take('flags')) flags.push(...readLogFlags(cursor));
    else break;
  }
  if (flags.length > 0) read.flags = oneOrAll(flags);
  return Object.keys(read).length === 0 ? null : read;
}

/** `all`, `skuid`, `tcp sequence,options` */
function readLogFlags(cursor: Cursor): string[] {
  const first = cursor.name();
  if (first !== 'tcp' && first !== 'ip') return [first];
  const flags: string[] = [];
  do flags.push(`${first} ${cursor.name()}`);
  while (cursor.take(','));
  return flags;
}

/** `add @seen { ip saddr timeout 10s limit rate over 5/minute : 0x1 }` */
function update(op: string): Read {
  return (cursor, family) => {
    const set = cursor.name();
    cursor.expect('{');
    const elem = readAddedKey(cursor);
    const stmt = readInner(cursor, family);
    const more = stmt.length === 0 ? {} : { stmt };
    const data = cursor.take(':') ? readExpression(cursor) : undefined;
    cursor.expect('}');
    if (data !== undefined) return { map: { op, elem, data, map: set, ...more } };
    return { set: { op, elem, set, ...more } };
  };
}

function readMeter(cursor: Cursor, family: string): unknown {
  const name = cursor.name();
  const size = cursor.take('size') ? { size: cursor.number() } : {};
  cursor.expect('{');
  const key = readAddedKey(cursor);
  const stmt = readInner(cursor, family);
  cursor.expect('}');
  return { meter: { key, stmt: oneOrAll(stmt), ...size, name } };
}

/** What comes with an element: a limit, a counter. */
function readInner(cursor: Cursor, family: string): unknown[] {
  const stmt: unknown[] = [];
  while (!cursor.is('}') && !cursor.is(':')) stmt.push(readStatement(cursor, family));
  return stmt;
}

function readDup(cursor: Cursor): unknown {
  cursor.expect('to');
  const addr = readExpression(cursor);
  return { dup: cursor.take('device') ? { addr, dev: readExpression(cursor) } : { addr } };
}

function readFwd(cursor: Cursor): unknown {
  const family = cursor.take('ip') ? { family: 'ip' } : cursor.take('ip6') ? { family: 'ip6' } : {};
  cursor.expect('to');
  const first = readExpression(cursor);
  if (!cursor.take('device')) return { fwd: { dev: first, ...family } };
  return { fwd: { addr: first, dev: readExpression(cursor), ...family } };
}

function readSynproxy(cursor: Cursor): unknown {
  const name = named(cursor);
  if (name !== null) return { synproxy: name };
  const read: Record<string, unknown> = {};
  const flags: string[] = [];
  for (;;) {
    if (cursor.take('mss')) read.mss = cursor.number();
    else if (cursor.take('wscale')) read.wscale = cursor.number();
    else if (cursor.take('timestamp')) flags.push('timestamp');
    else if (cursor.take('sack-perm')) flags.push('sack-perm');
    else break;
  }
  return { synproxy: flags.length > 0 ? { ...read, flags } : read };
}

/** JSON has a list of one without its brackets. */
function oneOrAll(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : values;
}

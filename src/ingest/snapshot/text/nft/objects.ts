/** Tables and what stands in them, in the shape of libnftables-json(5). */

import { nftPriority } from '../../nft-priority.js';
import type { Part } from './blocks.js';
import { readElements } from './expressions.js';
import { readLimit, readQuota } from './rates.js';
import { readRule } from './rule.js';
import { Cursor, type Token, Unread } from './tokens.js';
import { readDuration } from './values.js';

type Fields = Record<string, unknown>;

/**
 * @param text the whole listing
 * @returns the object, and a chain's rules behind it; `unread` with its own words for what cannot be read
 */
export function* eachObject(part: Part, text: string): Generator<unknown> {
  const { table, head, lines, cut } = part;
  if (!table) {
    yield unread(part, text);
    return;
  }
  const [word, second, third] = head.map((token) => token.text);
  const place = { family: table.family, table: table.name };
  if (cut) yield { unread: `the listing is cut off within table ${table.family} ${table.name}` };
  else if (head.length === 0) yield { table: { ...table, ...tableFields(lines) } };
  else if (word === 'chain' && head.length === 2) yield* eachOfChain({ ...place, name: second }, lines, text);
  else if ((word === 'set' || word === 'map' || word === 'meter') && head.length === 2) {
    const set: Fields = { ...place, name: second };
    const left = lines.filter((line) => !tries(() => readSetLine(new Cursor(line), set)));
    yield { [word]: set };
    // Without its elements a set is not what it seems to be.
    for (const line of left) yield unreadLine(line, text);
  } else if (word === 'ct' && head.length === 3) yield { [`ct ${second}`]: { ...place, name: third } };
  else if (word !== undefined && OBJECTS.has(word) && head.length === 2) {
    const object: Fields = { ...place, name: second };
    const read = OBJECT_BODIES[word];
    const failed = read && !tries(() => Object.assign(object, read(new Cursor(lines.flat()))));
    yield failed ? unread(part, text) : { [word]: object };
  } else yield unread(part, text);
}

const OBJECTS = new Set(['counter', 'quota', 'limit', 'flowtable', 'synproxy', 'secmark', 'tunnel']);
/** Of those whose content decides. */
const OBJECT_BODIES: Readonly<Record<string, (cursor: Cursor) => Fields>> = {
  limit: (cursor) => readLimit(withoutHandle(cursor)),
  quota: (cursor) => readQuota(withoutHandle(cursor)),
};

function withoutHandle(cursor: Cursor): Cursor {
  return new Cursor(cursor.tokens.filter(({ kind }) => kind !== 'handle'));
}

function tableFields(lines: Part['lines']): Fields {
  const flags = lines.find((line) => line[0]?.text === 'flags');
  return flags ? { flags: commaSeparated(flags.slice(1)) } : {};
}

function* eachOfChain(chain: Fields, lines: Part['lines'], text: string): Generator<unknown> {
  const { name, ...place } = chain;
  const rules = lines.filter((line) => !readChainLine(line, chain));
  yield { chain };
  for (const line of rules)
    yield { rule: { ...place, chain: name, ...readRule(line, String(place.family), text) } };
}

/** @returns whether it tells of the chain, and is no rule */
function readChainLine(line: readonly Token[], chain: Fields): boolean {
  const words = line.map((token) => token.text);
  const [first, second] = words;
  if (line[0]!.kind === 'handle') {
    chain.handle = Number(first);
    return true;
  }
  switch (first) {
    case 'type': {
      const after = (word: string) => words.slice(words.indexOf(word) + 1);
      chain.type = second;
      chain.hook = after('hook')[0];
      const [base = '', ...offset] = after('priority').slice(0, 3);
      const priority = offset[0] === '+' || offset[0] === '-' ? [base, ...offset].join(' ') : base;
      chain.prio = nftPriority(priority, String(chain.family)) ?? base;
      const devices = devicesOf(words);
      if (devices.length > 0) chain.dev = devices;
      return true;
    }
    case 'policy':
      chain.policy = second;
      return true;
    case 'comment':
    case 'flags':
    case 'device':
    case 'devices':
      // These words begin no statement.
      return true;
    default:
      return false;
  }
}

/** `device "eth0"`, `devices = { eth0, eth1 }` */
function devicesOf(words: readonly string[]): string[] {
  const one = words.indexOf('device');
  if (one >= 0) return words.slice(one + 1, one + 2);
  const some = words.indexOf('devices');
  if (some < 0) return [];
  const end = words.indexOf('}', some);
  return words.slice(some + 1, end < 0 ? undefined : end).filter((word) => !/^[={,]$/.test(word));
}

/** @throws Unread */
function readSetLine(cursor: Cursor, set: Fields): void {
  const first = cursor.next();
  switch (first.text) {
    case 'type':
    case 'typeof': {
      const said = cursor.tokens.slice(1).map((token) => token.text);
      const colon = said.indexOf(':');
      const types = (colon < 0 ? said : said.slice(0, colon)).join(' ').split(' . ');
      set[first.text] = types.length === 1 ? types[0] : types;
      if (colon >= 0) set.map = said.slice(colon + 1).join(' ');
      return;
    }
    case 'flags':
      set.flags = commaSeparated(cursor.tokens.slice(1));
      return;
    case 'elements':
      cursor.expect('=');
      cursor.expect('{');
      set.elem = readElements(cursor);
      return;
    case 'timeout':
      set.timeout = readDuration(cursor);
      return;
    case 'gc-interval':
      set['gc-interval'] = readDuration(cursor);
      return;
    case 'size':
      set.size = cursor.number();
      return;
    case 'policy':
    case 'comment':
      set[first.text] = cursor.name();
      return;
    default:
      if (first.kind === 'handle') set.handle = Number(first.text);
      // Statements that each element has, and how the set is kept.
      else if (!NOT_DECIDING.has(first.text)) throw new Unread(`${first.text} is nothing of a set`);
  }
}

const NOT_DECIDING = new Set(['auto-merge', 'counter', 'limit', 'quota', 'ct', 'last', '#']);

function commaSeparated(tokens: readonly Token[]): string[] {
  return tokens.filter(({ kind }) => kind === 'word').map(({ text }) => text);
}

function tries(read: () => void): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof Unread) return false;
    throw error;
  }
}

const SHOWN = 200;

function unread({ head, lines, start }: Part, text: string): unknown {
  const last = lines.at(-1)?.at(-1) ?? head.at(-1);
  return { unread: shown(text.slice(start, last?.end ?? start)) };
}

function unreadLine(line: readonly Token[], text: string): unknown {
  return { unread: shown(text.slice(line[0]!.start, line.at(-1)!.end)) };
}

function shown(text: string): string {
  const said = text.replaceAll(/\s+/g, ' ').trim();
  return said.length > SHOWN ? `${said.slice(0, SHOWN)}…` : said;
}

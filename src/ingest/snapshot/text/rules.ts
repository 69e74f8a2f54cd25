import { InputError } from '../../../model/errors.js';
import type { Entry } from '../json.js';
import { entryOf, type Line, linesOf, notA } from './lines.js';
import { readValues, Words } from './words.js';

const VALUES = new Map([
  ['from', 'src'],
  ['to', 'dst'],
  ['tos', 'tos'],
  ['dsfield', 'tos'],
  ['ipproto', 'ipproto'],
  ['suppress_prefixlength', 'suppress_prefixlen'],
  ['suppress_ifgroup', 'suppress_ifgroup'],
  ['goto', 'goto'],
  ['proto', 'protocol'],
  ['realms', 'realms'],
]);

/** What a rule does in place of a look-up. */
const ACTIONS = new Set(['prohibit', 'blackhole', 'unreachable']);
/** The same, as `ip -N` prints them. */
const ACTION_NUMBERS = /^[678]$/;

/** The text of `ip rule show`, as `ip -j` prints the same. @throws InputError */
export function rulesOfText(text: string, file: string): Entry[] {
  const rules = linesOf(text).map((line) => entryOf(readRule(line, file), line, file));
  if (rules.length === 0) throw new InputError(file, null, 'names no rule');
  return rules;
}

function readRule(line: Line, file: string): Record<string, unknown> {
  const match = /^(\d+):\s+(.*\bfrom\s.*)$/.exec(line.text);
  if (!match) throw notA('a rule as `ip rule` prints it', line, file);
  const fields: Record<string, unknown> = { priority: Number(match[1]) };
  const words = new Words({ ...line, text: match[2]! }, file);
  let unknown: string | null = null;
  readValues(words, VALUES, fields, (word) => {
    if ((unknown === null || !/^\d/.test(word)) && readSelector(word, words, fields)) unknown = null;
    else unknown = keepUnknown(word, unknown, fields);
  });
  return fields;
}

/** @returns whether it is one that is known */
function readSelector(word: string, words: Words, fields: Record<string, unknown>): boolean {
  if (word === 'not' || word === 'nop') fields[word] = null;
  else if (word === 'iif' || word === 'oif') {
    fields[word] = words.next();
    if (words.peek() === '[detached]') fields[`${word}_detached`] = words.next() && null;
  } else if (word === 'lookup') readTable(words, fields);
  else if (word === 'fwmark') [fields.fwmark, fields.fwmask] = words.next().split('/');
  else if (word === 'uidrange') [fields.uid_start, fields.uid_end] = words.next().split('-');
  else if (word === 'sport' || word === 'dport') readPorts(word, words.next(), fields);
  else if (word === '[unresolved]') fields.unresolved = null;
  // busybox names the numbers of what rules do as if they were types of routes, and leaves a jump's target out.
  else if (word === 'broadcast') fields.nop = null;
  else if (word === 'local') fields.goto_target = null;
  else if (ACTIONS.has(word) || ACTION_NUMBERS.test(word)) fields.action = word;
  else return false;
  return true;
}

function readTable(words: Words, fields: Record<string, unknown>): void {
  const table = words.next();
  if (table === '[l3mdev-table]') fields.l3mdev = null;
  else if (table !== 'unspec') fields.table = table;
}

/** One, a range, or one with the bits of it that count. */
function readPorts(name: string, value: string, fields: Record<string, unknown>): void {
  const [one, mask] = value.split('/');
  const [start, end] = one!.split('-');
  if (end === undefined) fields[name] = Number(start);
  else Object.assign(fields, { [`${name}_start`]: Number(start), [`${name}_end`]: Number(end) });
  if (mask !== undefined) fields[`${name}_mask`] = mask;
}

/**
 * A selector that is not known stays one, with what follows it as its value: `tun_id 5`.
 *
 * @returns the selector that the next word may be the value of
 */
function keepUnknown(word: string, selector: string | null, fields: Record<string, unknown>): string | null {
  if (selector !== null) fields[selector] = /^\d+$/.test(word) ? Number(word) : word;
  else fields[word] = null;
  return selector === null ? word : null;
}

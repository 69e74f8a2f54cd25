import { readExpression } from './expressions.js';
import type { Cursor } from './tokens.js';
import { plainValue } from './values.js';

const FAMILIES = new Set(['ip', 'ip6']);
const FLAGS = new Set(['random', 'fully-random', 'persistent']);

/** Behind `dnat`, `snat`, `masquerade`, `redirect` or `tproxy`: `ip prefix to 10.0.0.1:80 random,persistent`. */
export function readNat(cursor: Cursor): unknown {
  const read: Record<string, unknown> = {};
  const family = cursor.takeOne(FAMILIES);
  if (family !== null) read.family = family;
  readKind(cursor, read);
  if (cursor.take('to')) Object.assign(read, readTarget(cursor));
  const flags: string[] = read.type_flags === 'prefix' ? ['netmap'] : [];
  for (let flag = cursor.takeOne(FLAGS); flag !== null; flag = cursor.takeOne(FLAGS)) {
    flags.push(flag);
    cursor.take(',');
  }
  if (flags.length > 0) read.flags = flags.length === 1 ? flags[0] : flags;
  return Object.keys(read).length === 0 ? null : read;
}

/** What a map gives, which versions up to 1.0.1 tell as well: `addr . port`, `interval`. */
function readKind(cursor: Cursor, read: Record<string, unknown>): void {
  if (cursor.take('prefix')) read.type_flags = 'prefix';
  cursor.take('interval');
  if (cursor.take('addr')) {
    cursor.expect('.');
    cursor.expect('port');
  }
}

/** `10.0.0.1-10.0.0.4:80-90`, `[fd00::1]:80`, `:80`, `10.0.0.1:udp dport map { … }`, a map. */
function readTarget(cursor: Cursor): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  const said = cursor.peek()?.text ?? '';
  const [all, bracketed, plain] = /^(?:\[([^\]]+)\]|([\d.]+(?:-[\d.]+)?(?:\/\d+)?))(?=:|$)/.exec(said) ?? [];
  if (all !== undefined) {
    read.addr = plainValue({ text: (bracketed ?? plain)! });
    cursor.split(all.length);
  } else if (!said.startsWith(':')) read.addr = readExpression(cursor);
  const port = all === undefined || all.length < said.length ? cursor.peek() : undefined;
  if (port?.kind !== 'word' || !port.text.startsWith(':')) return read;
  cursor.split(1);
  read.port = readExpression(cursor);
  return read;
}

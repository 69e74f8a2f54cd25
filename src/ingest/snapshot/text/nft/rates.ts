/** Statements that count and limit; they stand in rules, in elements of sets, and as objects of their own. */

import { type Cursor, Unread } from './tokens.js';

const UNITS = new Set(['bytes', 'kbytes', 'mbytes', 'gbytes', 'packets']);

/** Behind `counter`. */
export function readCounter(cursor: Cursor): unknown {
  if (!cursor.take('packets')) return null;
  const packets = cursor.number();
  cursor.expect('bytes');
  return { packets, bytes: cursor.number() };
}

/** Behind `last`: `used never`, `used 3s20ms`. */
export function readLast(cursor: Cursor): unknown {
  if (cursor.take('used')) cursor.name();
  return null;
}

/** Behind `limit`: `rate over 10/second burst 5 packets`, `rate 10 mbytes/second`. */
export function readLimit(cursor: Cursor): Record<string, unknown> {
  cursor.expect('rate');
  const inv = cursor.take('over');
  const first = cursor.name();
  const said = /^\d+$/.test(first) ? `${first} ${cursor.name()}` : first;
  const [, rate, unit, per] = /^(\d+)(?: (\w+))?\/(second|minute|hour|day|week)$/.exec(said) ?? [];
  if (rate === undefined) throw new Unread(`${said} is no rate`);
  const read: Record<string, unknown> = { rate: Number(rate), burst: 5, per };
  if (unit !== undefined) Object.assign(read, { rate_unit: unit, burst: 0, burst_unit: 'bytes' });
  if (cursor.take('burst')) {
    read.burst = cursor.number();
    const burstUnit = cursor.takeOne(UNITS);
    if (burstUnit !== null && burstUnit !== 'packets') read.burst_unit = burstUnit;
  }
  if (inv) read.inv = true;
  return read;
}

/** Behind `quota`: `over 25 mbytes used 3 bytes`. */
export function readQuota(cursor: Cursor): Record<string, unknown> {
  const inv = cursor.take('over');
  cursor.take('until');
  const read: Record<string, unknown> = { val: cursor.number(), val_unit: cursor.name() };
  if (cursor.take('used')) Object.assign(read, { used: cursor.number(), used_unit: cursor.name() });
  if (inv) read.inv = true;
  return read;
}

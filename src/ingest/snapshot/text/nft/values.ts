import { canonicalAddress, parseMac } from '../../../../model/address.js';
import { type Cursor, type Token, Unread } from './tokens.js';

/** The types of nft whose values are printed with names that a range may be of. */
const DSCP = /^(cs\d|af\d\d|ef|be|df|le|va|lephb)$/;
const NUMBER = /^(\d+|0x[0-9a-f]+)$/i;

/** One value, a range or a prefix, as `nft -j` writes it. */
export function readValue(cursor: Cursor): unknown {
  const token = cursor.next();
  if (token.kind === 'string') {
    if (!cursor.is('-') || cursor.peek(1)?.kind !== 'string') return token.text;
    cursor.at++;
    return { range: [token.text, cursor.next().text] };
  }
  if (token.kind !== 'word' || NO_VALUE.has(token.text)) throw new Unread(`${token.text} is no value`);
  return plainValue(token);
}

const NO_VALUE = new Set([
  '==',
  '!=',
  '<',
  '>',
  '<=',
  '>=',
  '!',
  ':',
  '.',
  '=',
  '&',
  '|',
  '^',
  '<<',
  '>>',
  '"',
]);

export function plainValue({ text }: Pick<Token, 'text'>): unknown {
  if (text === 'exists') return true;
  if (text === 'missing') return false;
  if (NUMBER.test(text)) return numberOf(text);
  const [, address, length] = /^([^/]+)\/(\d+)$/.exec(text) ?? [];
  if (address !== undefined && canonicalAddress(address) !== null) {
    return { prefix: { addr: address, len: Number(length) } };
  }
  return rangeOf(text) ?? text;
}

/** Numbers that JSON cannot hold exactly stay text. */
function numberOf(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/** Names have hyphens as well: both ends have to be values for sure. */
function rangeOf(text: string): unknown {
  for (let at = text.indexOf('-'); at > 0; at = text.indexOf('-', at + 1)) {
    const low = text.slice(0, at);
    const high = text.slice(at + 1);
    if (isEnd(low) && isEnd(high)) return { range: [plainValue({ text: low }), plainValue({ text: high })] };
  }
  return null;
}

function isEnd(text: string): boolean {
  return NUMBER.test(text) || DSCP.test(text) || canonicalAddress(text) !== null || parseMac(text) !== null;
}

const SECONDS: Readonly<Record<string, number>> = { w: 604800, d: 86400, h: 3600, m: 60, s: 1, ms: 0.001 };

/** `1d2h30m5s100ms` in whole seconds. */
export function readDuration(cursor: Cursor): number {
  const said = cursor.name();
  if (/^\d+$/.test(said)) return Number(said);
  if (!/^(\d+(w|d|h|ms|m|s))+$/.test(said)) throw new Unread(`${said} is no time`);
  let seconds = 0;
  for (const [, number, unit] of said.matchAll(/(\d+)(w|d|h|ms|m|s)/g))
    seconds += Number(number) * SECONDS[unit!]!;
  return Math.floor(seconds);
}

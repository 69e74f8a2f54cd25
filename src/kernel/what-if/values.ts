/** The values that iproute2's commands take, read as its lib/utils.c and lib/rt_names.c read them. */
import { canonicalAddress, type Family, formatIPv4, parseAddress } from '../../model/address.js';
import { Refusal } from './refusal.js';
import { expand } from './words.js';

/** A whole number, decimal, `0x` hexadecimal or `0` octal. @throws Refusal */
export function readNumber(word: string, name: string, max = 0xffffffff): number {
  const octal = /^0[0-7]+$/.test(word);
  const known = octal || /^(\d+|0x[0-9a-f]+)$/i.test(word);
  const value = octal ? Number.parseInt(word, 8) : Number(word);
  if (!known || value > max) throw wrong(word, name, `a number up to ${max}`);
  return value;
}

export function wrong(word: string, name: string, wanted: string): Refusal {
  return new Refusal(`argument "${word}" is wrong`, `"${name}" takes ${wanted}`);
}

export interface PrefixWord {
  /** Null of `default`, `any` and `all`, where nothing else has told the family. */
  family: Family | null;
  /** Canonical; null of `default`, `any` and `all`. */
  address: string | null;
  length: number;
  /** Whether a length was written. */
  exact: boolean;
}

/** get_prefix(): `default`, an address or `ADDRESS/LENGTH`, also `10/8` and `10.0.0.0/255.0.0.0`. @throws Refusal */
export function readPrefix(word: string, family: Family | null): PrefixWord {
  if (word === 'default' || word === 'any' || word === 'all') {
    return { family, address: null, length: 0, exact: word === 'default' };
  }
  const [text = '', bits] = word.split('/', 2);
  const address = longAddress(text);
  const own: Family = text.includes(':') ? 6 : 4;
  const length = bits === undefined ? (own === 4 ? 32 : 128) : prefixLength(bits, own);
  if (address === null || length === null || (family !== null && family !== own)) {
    throw new Refusal(
      `${familyName(family)} prefix is expected rather than "${word}"`,
      examplePrefix(family),
    );
  }
  return { family: own, address, length, exact: bits !== undefined };
}

/** get_addr(). @throws Refusal */
export function readAddress(word: string, family: Family | null): { family: Family; address: string } {
  const address = longAddress(word);
  const own: Family = word.includes(':') ? 6 : 4;
  if (address === null || (family !== null && family !== own)) {
    throw new Refusal(
      `${familyName(family)} address is expected rather than "${word}"`,
      examplePrefix(family),
    );
  }
  return { family: own, address };
}

function familyName(family: Family | null): string {
  return family === null ? 'any valid' : family === 4 ? 'inet' : 'inet6';
}

function examplePrefix(family: Family | null): string {
  return family === 6 ? 'write one as 2001:db8::/32' : 'write one as 192.0.2.0/24, and IPv6 with `ip -6`';
}

/** get_addr_ipv4() takes an address with fewer than four parts for the head of one. */
function longAddress(text: string): string | null {
  if (text.includes(':')) return text.includes('%') ? null : canonicalAddress(text);
  if (!/^\d{1,3}(\.\d{1,3}){0,3}$/.test(text)) return null;
  const parts = text.split('.');
  return canonicalAddress([...parts, '0', '0', '0'].slice(0, 4).join('.'));
}

/** get_netmask() */
function prefixLength(text: string, family: Family): number | null {
  if (/^\d+$/.test(text)) return Number(text) <= (family === 4 ? 32 : 128) ? Number(text) : null;
  const mask = family === 4 ? parseAddress(text) : null;
  if (!mask) return null;
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : null;
}

/** The numbers of rt_protos of iproute2, which `ip` prints by their names. */
const PROTOCOLS: readonly [number, string][] = [
  [0, 'unspec'],
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [8, 'gated'],
  [9, 'ra'],
  [10, 'mrt'],
  [11, 'zebra'],
  [12, 'bird'],
  [13, 'dnrouted'],
  [14, 'xorp'],
  [15, 'ntk'],
  [16, 'dhcp'],
  [18, 'keepalived'],
  [42, 'babel'],
  [99, 'openr'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [192, 'eigrp'],
];

/** The scopes of rt_scopes, by their numbers: a wider one has the lower. */
export const SCOPES: ReadonlyMap<string, number> = new Map([
  ['global', 0],
  ['site', 200],
  ['link', 253],
  ['host', 254],
  ['nowhere', 255],
]);

/** As `ip` prints it. @throws Refusal */
export function readProtocol(word: string): string {
  const known = PROTOCOLS.find(([, name]) => name === word);
  if (known) return known[1];
  const number = readNumber(word, 'protocol', 255);
  return PROTOCOLS.find(([value]) => value === number)?.[1] ?? String(number);
}

/** As `ip` prints it. @throws Refusal */
export function readScope(word: string): string {
  if (SCOPES.has(word)) return word;
  const number = readNumber(word, 'scope', 255);
  return [...SCOPES].find(([, value]) => value === number)?.[0] ?? String(number);
}

/** The number of a scope as `ip` prints it. */
export function scopeNumber(scope: string): number {
  return SCOPES.get(scope) ?? Number(scope);
}

/** A table's name, or its number as text, with the three names that every node has. @throws Refusal */
export function readTable(word: string): string {
  const reserved: Readonly<Record<string, string>> = { 253: 'default', 254: 'main', 255: 'local' };
  if (!/^\d|^0x/i.test(word)) return word;
  const number = String(readNumber(word, 'table'));
  if (number === '0') throw wrong(word, 'table', 'a number from 1, or a name');
  return reserved[number] ?? number;
}

/** rtnl_dsfield_a2n(): hexadecimal, with or without `0x`, or a name of RFC 2474, RFC 2597 or RFC 3246. @throws Refusal */
export function readTos(word: string): number {
  const selector = /^CS([0-7])$/.exec(word);
  if (selector) return Number(selector[1]) << 5;
  const assured = /^AF([1-4])([1-3])$/.exec(word);
  if (assured) return (Number(assured[1]) << 5) | (Number(assured[2]) << 3);
  if (word === 'EF') return 0xb8;
  if (word === 'default') return 0;
  if (!/^(0x)?[0-9a-f]{1,2}$/i.test(word))
    throw wrong(word, 'tos', 'two hexadecimal digits, or a name as AF11');
  return Number.parseInt(word, 16);
}

const TYPES = [
  'broadcast',
  'anycast',
  'multicast',
  'prohibit',
  'unreachable',
  'blackhole',
  'unicast',
] as const;

/** rtnl_rtntype_a2n(): a route's type; null where the word is none. */
export function routeType(word: string): string | null {
  if (word === 'local' || word === 'throw' || word === 'nat') return word;
  return word === 'brd' ? 'broadcast' : expand(word, TYPES);
}

/** `0.0.0.0` for what `default`, `any` and `all` leave open, once the family is known. */
export function prefixText(prefix: PrefixWord, family: Family): string {
  const any = family === 4 ? formatIPv4(new Uint8Array(4)) : '::';
  return `${prefix.address ?? any}/${prefix.length}`;
}

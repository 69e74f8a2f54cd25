/** The values in iptables-save's rules. What cannot be read is null. */
import { parseAddress } from '../../../model/address.js';
import { type Address, toAddress } from '../../prefix.js';

export interface Network {
  words: readonly number[];
  masks: readonly number[];
}

/** `10.0.0.0/8`, `10.0.0.1`, `10.0.0.0/255.0.255.0`, `fd00::/8`. */
export function network(text: string): Network | null {
  const [address = '', mask] = text.split('/');
  if (!parseAddress(address)) return null;
  const { words } = toAddress(address);
  if (mask === undefined) return { words, masks: words.map(() => 0xffffffff) };
  if (/^\d+$/.test(mask)) {
    const length = Number(mask);
    if (length > words.length * 32) return null;
    return { words, masks: words.map((_, i) => leading(length - i * 32)) };
  }
  if (!parseAddress(mask)) return null;
  const masks = toAddress(mask).words;
  return masks.length === words.length ? { words, masks } : null;
}

/** The mask of a word's first bits. */
function leading(bits: number): number {
  if (bits >= 32) return 0xffffffff;
  return bits <= 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
}

export function within(net: Network, address: Address): boolean {
  if (net.words.length !== address.words.length) return false;
  for (let i = 0; i < net.words.length; i++) {
    if (((net.words[i]! ^ address.words[i]!) & net.masks[i]!) !== 0) return false;
  }
  return true;
}

export interface AddressRange {
  first: Address;
  last: Address;
}

/** `10.0.0.1-10.0.0.9`, or one address. */
export function addressRange(text: string): AddressRange | null {
  const [first = '', last = first] = text.split('-');
  if (!parseAddress(first) || !parseAddress(last)) return null;
  const range = { first: toAddress(first), last: toAddress(last) };
  return range.first.family === range.last.family ? range : null;
}

export function inRange({ first, last }: AddressRange, address: Address): boolean {
  return compare(first, address) <= 0 && compare(address, last) <= 0;
}

function compare(a: Address, b: Address): number {
  for (let i = 0; i < a.words.length; i++) {
    const difference = a.words[i]! - (b.words[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `80`, `1000:2000`, `:1023`, `1024:`. */
export function numberRange(text: string, largest: number): [number, number] | null {
  const [low = '', high] = text.split(':');
  const first = low === '' ? 0 : wholeNumber(low);
  const last = high === undefined ? first : high === '' ? largest : wholeNumber(high);
  return first === null || last === null ? null : [first, last];
}

/** Decimal, or hexadecimal with `0x`. */
export function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : null;
}

/** `0x4000/0x4000`; without a mask, all bits count. */
export function masked(text: string | undefined, all = 0xffffffff): { value: number; mask: number } | null {
  const [value, mask] = (text ?? '').split('/');
  const parsed = { value: wholeNumber(value), mask: mask === undefined ? all : wholeNumber(mask) };
  return parsed.value === null || parsed.mask === null ? null : { value: parsed.value, mask: parsed.mask };
}

/** DiffServ classes by name (RFC 2474, RFC 2597, RFC 3246). */
export function dscpClass(name: string): number | null {
  const upper = name.toUpperCase();
  if (upper === 'EF') return 46;
  if (upper === 'BE') return 0;
  const selector = /^CS([0-7])$/.exec(upper);
  if (selector) return Number(selector[1]) << 3;
  const assured = /^AF([1-4])([1-3])$/.exec(upper);
  return assured ? (Number(assured[1]) << 3) | (Number(assured[2]) << 1) : null;
}

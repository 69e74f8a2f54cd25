import { type Family, formatAddress, parseAddress } from '../model/address.js';

/** An address as big-endian 32-bit words: one for IPv4, four for IPv6. */
export interface Address {
  readonly family: Family;
  readonly words: readonly number[];
  /** Canonical. */
  readonly text: string;
}

export interface Prefix {
  readonly family: Family;
  /** Host bits are zero. */
  readonly words: readonly number[];
  readonly masks: readonly number[];
  readonly length: number;
}

/** @throws RangeError where the text is no address */
export function toAddress(text: string): Address {
  const bytes = parseAddress(text);
  if (!bytes) throw new RangeError(`not an IP address: ${text}`);
  const family = bytes.length === 4 ? 4 : 6;
  return { family, words: toWords(bytes), text: formatAddress(bytes, 0, family) };
}

/** @throws RangeError where the text is not `ADDRESS/LENGTH` */
export function toPrefix(text: string): Prefix {
  const [network = '', bits] = text.split('/');
  const address = toAddress(network);
  const width = address.family === 4 ? 32 : 128;
  const length = bits === undefined ? width : Number(bits);
  if (!Number.isInteger(length) || length < 0 || length > width) {
    throw new RangeError(`not a prefix length: ${text}`);
  }
  const masks = address.words.map((_, i) => maskOf(length - i * 32));
  return { family: address.family, words: maskWords(address.words, length), masks, length };
}

export function contains(prefix: Prefix, address: Pick<Address, 'family' | 'words'>): boolean {
  if (prefix.family !== address.family) return false;
  for (let i = 0; i < prefix.masks.length; i++) {
    if (((prefix.words[i]! ^ address.words[i]!) & prefix.masks[i]!) !== 0) return false;
  }
  return true;
}

/**
 * What all addresses of one prefix of this length have in common, as a key of a map: for IPv4 a signed 32-bit
 * number, which V8 keeps unboxed.
 */
export function prefixKey(words: readonly number[], length: number): number | string {
  if (words.length > 1) return maskWords(words, length).join(',');
  return words[0]! & maskOf(length);
}

function maskWords(words: readonly number[], length: number): number[] {
  return words.map((word, i) => (word & maskOf(length - i * 32)) >>> 0);
}

/** The mask of a word of which the first `bits` belong to the prefix; those below 0 and above 32 are of other words. */
function maskOf(bits: number): number {
  if (bits >= 32) return -1;
  return bits <= 0 ? 0 : -1 << (32 - bits);
}

function toWords(bytes: Uint8Array): number[] {
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    words.push(((bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!) >>> 0);
  }
  return words;
}

/** 224/4 or ff00::/8. */
export function isMulticast(address: Address): boolean {
  return address.family === 4 ? address.words[0]! >>> 28 === 0xe : address.words[0]! >>> 24 === 0xff;
}

/** 224.0.0.0/24 (RFC 5771). */
export function isLocalMulticast(address: Address): boolean {
  return address.family === 4 && address.words[0]! >>> 8 === 0xe00000;
}

/** 127/8 or ::1. */
export function isLoopback(address: Address): boolean {
  return address.family === 4 ? address.words[0]! >>> 24 === 127 : address.text === '::1';
}

/** 0.0.0.0 or ::, and no other address of 0/8. */
export function isUnspecified(address: Address): boolean {
  return address.words.every((word) => word === 0);
}

/** 255.255.255.255 */
export function isLimitedBroadcast(address: Address): boolean {
  return address.family === 4 && address.words[0] === 0xffffffff;
}

/** fe80::/10 */
export function isLinkLocal(address: Address): boolean {
  return address.family === 6 && address.words[0]! >>> 22 === 0x3fa;
}

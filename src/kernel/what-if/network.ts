import { formatAddress } from '../../model/address.js';
import { type Prefix, toPrefix } from '../prefix.js';

/** The first and the last address of the network that an address of this prefix length lies in, canonical. */
export function networkEnds(address: string, length: number): { first: string; last: string } {
  const prefix = toPrefix(`${address}/${length}`);
  const last = prefix.words.map((word, i) => (word | ~prefix.masks[i]!) >>> 0);
  return { first: textOf(prefix, prefix.words), last: textOf(prefix, last) };
}

/** `ADDRESS/LENGTH` without host bits. */
export function networkOf(address: string, length: number): string {
  return `${networkEnds(address, length).first}/${length}`;
}

/** Whether the second lies in the network of the first: inet_ifa_match(). */
export function inNetwork(address: string, length: number, other: string): boolean {
  return networkEnds(address, length).first === networkEnds(other, length).first;
}

function textOf({ family }: Prefix, words: readonly number[]): string {
  const bytes = words.flatMap((word) => [
    word >>> 24,
    (word >>> 16) & 0xff,
    (word >>> 8) & 0xff,
    word & 0xff,
  ]);
  return formatAddress(Uint8Array.from(bytes), 0, family);
}

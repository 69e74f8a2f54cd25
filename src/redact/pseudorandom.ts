import { createHmac } from 'node:crypto';

/** Without vowels, so that no token is a word, and without what is easily taken for another. */
const LETTERS = 'bcdfghjkmnpqrstvwxz2345679';

/** What the key makes of a text: the same for the same key, and without it not to be told from chance. */
export class Pseudorandom {
  readonly #key: Uint8Array;

  /** @param key a secret; whoever has it can try out which address or name became which */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  /** 32 octets. @param domain what they are for: other domains have others */
  octets(domain: string, input: Uint8Array | string): Buffer {
    return createHmac('sha256', this.#key).update(`${domain}\0`).update(input).digest();
  }

  /** `length` of the 32 at most, each one of `letters`. */
  word(domain: string, input: string, length: number, letters = LETTERS): string {
    const octets = this.octets(domain, input).subarray(0, length);
    return Array.from(octets, (octet) => letters[octet % letters.length]).join('');
  }
}

import { parseJson } from './json.js';
import { readNftText } from './text/nft/nft.js';

/**
 * Reads `nft -j list ruleset`, or `nft list ruleset` (`-a` as well) into the same shape.
 *
 * @param warn told where a part of the text cannot be read
 * @throws InputError where JSON is cut or none
 */
export function readNft(text: string, file: string, warn: (message: string) => void): unknown {
  return /^\s*[[{]/.test(text) ? parseJson(text, file) : readNftText(text, file, warn);
}

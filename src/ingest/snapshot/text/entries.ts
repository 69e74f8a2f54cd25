import { type Entry, parseEntries } from '../json.js';
import { isJson, outputOf } from './session.js';

/**
 * The entries of an iproute2 listing, whether `ip -j` printed it or `ip`.
 *
 * @param ofText turns the text form into the entries that the JSON form has
 * @throws InputError where it is neither
 */
export function readEntries(
  listing: string,
  file: string,
  ofText: (text: string, file: string) => Entry[],
): Entry[] {
  const text = outputOf(listing);
  return isJson(text) ? parseEntries(text, file) : ofText(text, file);
}

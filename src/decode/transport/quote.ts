import { type Cursor, DONE, type Next } from '../cursor.js';

/** RFC 4884 section 3: with extensions after it, the quote is padded to at least this. */
const MIN_EXTENDED_QUOTE = 128;

/**
 * Marks the packet that an ICMP error quotes, to be decoded once the error itself is.
 *
 * @param length as the error gives it where extensions follow the quote, in octets; 0 where it goes to the end.
 *   Less than the RFC allows is taken for junk in a field that was unused before it.
 */
export function quote(cursor: Cursor, start: number, length: number, first: Next): Next {
  cursor.quoteAt = start;
  cursor.quoteEnd = length < MIN_EXTENDED_QUOTE ? cursor.end : Math.min(cursor.end, start + length);
  cursor.quoteNext = first;
  return DONE;
}

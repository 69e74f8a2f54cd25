import { InputError } from '../../model/errors.js';

/** An object of a parsed JSON file, with the words to name it in a message. */
export interface Entry {
  fields: Readonly<Record<string, unknown>>;
  file: string;
  /** As `entry 3`. */
  place: string;
}

/**
 * Parses JSON text.
 *
 * @throws InputError naming the file and, where the parser tells it, the place
 */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // The parser counts UTF-16 units, the message promises octets.
    const position = /position (\d+)/.exec(reason);
    const at = position ? Number(position[1]) : null;
    const offset = at === null ? null : Buffer.byteLength(text.slice(0, at));
    const endsEarly = /end of JSON/.test(reason) || (at !== null && at >= text.trimEnd().length);
    const cut = endsEarly ? '; the file is cut off' : '';
    const plain = reason.replace(/ in JSON at position.*/, '').replace(/\s+/g, ' ');
    throw new InputError(file, offset, `not JSON (${plain})${cut}: record it again`);
  }
}

/** iproute2 4.16 to 4.20 print a route's type without its key: `{"broadcast","dst":…}`. */
const BARE_TYPE =
  /\{\s*"(none|unicast|local|broadcast|anycast|multicast|blackhole|unreachable|prohibit|throw|nat|xresolve)"\s*,/g;

/**
 * The objects of an iproute2 listing. Empty ones are left out: `ip -j` prints `{}` for what its filter hides.
 *
 * @throws InputError where the text is no array of objects
 */
export function parseEntries(text: string, file: string): Entry[] {
  const parsed = parseListing(text, file);
  if (!Array.isArray(parsed)) throw new InputError(file, null, 'not a JSON array, as `ip -j` prints one');
  return entriesOf(parsed, file, 'entry').filter((entry) => Object.keys(entry.fields).length > 0);
}

/** Up to iproute2 6.2, what a route is wrapped in is not told apart from the route: it has a `dst` and `tos` of its own. */
const BARE_ENCAPSULATION =
  /("encap":\s*"\w+")((?:,\s*(?:"(?:src|dst)":\s*"[^"]*"|"(?:id|ttl|hoplimit|tos|tc)":\s*\d+))+)/g;

function parseListing(listing: string, file: string): unknown {
  const text = listing.replace(
    BARE_ENCAPSULATION,
    (_, encap: string, own: string) => encap + own.replace(/"(\w+)":/g, '"encap_$1":'),
  );
  try {
    return parseJson(text, file);
  } catch (error) {
    const mended = text.replace(BARE_TYPE, '{"type":"$1",');
    if (mended === text) throw error;
    return parseJson(mended, file);
  }
}

function entriesOf(values: readonly unknown[], file: string, word: string): Entry[] {
  return values.map((value, i) => {
    const place = `${word} ${i + 1}`;
    if (!isObject(value)) throw new InputError(file, null, `${place}: not a JSON object`);
    return { fields: value, file, place };
  });
}

/** The objects of the array `key` within an entry; none where the entry has no such key. */
export function nestedEntries(entry: Entry, key: string): Entry[] {
  const value = entry.fields[key];
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new InputError(entry.file, null, `${entry.place}: "${key}" is no array`);
  return entriesOf(value, entry.file, `${entry.place}, ${key}`);
}

/** The object `key` within an entry; null where there is none. */
export function nestedEntry(entry: Entry, key: string): Entry | null {
  const value = entry.fields[key];
  return isObject(value) ? { fields: value, file: entry.file, place: `${entry.place}, ${key}` } : null;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field as text, numbers included; null where it is absent. */
export function textField(entry: Entry, key: string): string | null {
  const value = entry.fields[key];
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : null;
}

/** @throws InputError where the field is absent */
export function requiredText(entry: Entry, key: string): string {
  const value = textField(entry, key);
  if (value === null) throw new InputError(entry.file, null, `${entry.place}: no "${key}"`);
  return value;
}

/**
 * A field as a number, decimal or `0x` hexadecimal; null where it is absent.
 *
 * @throws InputError where it is there and no number
 */
export function numberField(entry: Entry, key: string): number | null {
  const value = entry.fields[key];
  if (value === undefined || value === null) return null;
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN;
  if (Number.isNaN(number) || value === '') {
    throw new InputError(entry.file, null, `${entry.place}: "${key}" is no number: ${JSON.stringify(value)}`);
  }
  return number;
}

/** The strings of an array field; none where it is absent. */
export function textsField(entry: Entry, key: string): string[] {
  const value = entry.fields[key];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Whether it is a whole number from 0 to `bits`. */
export function isPrefixLength(length: number | string, bits: number): boolean {
  return /^\d{1,3}$/.test(String(length)) && Number(length) <= bits;
}

/** Reads of JSON that may be of any shape: what is not as asked for is null or empty, and nothing throws. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function record(value: unknown): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** nft says a thing's kind by its one key: `{"match": {…}}` is `['match', {…}]`. */
export function kindOf(value: unknown): readonly [kind: string, body: unknown] | null {
  const object = record(value);
  if (!object) return null;
  for (const key in object) return [key, object[key]];
  return null;
}

export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** An array's members; one value for itself, none for null: nft writes lists of one either way. */
export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === null || value === undefined ? [] : [value];
}

/** A whole number, or the text of one, decimal or `0x…`. */
export function integer(value: unknown): number | null {
  if (typeof value === 'number') return Number.isInteger(value) ? value : null;
  return typeof value === 'string' && /^-?(\d+|0x[0-9a-f]+)$/i.test(value) ? Number(value) : null;
}

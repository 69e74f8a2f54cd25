// An option: code and length (16 bits each), then the value, padded to 32 bits (draft-ietf-opsawg-pcapng, 3.5).
const CODE = 0;
const LENGTH = 2;
const VALUE = 4;
const END_OF_OPTIONS = 0;

/** Where an option's value lies in the view. */
export interface OptionValue {
  offset: number;
  length: number;
}

/**
 * Finds an option of a block.
 *
 * @param start where the options begin
 * @param end where they end at the latest: the block's trailing length
 * @param minimumLength a shorter value is taken for no option at all
 * @returns the first of that code; null where there is none before the options end or run past the block
 */
export function findOption(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
  code: number,
  minimumLength = 0,
): OptionValue | null {
  let position = start;
  while (end - position >= VALUE) {
    const found = view.getUint16(position + CODE, littleEndian);
    const length = view.getUint16(position + LENGTH, littleEndian);
    if (found === END_OF_OPTIONS || position + VALUE + length > end) return null;
    if (found === code) return length >= minimumLength ? { offset: position + VALUE, length } : null;
    position += VALUE + ((length + 3) & ~3);
  }
  return null;
}

/** Where an option runs past the end of its block; null where none does. */
export function findOverrun(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
): number | null {
  let position = start;
  while (end - position >= VALUE) {
    const length = view.getUint16(position + LENGTH, littleEndian);
    if (position + VALUE + length > end) return position;
    if (view.getUint16(position + CODE, littleEndian) === END_OF_OPTIONS) return null;
    position += VALUE + ((length + 3) & ~3);
  }
  return null;
}

/**
 * An option that holds a 64-bit counter.
 *
 * @returns null where it is absent, or all ones: what writers put there when they do not know
 */
export function readCounter(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
  code: number,
): number | null {
  const option = findOption(view, start, end, littleEndian, code, 8);
  if (option === null) return null;
  const value = view.getBigUint64(option.offset, littleEndian);
  return value === 0xffff_ffff_ffff_ffffn ? null : Number(value);
}

/** An option that holds UTF-8 text; null where it is absent. Some writers count a terminating zero octet in. */
export function readText(
  view: DataView,
  start: number,
  end: number,
  littleEndian: boolean,
  code: number,
): string | null {
  const option = findOption(view, start, end, littleEndian, code);
  return option === null ? null : decodeText(view, option.offset, option.length);
}

export function decodeText(view: DataView, offset: number, length: number): string {
  const text = new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + offset, length));
  const zero = text.indexOf('\0');
  return zero < 0 ? text : text.slice(0, zero);
}

import { InputError } from '../../model/errors.js';
import type { Counters } from '../../model/snapshot.js';
import { isObject, parseJson } from './json.js';

/** Reads `nstat -a -s -z --json`. @throws InputError */
export function readCounters(text: string, file: string): Counters {
  const parsed = parseJson(text, file);
  const kernel = isObject(parsed) ? parsed.kernel : null;
  if (!isObject(kernel)) throw new InputError(file, null, 'no "kernel" object, as `nstat --json` prints it');
  const values = new Map<string, number>();
  for (const [name, value] of Object.entries(kernel)) {
    const number = Number(value);
    if (Number.isNaN(number)) throw new InputError(file, null, `"${name}" is no number`);
    values.set(name, number);
  }
  return { file, values };
}

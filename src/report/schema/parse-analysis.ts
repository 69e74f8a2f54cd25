import { ANALYSIS_SCHEMA, type Analysis } from '../../model/analysis.js';
import { InputError } from '../../model/errors.js';
import { firstViolation } from './check.js';

/**
 * The analysis that `--format json` printed.
 *
 * @param octets the whole file, not compressed
 * @param file as the user named it, for errors
 * @throws InputError where it is cut off, damaged, of another version, or something else
 */
export function parseAnalysis(octets: Uint8Array, file: string): Analysis {
  const value = parseObject(octets, file);
  const schema = schemaOf(value);
  if (schema !== ANALYSIS_SCHEMA) throw new InputError(file, null, otherSchema(schema));
  const found = firstViolation(value);
  if (found) {
    const { path, why } = found;
    throw new InputError(file, null, `is no analysis by its schema: ${path === '' ? 'it' : path} ${why}`);
  }
  return value as Analysis;
}

/** Whether octets begin as a JSON object does: no capture and no archive begins so. */
export function isJsonObject(octets: Uint8Array): boolean {
  return octets.find((octet) => !WHITE_SPACE.includes(octet)) === 0x7b;
}

/** Space, tab, line feed, carriage return. */
const WHITE_SPACE = [0x20, 0x09, 0x0a, 0x0d];

function parseObject(octets: Uint8Array, file: string): unknown {
  if (octets.length === 0) throw new InputError(file, null, 'is empty');
  if (!isJsonObject(octets)) {
    const reason = 'is no analysis: what `analyze --format json` prints is wanted here';
    throw new InputError(file, null, reason);
  }
  const text = decode(octets, file);
  try {
    return JSON.parse(text);
  } catch (error) {
    // It may quote several lines.
    const message = (error as Error).message.replace(/\s+/g, ' ');
    const reason = isCutOff(message, text)
      ? 'is cut off: its JSON ends in the middle'
      : `is damaged: ${message}`;
    throw new InputError(file, null, reason);
  }
}

function decode(octets: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new InputError(file, null, 'is damaged: it is not UTF-8 throughout');
  }
}

/** By what V8 says: it names the position of all errors but a few, and of those one comes at the end alone. */
function isCutOff(message: string, text: string): boolean {
  const position = / at position (\d+)/.exec(message)?.[1];
  return position === undefined
    ? message.startsWith('Unexpected end')
    : Number(position) >= text.trimEnd().length;
}

function schemaOf(value: unknown): unknown {
  return value !== null && typeof value === 'object' && 'schema' in value ? value.schema : undefined;
}

function otherSchema(schema: unknown): string {
  if (typeof schema !== 'string') return 'is JSON, but no analysis: it does not name its schema';
  const [name] = ANALYSIS_SCHEMA.split('/');
  return schema.startsWith(`${name}/`)
    ? `is of the version ${schema}, and this returnpath reads ${ANALYSIS_SCHEMA}`
    : `is no analysis: its schema is ${schema.slice(0, LONGEST)}, and not ${ANALYSIS_SCHEMA}`;
}

/** What is longer is no schema's name. */
const LONGEST = 64;

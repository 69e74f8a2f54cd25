import { InputError } from '../../model/errors.js';

import { isObject, parseJson } from './json.js';
import { isJson, outputOf } from './text/session.js';

const LINE = /^(\w[^\s=]*)\s*=\s?(.*)$/;

/**
 * Reads `sysctl -a` into keys with `/` for an interface's dots. The form with `/` between the words
 * (`net/ipv4/conf/flannel.1/rp_filter`) is accepted too, and so is a JSON object of keys and values.
 *
 * @throws InputError where no line at all is a setting
 */
export function readSysctl(
  session: string,
  file: string,
  warn: (message: string) => void,
): Map<string, string> {
  const text = outputOf(session);
  return isJson(text) ? settingsOfJson(text, file) : settingsOfLines(text, file, warn);
}

function settingsOfJson(text: string, file: string): Map<string, string> {
  const parsed = parseJson(text, file);
  if (!isObject(parsed)) throw new InputError(file, null, 'not a JSON object of keys and values');
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(parsed)) {
    if (typeof value === 'object') throw new InputError(file, null, `"${key}" is no setting`);
    // The kernel has no words for true and false.
    values.set(canonicalKey(key), String(typeof value === 'boolean' ? Number(value) : value).trim());
  }
  return values;
}

function settingsOfLines(text: string, file: string, warn: (message: string) => void): Map<string, string> {
  const values = new Map<string, string>();
  let skipped = 0;
  let firstSkipped = 0;
  for (const [i, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue;
    const match = LINE.exec(trimmed);
    if (match) values.set(canonicalKey(match[1]!), match[2]!.trim());
    else if (skipped++ === 0) firstSkipped = i + 1;
  }
  if (values.size === 0 && skipped > 0) {
    throw new InputError(file, null, `line ${firstSkipped}: not \`key = value\`, as \`sysctl -a\` prints it`);
  }
  if (skipped > 0)
    warn(`${file}: ${skipped} lines are not \`key = value\`, the first is line ${firstSkipped}`);
  return values;
}

/** sysctl(8): the first separator of a key says which of `.` and `/` separates its words. */
export function canonicalKey(key: string): string {
  if (/^[^./]*\./.test(key)) return key;
  return key.replace(/[./]/g, (separator) => (separator === '/' ? '.' : '/'));
}

import { InputError } from '../../model/errors.js';
import type { Counters } from '../../model/snapshot.js';
import { isObject, parseJson } from './json.js';
import { countersOfNetstat, isNetstat } from './text/netstat.js';
import { countersOfNstat } from './text/nstat.js';
import { isProcNet, nstatLines } from './text/proc-net.js';
import { isJson, outputOf } from './text/session.js';

/** Reads `nstat -a -s -z --json`, the same without `--json`, `netstat -s`, or `/proc/net`. @throws InputError */
export function readCounters(session: string, file: string, warn: (message: string) => void): Counters {
  const text = outputOf(session);
  if (isJson(text)) return { file, values: countersOfJson(text, file) };
  if (isProcNet(text)) return { file, values: countersOfNstat(nstatLines(text), file) };
  if (!isNetstat(text)) return { file, values: countersOfNstat(text, file) };
  const values = countersOfNetstat(text, (count) =>
    warn(
      `${file}: ${count} counters of \`netstat -s\` left out, for its words do not name them; \`nstat -asz\` does`,
    ),
  );
  return { file, values };
}

function countersOfJson(text: string, file: string): Map<string, number> {
  const parsed = parseJson(text, file);
  const kernel = isObject(parsed) ? parsed.kernel : null;
  if (!isObject(kernel)) throw new InputError(file, null, 'no "kernel" object, as `nstat --json` prints it');
  const values = new Map<string, number>();
  for (const [name, value] of Object.entries(kernel)) {
    const number = Number(value);
    if (Number.isNaN(number)) throw new InputError(file, null, `"${name}" is no number`);
    values.set(name, number);
  }
  return values;
}

import { linesOf, notA } from './lines.js';

/** `nstat` without `--json`: a comment, then name, value and rate in columns. @throws InputError */
export function countersOfNstat(text: string, file: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of linesOf(text)) {
    if (line.text.startsWith('#')) continue;
    const match = /^([A-Z]\w*)\s+(\d+)\s+[\d.]+$/.exec(line.text);
    if (!match) throw notA('a counter as `nstat` or `netstat -s` prints it', line, file);
    values.set(match[1]!, Number(match[2]));
  }
  return values;
}

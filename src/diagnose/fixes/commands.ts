import type { Change } from '../../kernel/what-if/change.js';
import { parseChange } from '../../kernel/what-if/parse-change.js';

/** A fix's command (`sysctl -w KEY=VALUE …`, `ip …`) as the changes that it makes to one node. */
export function changesOf(command: string): Change[] {
  const words = shellWords(command);
  if (words[0] !== 'sysctl') return [parseChange(words.join(' '), 'add')];
  return words.slice(2).map((setting) => parseChange(setting, 'set'));
}

/** The words of a command line that `shellWord` made. */
function shellWords(line: string): string[] {
  const words = line.match(/(?:[^\s'\\]|\\.|'[^']*')+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|\\(.)/g, (_, quoted, escaped) => quoted ?? escaped));
}

import type { Change } from '../../kernel/what-if/change.js';
import { parseChange } from '../../kernel/what-if/parse-change.js';

/** A fix's command (`sysctl -w KEY=VALUE …`, `ip …`) as the changes that it makes to one node. */
export function changesOf(command: string): Change[] {
  const settings = /^sysctl -w (.+)$/.exec(command)?.[1];
  if (settings === undefined) return [parseChange(command, 'add')];
  return settings.split(' ').map((setting) => parseChange(setting, 'set'));
}

import type { Step } from '../rule-set.js';
import type { Option } from './words.js';

/** Where a target is used, as far as it matters to what it does. */
export interface TargetContext {
  family: 4 | 6;
  /** Which end of a packet the hooks that lead to the rule translate. */
  half: 'destination' | 'source';
  /** Says what the rule is assumed to do: `iptables-save.txt line 12: …`. */
  place: string;
}

/**
 * One `-j NAME`.
 *
 * @returns its steps, none where it changes neither packet nor path; null where an option cannot be read
 */
export type Target = (options: readonly Option[], context: TargetContext) => Step[] | null;

export function valueOfOption(options: readonly Option[], name: string): string | undefined {
  return options.find((option) => option.name === name)?.values[0];
}

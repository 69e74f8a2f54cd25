import type { Passage } from '../kernel/netfilter/passage.js';

/** What of a passage could be other than it is taken to be, and the packet not be dropped for it. */
export function decisive({ unknown, unknownDrops }: Passage): string[] {
  return unknown.filter((line) => !unknownDrops.includes(line));
}

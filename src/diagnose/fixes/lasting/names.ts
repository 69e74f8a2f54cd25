/** Names of what a fix writes, told by what it does: so that one fix does not overwrite another's on the same node. */
import { createHash } from 'node:crypto';
import type { Change } from '../../../kernel/what-if/change.js';
import { markText } from './mark.js';

/** With what comes before and behind, a file's name may have 255 octets. */
const LONGEST = 160;

/** Of the device and what hangs on it: `flannel.1-via-10.244.0.0-from-10.244.1.0-24-mark-0x10-0x10`. */
export function nameOfChanges(device: string, changes: readonly Change[]): string {
  const words = [...new Set([device, ...changes.flatMap(wordsOf)])].join('-');
  return shortened(words.replace(/[^\w.:-]+/g, '-'), LONGEST);
}

function wordsOf(change: Change): string[] {
  if (change.kind === 'address') return [`${change.address.address}-${change.address.prefixLength}`];
  if (change.kind === 'route') {
    const { destination, hop } = change.route;
    const to = destination.endsWith('/0') ? [] : [`to-${destination}`];
    return [...to, ...(hop.gateway === null ? [] : [`via-${hop.gateway}`])];
  }
  if (change.kind !== 'rule') return [];
  const { rule } = change;
  const mark = markText(rule);
  return [rule.from && `from-${rule.from}`, rule.to && `to-${rule.to}`, mark && `mark-${mark}`].filter(
    (word) => word !== null,
  );
}

/** What is cut off still tells two names apart. */
export function shortened(name: string, longest: number): string {
  if (name.length <= longest) return name;
  const sum = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, longest - 1 - sum.length).replace(/[^A-Za-z0-9]+$/, '')}-${sum}`;
}

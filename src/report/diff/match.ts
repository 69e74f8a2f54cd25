import type { Finding } from '../../model/analysis.js';
import type { Side } from './side.js';

export interface Pair {
  before: Finding | null;
  after: Finding | null;
}

type Identity = (finding: Finding, side: Side) => string;

/**
 * What makes two findings the same, the strictest first: cause, service and place, then by another interface, then on
 * another node. Ids are those of one analysis alone.
 */
const IDENTITIES: readonly Identity[] = [
  (finding, side) => key(finding.cause, side.serviceOf(finding), ...placeOf(finding)),
  (finding, side) => key(finding.cause, side.serviceOf(finding), ...placeOf(finding).slice(0, 1)),
  (finding, side) => key(finding.cause, side.serviceOf(finding)),
];

/** Every finding of either side once, with what it is on the other: null where it is not there. */
export function matchFindings(before: Side, after: Side): Pair[] {
  const pairs: Pair[] = [];
  let earlier = [...before.analysis.findings];
  let later = [...after.analysis.findings];
  for (const identity of IDENTITIES) {
    const byKey = new Map<string, Finding[]>();
    for (const finding of later) {
      const same = identity(finding, after);
      byKey.set(same, [...(byKey.get(same) ?? []), finding]);
    }
    const left: Finding[] = [];
    for (const finding of earlier) {
      const match = byKey.get(identity(finding, before))?.shift();
      if (match) pairs.push({ before: finding, after: match });
      else left.push(finding);
    }
    earlier = left;
    const matched = new Set(pairs.map((pair) => pair.after));
    later = later.filter((finding) => !matched.has(finding));
  }
  return [
    ...pairs,
    ...earlier.map((finding) => ({ before: finding, after: null })),
    ...later.map((finding) => ({ before: null, after: finding })),
  ];
}

/** An address that several claim has no one place. */
function placeOf({ cause, node, netns, interface: name }: Finding): (string | null)[] {
  return cause === 'arp-conflict' ? [null] : [key(node, netns ?? null), name];
}

function key(...parts: readonly (string | null)[]): string {
  return JSON.stringify(parts);
}

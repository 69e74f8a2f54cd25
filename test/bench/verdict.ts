/** Whether what was measured is as fast, and as small, as it has to be. */
import type { Target } from './comparisons.js';
import type { Run } from './measure.js';
import { type Pairs, type Spread, spread } from './pairs.js';

/** What the two take without any work, s; zeros where that counts as well. */
export interface StartUp {
  ours: number;
  theirs: number;
}

export interface Verdict {
  /** Of the pairs, in the target's terms: our time by theirs, theirs by ours, or the seconds between the two. */
  values: Spread;
  /** Null without a target. */
  isMet: boolean | null;
  /** Null without a stretch. */
  isStretched: boolean | null;
  /** Peak memory, the most of all rounds, 10^6 octets. */
  megabytes: number | null;
  /** Null where nothing is demanded, or nothing tells. */
  isSmall: boolean | null;
}

/** Less than that is no time that can be told. */
const LEAST_SECONDS = 1e-3;

export function judge(
  { ours, theirs }: Pairs,
  target: Target | null,
  most: number | null,
  startUp: StartUp,
): Verdict {
  const values = spread(ours.map((run, i) => valueFrom(run, theirs[i]!, target, startUp)));
  const megabytes = ours.reduce<number | null>(
    (all, run) => (run.megabytes === null ? all : Math.max(all ?? 0, run.megabytes)),
    null,
  );
  return {
    values,
    isMet: target && isMet(target, values.median),
    isStretched: target?.kind === 'ratio' && target.stretch ? values.median <= target.stretch : null,
    megabytes,
    isSmall: most === null || megabytes === null ? null : megabytes <= most,
  };
}

function valueFrom(our: Run, their: Run, target: Target | null, startUp: StartUp): number {
  const ours = Math.max(LEAST_SECONDS, our.seconds - startUp.ours);
  const theirs = Math.max(LEAST_SECONDS, their.seconds - startUp.theirs);
  switch (target?.kind) {
    case 'faster':
      return theirs / ours;
    case 'above':
      return ours - theirs;
    default:
      return ours / theirs;
  }
}

function isMet(target: Target, value: number): boolean {
  switch (target.kind) {
    case 'ratio':
      return value <= target.most;
    case 'faster':
      return value >= target.least;
    case 'above':
      return value <= target.seconds;
  }
}

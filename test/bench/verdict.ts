/** Whether what was measured is as fast, and as small, as it has to be. */
import type { Target } from './comparisons.js';
import type { Run } from './measure.js';
import { type Pairs, type Spread, spread } from './pairs.js';

/** What the two take without any work; zeros where that counts as well. */
export interface StartUp {
  ours: Times;
  theirs: Times;
}

export type Times = Pick<Run, 'seconds' | 'cpuSeconds'>;

export interface Verdict {
  /** Of the pairs, in the target's terms: our time by theirs, theirs by ours, or the seconds between the two. */
  values: Spread;
  /** The same of the processors' time, whatever else the machine does; null where nothing tells. */
  cpu: number | null;
  /** Null without a target. */
  isMet: boolean | null;
  /** Null without a stretch. */
  isStretched: boolean | null;
  /** Peak memory, the most of all rounds, 2^20 octets. */
  megabytes: number | null;
  /** Null where nothing is demanded, or nothing tells. */
  isSmall: boolean | null;
}

/** Less than that is no time that can be told, s. */
const LEAST_SECONDS = 1e-3;

export function judge(pairs: Pairs, target: Target | null, most: number | null, startUp: StartUp): Verdict {
  const { ours, theirs } = pairs;
  const values = spread(
    ours.map(({ seconds }, i) =>
      valueFrom(seconds - startUp.ours.seconds, theirs[i]!.seconds - startUp.theirs.seconds, target),
    ),
  );
  const megabytes = ours.reduce<number | null>(
    (all, run) => (run.megabytes === null ? all : Math.max(all ?? 0, run.megabytes)),
    null,
  );
  return {
    values,
    cpu: cpuOf(pairs, target, startUp),
    isMet: target && isMet(target, values.median),
    isStretched: target?.kind === 'ratio' && target.stretch ? values.median <= target.stretch : null,
    megabytes,
    isSmall: most === null || megabytes === null ? null : megabytes <= most,
  };
}

/** The median of the processors' time, as the values are of the clock's. */
function cpuOf({ ours, theirs }: Pairs, target: Target | null, startUp: StartUp): number | null {
  const values: number[] = [];
  for (const [i, { cpuSeconds: our }] of ours.entries()) {
    const { cpuSeconds: their } = theirs[i]!;
    if (our === null || their === null) return null;
    values.push(valueFrom(our - startUp.ours.cpuSeconds!, their - startUp.theirs.cpuSeconds!, target));
  }
  return spread(values).median;
}

/** @param our seconds, as `their` */
function valueFrom(our: number, their: number, target: Target | null): number {
  const ours = Math.max(LEAST_SECONDS, our);
  const theirs = Math.max(LEAST_SECONDS, their);
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

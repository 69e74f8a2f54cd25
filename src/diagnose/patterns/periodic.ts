import { emptyRow } from './case.js';
import type { Candidate, Dimension } from './dimension.js';
import { clearestStretch } from './stretch.js';
import { contrast } from './words.js';

/** What comes back with a timer: a flapping link, a job, a table that is flushed, two owners that announce in turn. */
export const periodic: Dimension = {
  family: 'time',
  among: 'port',
  values: 'sought',
  candidates(cases) {
    const timed = cases.filter(({ attempt }) => attempt.firstTime !== null);
    const first = timed[0]?.attempt.firstTime;
    if (first == null || timed.length * 2 < cases.length) return [];
    const moments = timed.map(({ attempt, fate }) => ({
      at: Number(attempt.firstTime! - first) / 1e9,
      fate,
    }));
    const span = moments.at(-1)!.at;
    return PERIODS.filter((period) => span >= CYCLES * period).flatMap((period) =>
      candidateOf(moments, period),
    );
  },
};

/** Timers are set to round numbers, s. */
const PERIODS = [10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600] as const;
/** Twice may be chance. */
const CYCLES = 3;
const PARTS = 12;

interface Moment {
  /** Seconds after the first. */
  at: number;
  fate: 'failed' | 'slow' | 'made';
}

function candidateOf(moments: readonly Moment[], period: number): Candidate[] {
  const parts = Array.from({ length: PARTS }, () => emptyRow(''));
  for (const { at, fate } of moments) parts[Math.floor(((at % period) / period) * PARTS)]![fate]++;
  const stretch = clearestStretch(parts);
  if (!stretch) return [];
  const { from, to, wrongInside, clarity, logChance } = stretch;
  const second = (part: number) => ((part * period) / PARTS).toFixed(1);
  const inside = emptyRow(`${second(from)} to ${second(to)} s of every ${period} s`);
  const rest = emptyRow(`the rest of every ${period} s`);
  for (const [i, part] of parts.entries()) {
    const row = i >= from && i < to ? inside : rest;
    for (const fate of ['failed', 'slow', 'made'] as const) row[fate] += part[fate];
  }
  const rows = wrongInside ? [inside, rest] : [rest, inside];
  const [wrong, right] = rows.map((row) => ({ rows: [row], phrase: `in ${row.value}` }));
  const summary = `${contrast(wrong!, right!)} Counted from the first connection.`;
  return [{ by: 'time', rows, clarity, logChance: logChance + Math.log(PERIODS.length), summary }];
}

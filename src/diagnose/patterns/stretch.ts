import { badOf, type Row } from './case.js';
import { logChance } from './chance.js';

/** What went wrong and what was made at one point of an ordered dimension. */
export type Point = Omit<Row, 'value'>;

/** The points from `from` up to, not with, `to`: among them more, or less, goes wrong than outside. */
export interface Stretch {
  from: number;
  to: number;
  /** Whether it is inside that connections go wrong. */
  wrongInside: boolean;
  /** As in `Separation`. */
  clarity: number;
  logChance: number;
}

/**
 * The stretch of points that tells best what went wrong from what was made: Kadane's largest sum, one pass.
 *
 * @returns null where nothing went wrong, or nothing was made
 */
export function clearestStretch(points: readonly Point[]): Stretch | null {
  let bad = 0;
  let made = 0;
  for (const point of points) {
    bad += badOf(point);
    made += point.made;
  }
  if (bad === 0 || made === 0 || points.length < 2) return null;
  const weight = (point: Point) => badOf(point) / bad - point.made / made;
  const wrong = largestSum(points, weight);
  const right = largestSum(points, (point) => -weight(point));
  const wrongInside = wrong.sum >= right.sum;
  const { from, to, sum } = wrongInside ? wrong : right;
  let badInside = 0;
  let inside = 0;
  for (let i = from; i < to; i++) {
    const point = points[i]!;
    badInside += badOf(point);
    inside += badOf(point) + point.made;
  }
  const total = bad + made;
  const chance = wrongInside
    ? logChance(badInside, inside, bad, total)
    : logChance(bad - badInside, total - inside, bad, total);
  // Every stretch could have been the clearest: those at an end are few, those within are many.
  const atEnd = from === 0 || to === points.length;
  const choices = atEnd ? 4 * points.length : points.length ** 2;
  return { from, to, wrongInside, clarity: sum, logChance: chance + Math.log(choices) };
}

function largestSum(points: readonly Point[], weight: (point: Point) => number) {
  let best = { from: 0, to: 0, sum: 0 };
  let from = 0;
  let sum = 0;
  for (let i = 0; i < points.length; i++) {
    sum += weight(points[i]!);
    if (sum <= 0) {
      sum = 0;
      from = i + 1;
    } else if (sum > best.sum + 1e-12) {
      best = { from, to: i + 1, sum };
    }
  }
  return best;
}

/**
 * Bounds on how far two clocks are apart, over time. Each packet that both saw gives one, a point: two clocks that run
 * steadily are apart by a straight line, and that lies below all points, so that their lower convex hull says it all.
 */

/** At `x`, ns on some clock, the difference is `y` ns at most. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Left to right, convex from below; slopes within `MAX_DRIFT`. Never empty. */
export type Envelope = readonly Point[];

/**
 * How fast two clocks may run apart. Linux steers its clock by 500 ppm at most (MAXFREQ), and crystals are off by less
 * than 100: more is a clock that is being set.
 */
export const MAX_DRIFT = 500e-6;

/** The points that bound a line from above, of any; sorts `points`. */
export function envelopeOf(points: Point[]): Envelope {
  points.sort((a, b) => a.x - b.x || a.y - b.y);
  const hull: Point[] = [];
  for (const point of points) {
    if (hull.at(-1)?.x === point.x) continue;
    while (hull.length > 1 && slope(hull.at(-2)!, point) <= slope(hull.at(-2)!, hull.at(-1)!)) hull.pop();
    hull.push(point);
  }
  // What no steady clock can reach from the points beside it bounds nothing.
  let [start, end] = [0, hull.length];
  while (end - start > 1 && slope(hull[start]!, hull[start + 1]!) < -MAX_DRIFT) start++;
  while (end - start > 1 && slope(hull[end - 2]!, hull[end - 1]!) > MAX_DRIFT) end--;
  return hull.slice(start, end);
}

export function slope(a: Point, b: Point): number {
  return (b.y - a.y) / (b.x - a.x);
}

/** The bound at a time: between points that of the line through them, beyond the ends that of a drift without measure. */
export function boundAt(envelope: Envelope, x: number): number {
  let [low, high] = [0, envelope.length - 1];
  const [first, last] = [envelope[low]!, envelope[high]!];
  if (x <= first.x) return first.y + (first.x - x) * MAX_DRIFT;
  if (x >= last.x) return last.y + (x - last.x) * MAX_DRIFT;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (envelope[middle]!.x <= x) low = middle;
    else high = middle;
  }
  const [before, after] = [envelope[low]!, envelope[high]!];
  return before.y + slope(before, after) * (x - before.x);
}

/** From bounds of B to A and of C to B, those of C to A. */
export function sum(one: Envelope, other: Envelope): Envelope {
  return envelopeOf([
    ...one.map(({ x, y }) => ({ x, y: y + boundAt(other, x) })),
    ...other.map(({ x, y }) => ({ x, y: y + boundAt(one, x) })),
  ]);
}

/** Bounds that are looser by `slack`, ns. */
export function loosened(envelope: Envelope, slack: number): Envelope {
  return envelope.map(({ x, y }) => ({ x, y: y + slack }));
}
